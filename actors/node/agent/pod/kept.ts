// What an agent keeps on disk of a pod it was told to run: one private file per pod, written before the order is
// acknowledged. Together with what the runtime remembers it is all that a restarted agent needs.
import { decode, encode } from '../../../../messaging/envelope.ts';
import type { Pod } from '../../../../schemas/pod/kind.ts';
import type { Files } from '../ports.ts';
import type { PodFailure } from './machine.ts';

export interface KeptPod {
  readonly pod: Pod;
  /** The highest fence seen for this pod. */
  readonly fence: number;
  /** Epoch milliseconds at which the node took the pod. */
  readonly startedAt: number;
  /** Set when the pod has been told to end. */
  readonly graceSeconds?: number;
  /** Set when all its containers have ended for good. */
  readonly ended?: { readonly failure?: PodFailure };
}

const FOLDER = 'pods';
/** Uids become names of files and control groups. */
const UID = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;

export function isUid(text: unknown): text is string {
  return typeof text === 'string' && UID.test(text);
}

const fileOf = (uid: string) => `${FOLDER}/${uid}.json`;

export function writeKept(files: Files, kept: KeptPod): Promise<void> {
  return files.write(fileOf(kept.pod.metadata.uid!), encode(kept));
}

export function removeKept(files: Files, uid: string): Promise<void> {
  return files.remove(fileOf(uid));
}

/** Reads all files; one that cannot be understood is named in `broken` and explains nothing. */
export async function readAllKept(files: Files): Promise<{ kept: KeptPod[]; broken: string[] }> {
  const kept: KeptPod[] = [];
  const broken: string[] = [];
  for (const name of await files.list(FOLDER)) {
    if (!name.endsWith('.json')) continue;
    const content = await files.read(`${FOLDER}/${name}`);
    const read = content && parse(content);
    if (read && `${read.pod.metadata.uid}.json` === name) kept.push(read);
    else broken.push(name);
  }
  return { kept, broken };
}

function parse(content: Uint8Array): KeptPod | undefined {
  try {
    const value = decode(content) as KeptPod | undefined;
    const whole = isUid(value?.pod?.metadata?.uid) && Array.isArray(value?.pod?.spec?.containers);
    return whole && typeof value?.fence === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}
