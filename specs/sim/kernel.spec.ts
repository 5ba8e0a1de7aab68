// Whole clusters under drawn faults: each seed must keep every invariant, and settle after healing.
// `SEED=7 npx jest specs/sim/kernel` replays one and prints the end of its log.
import { type Outcome, runSeed } from '../../lab/sim/run.ts';

const SEEDS = Number(process.env.SEEDS ?? 30);
const only = process.env.SEED;

function show({ log }: Outcome): void {
  process.stdout.write(`${log.slice(-Number(process.env.LINES ?? 60)).join('\n')}\n`);
}

if (only === undefined) {
  test(`${SEEDS} seeds keep every invariant`, async () => {
    const failures: string[] = [];
    let virtualMs = 0;
    const startedAt = Date.now();
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const outcome = await runSeed({ seed });
      virtualMs += outcome.virtualMs;
      if (outcome.broken) failures.push(outcome.broken.message);
    }
    const hours = virtualMs / 3_600_000;
    process.stdout.write(`${hours.toFixed(2)} cluster-hours in ${Date.now() - startedAt} ms\n`);
    expect(failures.join('\n')).toBe('');
  }, 600_000);
} else {
  test(`seed ${only}`, async () => {
    const outcome = await runSeed({ seed: only });
    show(outcome);
    if (outcome.broken) throw outcome.broken;
  }, 60_000);
}
