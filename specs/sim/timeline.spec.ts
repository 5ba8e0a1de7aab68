// The scheduler under everything else: order, quiescence between instants, and processes that are held or gone.
import { ProcessClock } from '../../lab/sim/clock.ts';
import { Timeline } from '../../lab/sim/timeline.ts';
import { seededRandom } from '../../messaging/memory/index.ts';

function ordered(timeline: Timeline): string[] {
  const ran: string[] = [];
  for (const name of 'abcdefgh') timeline.after(10, () => ran.push(name));
  return ran;
}

test('timers of one instant run in the order they were made in', async () => {
  const timeline = new Timeline();
  const ran = ordered(timeline);
  await timeline.advance(10);
  expect(ran.join('')).toBe('abcdefgh');
});

test('or in a drawn order, which is the same for the same seed', async () => {
  const orders = await Promise.all(
    [1, 1, 2].map(async (seed) => {
      const timeline = new Timeline(seededRandom(seed));
      const ran = ordered(timeline);
      await timeline.advance(10);
      return ran.join('');
    }),
  );
  expect(orders[0]).toBe(orders[1]);
  expect(orders[2]).not.toBe(orders[0]);
  expect([...orders[0]!].sort().join('')).toBe('abcdefgh');
});

test('promises go on before time does', async () => {
  const timeline = new Timeline();
  const seen: number[] = [];
  timeline.after(5, () => {
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => seen.push(timeline.elapsedMs));
  });
  timeline.after(6, () => seen.push(timeline.elapsedMs));
  await timeline.advance(10);
  expect(seen).toEqual([5, 6]);
});

test('a timer of a paused process runs late, a cancelled one never, a dead process has none', async () => {
  const timeline = new Timeline();
  const clock = new ProcessClock(timeline);
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(`${name}@${timeline.elapsedMs}`);
  clock.after(10, note('late'));
  const cancelled = clock.after(10, note('cancelled'));
  clock.after(80, note('dead'));
  clock.pause();
  await timeline.advance(50);
  cancelled.cancel();
  clock.resume();
  await timeline.advance(10);
  clock.end();
  await timeline.advance(100);
  expect(ran).toEqual(['late@50']);
});

test('a loop without a pause ends the simulation instead of hanging it', async () => {
  const timeline = new Timeline();
  const spin = () => void timeline.after(0, spin);
  spin();
  await expect(timeline.advance(1)).rejects.toThrow('time stands still');
});
