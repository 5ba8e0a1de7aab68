// The real machine behind the checks' Probe.
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findProgram } from '../../actors/node/agent/runtime/processes.ts';
import { runProgram } from '../../actors/node/agent/runtime/programs.ts';
import type { Probe } from './check.ts';

export function realProbe(): Probe {
  return {
    read: (path) => readFile(path, 'utf8').catch(() => undefined),
    list: (path) => readdir(path).catch(() => []),
    program: findProgram,
    run: runProgram,
    mode: (path) =>
      stat(path).then(
        ({ mode }) => mode & 0o777,
        () => undefined,
      ),
    freeBytes,
  };
}

/** Of the nearest directory that exists. */
async function freeBytes(path: string): Promise<number | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at);
      return bavail * bsize;
    } catch {
      if (at === dirname(at)) return undefined;
    }
  }
}
