// `-o`: objects as yaml, json or names instead of a table.
import { kindOf } from '../../schemas/kinds.ts';
import { toYaml } from '../../schemas/manifest.ts';
import type { KubeObject } from '../../schemas/object.ts';
import { UsageError } from '../errors.ts';

export const OUTPUTS = ['json', 'yaml', 'name', 'wide'] as const;
export type OutputFormat = (typeof OUTPUTS)[number];

/** The format asked for. Errors: a UsageError with what is allowed. */
export function outputOf<Format extends OutputFormat = OutputFormat>(
  text: string | undefined,
  allowed: readonly Format[] = OUTPUTS as readonly unknown[] as readonly Format[],
): Format | undefined {
  if (text === undefined || text === '') return undefined;
  const format = allowed.find((known) => known === text);
  if (format) return format;
  const formats = [...allowed].sort().join(',');
  const problem = `unable to match a printer suitable for the output format "${text}"`;
  throw new UsageError(`${problem}, allowed formats are: ${formats}`);
}

/** `pod/web`, `deployment.apps/web`. */
export function typedName({ apiVersion, kind, metadata }: KubeObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : '';
  const singular = kindOf({ apiVersion, kind })?.singular ?? kind.toLowerCase();
  return `${singular}${group}/${metadata.name}`;
}

/** One document: the object, or a List when several were asked for. */
export function documentText(value: unknown, format: 'json' | 'yaml'): string {
  return format === 'json' ? `${JSON.stringify(value, null, 4)}\n` : toYaml(value);
}

export function listOf(items: readonly KubeObject[]): unknown {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}
