// Keeps the processes of a cluster alive: what dies is started again, after a delay that grows while it keeps
// dying, and each death is told. It decides nothing about actors or pods, and can itself be killed at any
// moment: the next supervisor takes over what still runs.
import type { Clock } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { saveContext } from '../context.ts';
import type { Output } from '../io.ts';
import { type Part, RolePart, ServerPart } from './parts.ts';
import { type Place, type Plan, placeOf, readPlan } from './place.ts';
import { roleProcesses } from './roles.ts';

const FIRST_DELAY_MS = 100;
const MOST_DELAY_MS = 15_000;
/** A part that lived so long begins again with the first delay. */
const SOUND_MS = 10_000;

export interface SupervisorOptions {
  readonly place: Place;
  readonly plan: Plan;
  readonly clock: Clock;
  /** Told in a sentence of everything that is started or has died. */
  readonly log: (line: string) => void;
  /** Aborted to stop supervising. Nothing is ended by that. */
  readonly signal: AbortSignal;
}

/**
 * Starts all parts and keeps them; resolves when `signal` is aborted.
 * Errors: those of the first start of nats-server.
 */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const { place, plan, clock } = options;
  const keepers: Promise<void>[] = [];
  // With the user's own NATS the context file is there already.
  if (plan.privateServer) {
    const part = new ServerPart(place, plan, clock);
    await part.start();
    const { url, credentials, version, adopted } = part.server!;
    await saveContext(place.context, { cluster: plan.cluster, server: url, ...credentials });
    options.log(`nats-server ${version} ${adopted ? 'runs already' : 'started'} as process ${part.pid}`);
    keepers.push(keep(part, options, true));
  }
  for (const part of roleParts(options)) keepers.push(keep(part, options, false));
  await Promise.all(keepers);
}

export interface SupervisorProcess {
  readonly directory: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly out: Output;
}

/** `troupe up --supervise`: the supervisor as a process. Resolves to its exit code. Errors: `SETUP`. */
export async function runSupervisor({ directory, clock, signal, out }: SupervisorProcess): Promise<number> {
  const log = (line: string) => out.write(`${new Date(clock.now()).toISOString()} ${line}\n`);
  const place = placeOf(directory);
  const plan = readPlan(place);
  if (!plan) throw new TroupeError('SETUP', `there is no ${place.plan}: use troupe up`);
  const others = roleProcesses(directory).filter(({ role }) => role === 'up');
  // Of two that began at the same moment, exactly one goes on.
  const elder = others.find(({ pid }) => pid < process.pid);
  if (elder) {
    log(`process ${elder.pid} supervises this directory already`);
    return 1;
  }
  log(`supervising cluster "${plan.cluster}" as process ${process.pid}`);
  await supervise({ place, plan, clock, log, signal });
  log('supervision ends; host and node go on');
  return 0;
}

function roleParts({ place, plan, clock }: SupervisorOptions): Part[] {
  const context = ['--context-file', place.context];
  const host = ['--name', `${plan.node}-host`, ...context];
  return [
    new RolePart('host', host, place, clock),
    new RolePart('node', ['--name', plan.node, ...context], place, clock),
  ];
}

async function keep(part: Part, options: SupervisorOptions, started: boolean): Promise<void> {
  const { clock, signal, log } = options;
  let failures = 0;
  let running = started;
  while (!signal.aborted) {
    const since = clock.monotonic();
    try {
      if (!running) {
        await part.start();
        log(`${part.name} runs as process ${part.pid}`);
      }
      running = false;
      await part.ended(signal);
      if (signal.aborted) return;
      log(`${part.name}, process ${part.pid}, has ended unasked`);
    } catch (error) {
      running = false;
      log(`${part.name} cannot be started: ${(error as Error).message}`);
    }
    failures = clock.monotonic() - since >= SOUND_MS ? 1 : failures + 1;
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MOST_DELAY_MS);
    log(`${part.name} is started again in ${delayMs / 1_000} s`);
    await clock.sleep(delayMs, signal);
  }
}
