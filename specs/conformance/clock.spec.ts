// What the Clock port promises, of the machine's clock and of the one that specs move by hand.
import { ManualClock } from '../../messaging/memory/index.ts';
import type { Clock } from '../../messaging/ports.ts';
import { systemClock } from '../../messaging/system/index.ts';

const manual = new ManualClock();
const CLOCKS: [string, Clock, <T>(promise: Promise<T>) => Promise<T>][] = [
  ['manual', manual, (promise) => manual.until(promise)],
  ['system', systemClock(), (promise) => promise],
];

describe.each(CLOCKS)('the %s clock', (_name, clock, run) => {
  test('runs timers by time, and those of one time in the order they were made', async () => {
    const seen: string[] = [];
    await run(
      new Promise<void>((resolve) => {
        clock.after(60, resolve);
        clock.after(30, () => seen.push('30'));
        clock.after(5, () => seen.push('5 first'));
        clock.after(5, () => seen.push('5 second'));
        clock.after(0, () => seen.push('0'));
        seen.push('now');
      }),
    );
    expect(seen).toEqual(['now', '0', '5 first', '5 second', '30']);
  });

  test('does not run what was cancelled', async () => {
    const seen: string[] = [];
    const first = clock.after(5, () => seen.push('first'));
    const second = clock.after(0, () => seen.push('second'));
    first.cancel();
    second.cancel();
    second.cancel();
    await run(clock.sleep(20));
    expect(seen).toEqual([]);
  });

  test('sleeps, and wakes when the signal is aborted', async () => {
    const before = clock.monotonic();
    await run(clock.sleep(25));
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(24);
    const end = new AbortController();
    clock.after(1, () => end.abort());
    const since = clock.monotonic();
    await run(clock.sleep(60_000, end.signal));
    await run(clock.sleep(60_000, end.signal));
    expect(clock.monotonic() - since).toBeLessThan(30_000);
  });

  test('only ever grows', async () => {
    const readings: number[] = [];
    for (let index = 0; index < 5; index += 1) {
      readings.push(clock.monotonic());
      await run(clock.sleep(2));
    }
    expect(readings).toEqual([...readings].sort((x, y) => x - y));
    expect(clock.now()).toBeGreaterThan(Date.UTC(2025, 0, 1));
  });
});
