// Where the demo's images come from: the public registry where it can be reached, else a mirror of it on
// loopback with images made from Debian's packages. The mirror is a process of its own, so that it can outlive
// the demo with --keep.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveDebianImages } from '../../lab/registry/mirror.ts';
import type { Clock } from '../../messaging/ports.ts';
import { TroupeError } from '../../schemas/errors.ts';
import { untilAborted } from '../up/host-process.ts';
import { spawnRole } from '../up/parts.ts';
import { placeOf } from '../up/place.ts';
import type { Progress } from '../up/progress.ts';
import { isAlive } from '../up/roles.ts';

/** Building the image of nginx downloads some megabytes once. */
const SERVED_WITHIN_MS = 300_000;
const LOOK_MS = 30;

const answerOf = (directory: string) => join(directory, 'mirrors.json');

/** The mirror process: serves until `signal` is aborted. */
export async function runMirror(options: {
  directory: string;
  signal: AbortSignal;
  log: (line: string) => void;
}): Promise<void> {
  const { directory, signal, log } = options;
  const served = await serveDebianImages({ directory, progress: log });
  try {
    const draft = `${answerOf(directory)}.new`;
    writeFileSync(draft, JSON.stringify(served.mirrors), { mode: 0o600 });
    renameSync(draft, answerOf(directory));
    await untilAborted(signal);
  } finally {
    await served.stop();
  }
}

export interface MirrorOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Starts the mirror process; resolves to what it stands in for. Errors: `SETUP` with its last words. */
export async function startMirror(options: MirrorOptions): Promise<Record<string, string>> {
  const { directory, clock, progress, signal } = options;
  const place = placeOf(directory);
  const { pid, release } = spawnRole('demo', ['--serve-images'], place);
  release();
  const step = progress.step('serving images made from Debian’s packages');
  try {
    const until = clock.monotonic() + SERVED_WITHIN_MS;
    while (!signal.aborted && clock.monotonic() < until) {
      const path = answerOf(directory);
      if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
      if (pid === undefined || !isAlive(pid)) break;
      const said = wordsOf(place.log('demo')).at(-1);
      if (said) step.note(said);
      await clock.sleep(LOOK_MS, signal);
    }
  } finally {
    step.done();
  }
  if (signal.aborted) throw new TroupeError('TIMEOUT', 'interrupted');
  throw new TroupeError('SETUP', `the images are not served:\n${wordsOf(place.log('demo')).join('\n')}`);
}

function wordsOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-4);
  } catch {
    return [];
  }
}
