// What one cluster keeps on this machine: a directory, the files in it, and the plan by which `up` started it,
// from which `down` knows what to take away even when every process is gone. Reads and writes these files;
// starts and ends nothing.
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bridgeName } from '../../actors/node/agent/network/cni.ts';
import { TroupeError } from '../../schemas/errors.ts';

/** containerd's longest socket below the directory, with the byte that ends it, within the kernel's 108. */
const LONGEST_DIRECTORY = 108 - '/node/containerd/containerd.sock.ttrpc'.length - 1;

/** Where everything lies. The container runtime's part is below `node`. */
export function placeOf(directory: string) {
  const at = (name: string) => join(resolve(directory), name);
  return {
    directory: resolve(directory),
    context: at('context.json'),
    plan: at('up.json'),
    nats: at('nats'),
    node: at('node'),
    log: (part: string) => at(`${part}.log`),
  };
}

export type Place = ReturnType<typeof placeOf>;

/** What `up` was asked for. Holds no secret. */
export interface Plan {
  readonly cluster: string;
  readonly node: string;
  /** True: this machine's own nats-server, in the directory. */
  readonly privateServer: boolean;
  readonly syncAlways: boolean;
  readonly runtime: 'containerd' | 'simulated';
  /** An existing containerd's socket; absent: a private one. */
  readonly criSocket?: string;
  readonly registryMirrors: Readonly<Record<string, string>>;
  /** Of the pod network, and of the pods' control groups. */
  readonly bridge: string;
  readonly cgroupRoot: string;
}

/** Names that are this directory's alone, so that several clusters fit on one machine. */
export function namesOf(directory: string): Pick<Plan, 'bridge' | 'cgroupRoot'> {
  const bridge = bridgeName(join(resolve(directory), 'node', 'cni'));
  return { bridge, cgroupRoot: `/${bridge}` };
}

/** Makes the directory, private. Errors: `SETUP` when it cannot be, or its path is too long for sockets. */
export function makePlace(directory: string): Place {
  const place = placeOf(directory);
  const tooLong = Buffer.byteLength(place.directory) - LONGEST_DIRECTORY;
  if (tooLong > 0) {
    throw new TroupeError(
      'SETUP',
      `${place.directory}: the path is too long for sockets by ${tooLong} bytes. Choose a shorter --directory.`,
    );
  }
  try {
    mkdirSync(place.directory, { recursive: true, mode: 0o700 });
    chmodSync(place.directory, 0o700);
    const { uid } = statSync(place.directory);
    if (uid !== process.getuid?.()) throw new Error('it belongs to somebody else');
  } catch (cause) {
    const why = (cause as Error).message;
    throw new TroupeError('SETUP', `${place.directory} cannot be used: ${why}. Choose another --directory.`, {
      cause,
    });
  }
  return place;
}

export function writePlan(place: Place, plan: Plan): void {
  const draft = `${place.plan}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, place.plan);
}

/** Undefined when nothing was started from this directory. Errors: `SETUP` when the file is none of ours. */
export function readPlan(place: Place): Plan | undefined {
  let text: string;
  try {
    text = readFileSync(place.plan, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const plan = JSON.parse(text) as Plan;
    if (typeof plan.cluster === 'string' && typeof plan.bridge === 'string') return plan;
  } catch {
    // Told below.
  }
  throw new TroupeError('SETUP', `${place.plan} cannot be read; it was not written by troupe up`);
}
