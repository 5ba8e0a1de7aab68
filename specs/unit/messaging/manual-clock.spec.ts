import { ManualClock } from '../../../messaging/memory/index.ts';

describe('manual clock', () => {
  test('lets promises go on between two timers of the same instant', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    clock.after(10, () => {
      seen.push('first');
      void (async () => {
        for (let step = 1; step <= 3; step += 1) {
          await null;
          seen.push(`then ${step}`);
        }
      })();
    });
    clock.after(10, () => seen.push('second'));
    await clock.advance(9);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['first', 'then 1', 'then 2', 'then 3', 'second']);
  });

  test('runs timers made on the way, at their own time', async () => {
    const clock = new ManualClock(1_000);
    const seen: number[] = [];
    const again = () => {
      seen.push(clock.now());
      clock.after(10, again);
    };
    again();
    await clock.advance(35);
    expect(seen).toEqual([1_000, 1_010, 1_020, 1_030]);
    expect([clock.now(), clock.monotonic(), clock.armed, clock.untilNextMs]).toEqual([1_035, 35, 1, 5]);
  });

  test('until says why it gave up', async () => {
    const clock = new ManualClock();
    await expect(clock.until(new Promise(() => {}))).rejects.toThrow('no timer is armed');
    clock.after(1_000, () => {});
    await expect(clock.until(new Promise(() => {}), 500)).rejects.toThrow('within 500 ms');
    await expect(clock.until(Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });

  test('keeps order among a thousand timers, some of them cancelled', async () => {
    const clock = new ManualClock();
    const seen: number[] = [];
    const timers = Array.from({ length: 1_000 }, (_, index) => {
      const at = (index * 7_919) % 503;
      return clock.after(at, () => seen.push(at * 1_000 + index));
    });
    for (let index = 0; index < 1_000; index += 3) timers[index]!.cancel();
    expect(clock.armed).toBe(666);
    await clock.advance(503);
    expect(seen.length).toBe(666);
    expect(seen).toEqual([...seen].sort((x, y) => x - y));
  });
});
