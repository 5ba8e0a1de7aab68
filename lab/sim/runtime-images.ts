// The images of the simulated world: which names exist, how long pulling takes and what a container made from one does.
// Names are read as a real runtime reads them. An unknown name exists and runs for ever, unless it holds `nosuch`.
import type { ContainerConfig, Image, RuntimeErrorKind } from '../../actors/node/agent/runtime/port.ts';

/** What a container does once started. Default: runs for ever and ends with 143 when asked to. */
export interface SimulatedRun {
  /** Ends by itself after so long. */
  readonly exitAfterMs?: number;
  /** With `exitAfterMs`. Default 0. */
  readonly exitCode?: number;
  /** With `exitAfterMs`: killed for lack of memory, exit code 137. */
  readonly isOutOfMemory?: boolean;
  /** The command cannot be run; the text is the runtime's. */
  readonly startError?: string;
  /** Only SIGKILL ends it. */
  readonly ignoresTerm?: boolean;
  /** How long it takes to end after the stop signal. Default 0. */
  readonly termMs?: number;
  /** Default 143. */
  readonly termExitCode?: number;
  /** Lines written to its log when it starts. */
  readonly log?: readonly string[];
  /** What a command run in it answers. Default: exit code 0 and no output. */
  readonly exec?: (command: readonly string[]) => SimulatedExec;
}

export interface SimulatedExec {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Longer than the caller's time-out: the call fails with `timeout`. Default 0. */
  readonly takesMs?: number;
}

export interface SimulatedImage {
  /** Default true. */
  readonly exists?: boolean;
  /** Default 4 MiB. */
  readonly sizeBytes?: number;
  /** Default 0. */
  readonly pullMs?: number;
  /** Pulling fails in this way. */
  readonly pullError?: RuntimeErrorKind;
  /** One behaviour, or one chosen by how the container is configured. */
  readonly run?: SimulatedRun | ((config: ContainerConfig) => SimulatedRun);
}

const DEFAULT_SIZE_BYTES = 4 * 1024 * 1024;
const PATH = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const DOMAIN = /^[a-zA-Z0-9.-]+(?::\d+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** `nginx` → `docker.io/library/nginx:latest`; undefined when it is no image's name. */
export function imageReference(name: string): string | undefined {
  const [beforeDigest = '', digest, ...more] = name.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const colon = beforeDigest.indexOf(':', beforeDigest.lastIndexOf('/') + 1);
  const untagged = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon < 0 ? 'latest' : beforeDigest.slice(colon + 1);
  if (!TAG.test(tag)) return undefined;
  const slash = untagged.indexOf('/');
  const first = slash < 0 ? '' : untagged.slice(0, slash);
  const hasDomain = /[.:]/.test(first) || first === 'localhost';
  const domain = hasDomain ? first : 'docker.io';
  const path = hasDomain ? untagged.slice(slash + 1) : slash < 0 ? `library/${untagged}` : untagged;
  if (!DOMAIN.test(domain) || !PATH.test(path)) return undefined;
  return `${domain}/${path}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}

/** The registry of the simulated world together with the images one node has pulled. */
export class SimulatedImages {
  readonly #known = new Map<string, SimulatedImage>();
  /** By reference and by id. */
  readonly #pulled = new Map<string, Image>();

  constructor(images: Readonly<Record<string, SimulatedImage>>) {
    for (const [name, image] of Object.entries(images)) this.set(name, image);
  }

  /** Sets or changes what a name stands for, from the next pull or container on. */
  set(name: string, image: SimulatedImage): void {
    const reference = imageReference(name);
    if (reference === undefined) throw new Error(`${name} is no image's name`);
    this.#known.set(reference, image);
  }

  described(reference: string): SimulatedImage {
    return this.#known.get(reference) ?? { exists: !reference.includes('nosuch') };
  }

  /** Makes the image present; returns it. */
  add(reference: string): Image {
    const present = this.#pulled.get(reference);
    if (present !== undefined) return present;
    const image: Image = {
      id: `sha256:${digestOf(`config ${reference}`)}`,
      tags: reference.includes('@') ? [] : [reference],
      digests: [`${reference.replace(/(@.*|:[^:/]*)$/, '')}@sha256:${digestOf(reference)}`],
      sizeBytes: this.described(reference).sizeBytes ?? DEFAULT_SIZE_BYTES,
      uid: undefined,
      userName: '',
    };
    this.#pulled.set(reference, image);
    this.#pulled.set(image.id, image);
    return image;
  }

  /** By name, reference or id. */
  find(name: string): Image | undefined {
    return this.#pulled.get(name) ?? this.#pulled.get(imageReference(name) ?? '');
  }

  remove(name: string): void {
    const image = this.find(name);
    if (image === undefined) return;
    for (const [key, value] of this.#pulled) if (value === image) this.#pulled.delete(key);
  }

  all(): Image[] {
    return [...new Set(this.#pulled.values())];
  }
}

/** 64 hexadecimal digits that depend on the text alone; looks like a digest and is none. */
function digestOf(text: string): string {
  let digits = '';
  for (let part = 0; part < 8; part += 1) {
    let hash = 0x811c9dc5 ^ part;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
    digits += (hash >>> 0).toString(16).padStart(8, '0');
  }
  return digits;
}
