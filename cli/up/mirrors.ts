// Reads `--registry-mirror NAME=URL`, and URL alone, which stands for all registries.
import { UsageError } from '../errors.ts';

/** Errors: a UsageError for what is no http address or no registry's name. */
export function mirrorsOf(given: readonly string[]): Record<string, string> {
  const mirrors: Record<string, string> = {};
  for (const text of given) {
    const [, name = '_default', url = ''] = /^(?:([^=/]+)=)?(.*)$/.exec(text) ?? [];
    if (!isAddress(url) || !/^[\w.:-]+$/.test(name)) {
      throw new UsageError(
        `invalid --registry-mirror "${text}": use NAME=URL, such as docker.io=http://127.0.0.1:5000`,
        'up',
      );
    }
    mirrors[name] = url;
  }
  return mirrors;
}

function isAddress(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
