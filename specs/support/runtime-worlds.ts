// The two worlds the runtime's conformance spec runs in. Both know the same few programs, by the same command lines.
import type { Runtime } from '../../actors/node/agent/runtime/port.ts';
import { SimulatedRuntime } from '../../lab/sim/runtime.ts';
import type { SimulatedRun } from '../../lab/sim/runtime-images.ts';
import { seededRandom } from '../../messaging/memory/seeded-random.ts';
import type { Clock } from '../../messaging/ports.ts';
import { systemClock } from '../../messaging/system/clock.ts';
import { startRealRuntime } from './real-runtime.ts';

export interface RuntimeWorld {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** First three numbers of the pods' addresses, with the dot that ends them. */
  readonly prefix: string;
  readonly cgroupRoot: string;
  readonly logRoot: string;
  kill(): Promise<void>;
  revive(): Promise<void>;
  /** Takes all away; returns what is left all the same. */
  remove(): Promise<string[]>;
}

/** What the specs run in containers, as busybox understands it. */
export const PROGRAMS = {
  sleeping: ['sleep', '3600'],
  obedient: ['sh', '-c', 'trap "exit 7" TERM; sleep 3600 & wait'],
  succeeding: ['sh', '-c', 'exit 0'],
  failing: ['sh', '-c', 'sleep 0.1; exit 3'],
  brief: ['sleep', '1.5'],
  missing: ['/no/such/program'],
  greedy: ['sh', '-c', 'tail /dev/zero'],
} as const;

const RUNS: Record<keyof typeof PROGRAMS, SimulatedRun> = {
  sleeping: {
    ignoresTerm: true,
    exec: ([program, , text]) =>
      text === 'sleep 5'
        ? { exitCode: 0, takesMs: 5_000 }
        : program === 'sh'
          ? { exitCode: 4, stdout: 'out\n', stderr: 'err\n' }
          : { exitCode: 0 },
  },
  obedient: { termExitCode: 7 },
  succeeding: { exitAfterMs: 0 },
  failing: { exitAfterMs: 100, exitCode: 3 },
  brief: { exitAfterMs: 1_500 },
  missing: { startError: 'executable file `/no/such/program` not found: No such file or directory' },
  greedy: { exitAfterMs: 100, isOutOfMemory: true },
};

export async function realWorld(): Promise<RuntimeWorld> {
  const real = await startRealRuntime();
  return {
    runtime: real.runtime,
    clock: real.clock,
    prefix: real.podCIDR.slice(0, real.podCIDR.lastIndexOf('.') + 1),
    cgroupRoot: real.cgroupRoot,
    logRoot: `${real.directory}/logs`,
    kill: () => real.kill(),
    revive: async () => void (await real.revive()),
    remove: () => real.remove(),
  };
}

export async function simulatedWorld(): Promise<RuntimeWorld> {
  const clock = systemClock();
  const runtime = new SimulatedRuntime({
    clock,
    random: seededRandom('conformance'),
    podCIDR: '10.244.1.0/24',
    images: { busybox: { run: ({ command = [] }) => runOf(command) } },
  });
  return {
    runtime,
    clock,
    prefix: '10.244.1.',
    cgroupRoot: '/simulated',
    logRoot: '/simulated/logs',
    kill: async () => runtime.kill(),
    revive: async () => runtime.revive(),
    async remove() {
      runtime.close();
      return [];
    },
  };
}

function runOf(command: readonly string[]): SimulatedRun {
  for (const [name, known] of Object.entries(PROGRAMS)) {
    if (known.join(' ') === command.join(' ')) return RUNS[name as keyof typeof PROGRAMS];
  }
  return {};
}
