// Takes a cluster off this machine: its processes, its pods, containerd, the pod network, the control groups,
// the files. Works from whatever is there, in whatever state it was left, and again after it was interrupted.
// It touches nothing that does not bear this directory's name.
import { rm } from 'node:fs/promises';
import { removeRealNode } from '../../actors/node/agent/real-removal.ts';
import type { Clock } from '../../messaging/ports.ts';
import { bucketsOf } from '../../messaging/subjects.ts';
import { removeContext } from '../context.ts';
import { type Plan, placeOf, readPlan } from './place.ts';
import type { Progress } from './progress.ts';
import { endProcesses, roleProcesses, serverProcesses } from './roles.ts';

const SUPERVISOR_MS = 3_000;
const PROCESS_MS = 8_000;
const SERVER_MS = 10_000;

export interface TakeDownOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly progress: Progress;
  /** Keep the store and what the agent keeps, so that `up` goes on where this ended. */
  readonly keepData: boolean;
}

/** Resolves to false when there was nothing to take down. */
export async function takeDown(options: TakeDownOptions): Promise<boolean> {
  const { clock, progress, keepData } = options;
  const place = placeOf(options.directory);
  const plan = readPlan(place);
  const supervisors = pidsOf(place.directory, ['up']);
  if (!plan && roleProcesses(place.directory).length === 0) return false;
  const step = progress.step('ending the supervisor');
  await endProcesses(supervisors, { clock, withinMs: SUPERVISOR_MS });
  step.note('ending host and node');
  await endProcesses(pidsOf(place.directory, ['host', 'node', 'demo']), { clock, withinMs: PROCESS_MS });
  step.note('removing pods and their network');
  if (plan) await removeNode(place.node, plan, options);
  step.note('ending nats-server');
  await endProcesses(serverProcesses(place.nats), { clock, withinMs: SERVER_MS });
  step.done();
  if (keepData) await removeContext(place.context);
  else await rm(place.directory, { recursive: true, force: true });
  if (!keepData && plan && !plan.privateServer) {
    const { objects, leases, events } = bucketsOf(plan.cluster);
    progress.say(`your NATS server keeps what was stored there: buckets ${objects}, ${leases}, ${events}`);
  }
  return true;
}

function pidsOf(directory: string, roles: readonly string[]): number[] {
  return roleProcesses(directory)
    .filter(({ role }) => roles.includes(role))
    .map(({ pid }) => pid);
}

async function removeNode(directory: string, plan: Plan, options: TakeDownOptions): Promise<void> {
  if (plan.runtime !== 'containerd') return;
  const { clock, progress } = options;
  const { bridge, cgroupRoot, criSocket, cluster, node } = plan;
  const log = (line: string) => progress.say(line);
  await removeRealNode({ directory, bridge, cgroupRoot, criSocket, cluster, node, clock, log });
}
