// Each planted fault is found within its number of seeds, by an invariant that is about it; without the plant the very
// seed that found it passes.
import { PLANTED } from '../../lab/sim/planted.ts';
import { runSeed } from '../../lab/sim/run.ts';

test.each(PLANTED)(
  '$name: found within $withinSeeds seeds',
  async ({ plant, noticed, withinSeeds, swarm }) => {
    const { options, remove } = plant();
    let seed = -1;
    let invariant: string | undefined;
    try {
      while (invariant === undefined && seed < withinSeeds - 1) {
        seed += 1;
        invariant = (await runSeed({ seed, swarm, ...options })).broken?.broken.invariant;
      }
    } finally {
      remove();
    }
    expect(noticed).toContain(invariant);
    expect((await runSeed({ seed, swarm })).broken).toBeUndefined();
  },
  60_000,
);
