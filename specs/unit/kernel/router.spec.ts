// How long a question is asked: measured by what has passed, whatever the wall clock is set to meanwhile.
import { KERNEL_LIMITS } from '../../../actors/kernel/limits.ts';
import { Router } from '../../../actors/kernel/router.ts';
import { ManualClock, memoryNetwork, seededRandom } from '../../../messaging/memory/index.ts';
import type { Clock } from '../../../messaging/ports.ts';
import { subjectsOf } from '../../../messaging/subjects.ts';

test.each([-3_600_000, 3_600_000])(
  'a wall clock set by %d ms does not change the patience',
  async (stepMs) => {
    const still = new ManualClock();
    let offsetMs = 0;
    const clock: Clock = {
      now: () => still.now() + offsetMs,
      monotonic: () => still.monotonic(),
      after: (ms, run) => still.after(ms, run),
      sleep: (ms, signal) => still.sleep(ms, signal),
    };
    const bus = memoryNetwork({ clock, random: seededRandom(1) }).bus('asker');
    const subjects = subjectsOf('spec');
    const router = new Router({ bus, clock, subjects, limits: KERNEL_LIMITS, newId: () => 'm' });
    let endedAt = 0;
    const asked = router
      .ask(
        { plural: 'pods', namespace: 'default', name: 'web' },
        { type: 'x' },
        { from: 'spec', withinMs: 8_000 },
      )
      .catch((error) => {
        endedAt = still.monotonic();
        return error;
      });
    await still.advance(2_000);
    offsetMs = stepMs;
    await still.advance(20_000);
    expect(await asked).toMatchObject({ code: 'UNAVAILABLE' });
    expect(endedAt).toBeGreaterThan(6_000);
    expect(endedAt).toBeLessThanOrEqual(9_000);
  },
);
