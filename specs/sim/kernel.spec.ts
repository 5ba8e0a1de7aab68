// Whole clusters under drawn faults: every seed must keep every invariant, settle after healing and leave nothing behind;
// and a seed is one run: run again, it has the same digest of every message and commit.
// `SEED=7 npx jest specs/sim/kernel` replays one and prints the end of its log; `SEEDS=1000` runs more, from `FROM`.
import { type Outcome, runSeed } from '../../lab/sim/run.ts';

const only = process.env.SEED;
const FROM = Number(process.env.FROM ?? 0);
const SEEDS = Number(process.env.SEEDS ?? 120);
/** Seeds that are run twice. */
const REPLAYED = 4;
/** Lines of the log that are shown of a single seed. */
const LINES = Number(process.env.LINES ?? 60);
/** Broken seeds after which no more are run. */
const ENOUGH = 5;

async function replay(seed: string): Promise<void> {
  const { log, hash, broken } = await runSeed({ seed });
  process.stdout.write(`${log.slice(-LINES).join('\n')}\ndigest ${hash}\n`);
  if (broken) throw broken;
}

async function runAll(): Promise<void> {
  const broken: string[] = [];
  const startedAt = Date.now();
  const outcomes: Outcome[] = [];
  for (let seed = FROM; seed < FROM + SEEDS && broken.length < ENOUGH; seed += 1) {
    const outcome = await runSeed({ seed });
    outcomes.push(outcome);
    if (outcome.broken) broken.push(outcome.broken.message);
  }
  const sum = (read: (outcome: Outcome) => number) => outcomes.reduce((total, one) => total + read(one), 0);
  const hours = sum(({ virtualMs }) => virtualMs) / 3_600_000;
  const seconds = (Date.now() - startedAt) / 1_000;
  const counts = `${sum(({ messages }) => messages)} messages, ${sum(({ commits }) => commits)} commits`;
  process.stdout.write(
    `${outcomes.length} seeds, ${hours.toFixed(1)} cluster-hours, ${counts}, ${seconds} s\n`,
  );
  expect(broken.join('\n\n')).toBe('');
}

if (only !== undefined) {
  test(`seed ${only}`, () => replay(only), 60_000);
} else {
  test(`${SEEDS} seeds from ${FROM} keep every invariant`, runAll, 60_000 + 2_000 * SEEDS);

  test(`${REPLAYED} seeds run again are the same run`, async () => {
    for (let seed = FROM; seed < FROM + REPLAYED; seed += 1) {
      const [first, second] = [await runSeed({ seed }), await runSeed({ seed })];
      expect({ seed, hash: second.hash, steps: second.steps }).toEqual({
        seed,
        hash: first.hash,
        steps: first.steps,
      });
      expect(second.messages).toBeGreaterThan(100);
    }
  }, 60_000);
}
