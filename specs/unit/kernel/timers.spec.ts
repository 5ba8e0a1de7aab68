import { Timers } from '../../../actors/kernel/timers.ts';
import { ManualClock } from '../../../messaging/memory/index.ts';

function fixture() {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  const timers = new Timers(clock, (key, id) => fired.push(`${key}/${id}@${clock.now()}`));
  return { clock, fired, timers };
}

test('deadlines fire in the order of their times, whatever the order they were given in', async () => {
  const { clock, fired, timers } = fixture();
  for (const at of [500, 100, 300, 200, 400]) timers.set(`k${at}`, { due: at }, 1);
  await clock.advance(350);
  expect(fired).toEqual(['k100/due@100', 'k200/due@200', 'k300/due@300']);
});

test('a moved deadline fires at its new time only, a dropped one never', async () => {
  const { clock, fired, timers } = fixture();
  timers.set('a', { due: 100 }, 1);
  timers.set('a', { due: 250 }, 2);
  timers.set('b', { due: 120 }, 1);
  timers.set('b', {}, 2);
  await clock.advance(1_000);
  expect(fired).toEqual(['a/due@250']);
});

test('what an older revision says is not taken over', async () => {
  const { clock, fired, timers } = fixture();
  timers.set('a', { due: 250 }, 2);
  timers.set('a', { due: 100 }, 1);
  timers.set('a', {}, 1);
  await clock.advance(1_000);
  expect(fired).toEqual(['a/due@250']);
});

test('a deadline long past fires at once', async () => {
  const { clock, fired, timers } = fixture();
  await clock.advance(5_000);
  timers.set('a', { due: 10 }, 1);
  await clock.advance(0);
  expect(fired).toEqual(['a/due@5000']);
});

test('one that could not be stored fires again, later each time, until it is gone', async () => {
  const { clock, fired, timers } = fixture();
  timers.set('a', { due: 100 }, 1);
  await clock.advance(100);
  timers.retry('a', 'due');
  await clock.advance(1_000);
  timers.retry('a', 'due');
  await clock.advance(2_000);
  timers.forget('a');
  timers.retry('a', 'due');
  await clock.advance(100_000);
  expect(fired).toEqual(['a/due@100', 'a/due@1100', 'a/due@3100']);
  expect(timers.size).toBe(0);
});

test('nothing fires after the end, and no alarm stays armed', async () => {
  const { clock, fired, timers } = fixture();
  timers.set('a', { due: 100 }, 1);
  timers.stop();
  await clock.advance(1_000);
  expect(fired).toEqual([]);
  expect(clock.armed).toBe(0);
});
