// YAML in and out. Reading gives every document of a file as a Manifest that remembers the line of each of
// its fields, so that whatever is found wrong later can be shown with file and line. It reads as kubectl does
// (YAML 1.1, `List` kinds taken apart) and refuses what is dangerous or ambiguous: duplicate keys, alias
// bombs, files beyond all measure.
import * as E from 'fp-ts/lib/Either.js';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  stringify,
} from 'yaml';
import { type Cause, TroupeError } from './errors.ts';
import { isPlainObject } from './shape.ts';

/** Files larger than this are refused. The size of one object is limited further, by what NATS carries. */
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
/** How often an anchor may be repeated, counted with the aliases inside it. */
const MAX_ALIASES = 100;
const MAX_DEPTH = 64;
const TOO_DEEP = `nested more than ${MAX_DEPTH} levels deep`;

export interface Manifest {
  readonly value: unknown;
  readonly file: string;
  /** First line of the object, counted from 1. */
  readonly line: number;
  /**
   * Line of a field such as `spec.containers[0].image`; of the nearest one around it when it is not there.
   */
  lineOf(path: string): number;
}

/**
 * All objects in a file of one or several YAML or JSON documents.
 *
 * Errors: `BAD_REQUEST` (`error parsing web.yaml: line 7: …`), `TOO_LARGE`.
 */
export function parseManifests(
  text: string,
  file: string,
  options: { maxBytes?: number } = {},
): E.Either<TroupeError, Manifest[]> {
  const maxBytes = options.maxBytes ?? MAX_MANIFEST_BYTES;
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxBytes) {
    const message = `error parsing ${file}: the file has ${sizeBytes} bytes; at most ${maxBytes} are read`;
    return E.left(new TroupeError('TOO_LARGE', message));
  }
  const lines = new LineCounter();
  try {
    const documents = parseAllDocuments(text, {
      version: '1.1',
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isForeign(tag)),
    }) as unknown as Document[];
    return E.right(documents.flatMap((document) => manifestsOf(document, file, lines)));
  } catch (cause) {
    if (cause instanceof TroupeError) return E.left(cause);
    return E.left(fault(file, 1, reasonOf(cause), cause));
  }
}

/** YAML 1.1 types that kubectl does not know: it keeps times and 60-based numbers as text. */
function isForeign({ tag, format }: { tag: string; format?: string }): boolean {
  return /:(timestamp|set|omap|pairs|binary)$/.test(tag) || format === 'TIME';
}

function manifestsOf(document: Document, file: string, lines: LineCounter): Manifest[] {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const reason = problem.code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : problem.message;
    throw fault(file, lines.linePos(problem.pos[0]).line, reason);
  }
  const root = document.contents as Node | null;
  if (root === null || (isScalar(root) && root.value === null)) return [];
  const first = lineAt(root, lines);
  if (!isMap(root)) throw fault(file, first, 'an object with apiVersion and kind was expected');
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw fault(file, first, reasonOf(cause), cause);
  }
  checkNodes(root, document, file, lines);
  const manifest = (content: unknown, base: readonly string[]): Manifest => ({
    value: content,
    file,
    line: lineOfPath(root, document, base, lines),
    lineOf: (path) => lineOfPath(root, document, [...base, ...segmentsOf(path)], lines),
  });
  if (!isList(value)) return [manifest(value, [])];
  return value.items.map((item, i) => manifest(item, ['items', String(i)]));
}

/** The reader of YAML is recursive: what nests beyond its stack ends as a RangeError. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.name === 'RangeError' ? TOO_DEEP : cause.message;
}

function isList(value: unknown): value is { items: unknown[] } {
  return isPlainObject(value) && String(value.kind).endsWith('List') && Array.isArray(value.items);
}

/**
 * Refuses what JSON cannot say: keys that are no single value, numbers that are none, nesting without end.
 * Goes deep first, so that an anchor inside itself is found at once.
 */
function checkNodes(root: Node, document: Document, file: string, lines: LineCounter): void {
  const waiting: [unknown, number][] = [[root, 0]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, depth] = next;
    if (isAlias(node)) {
      waiting.push([node.resolve(document), depth + 1]);
      continue;
    }
    const refuse = (reason: string) => fault(file, lineAt(node as Node, lines), reason);
    if (depth > MAX_DEPTH) throw refuse(TOO_DEEP);
    if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value)) {
      throw refuse(`${node.source} is not a number that JSON has`);
    }
    if (isSeq(node)) for (const item of node.items) waiting.push([item, depth + 1]);
    if (!isMap(node)) continue;
    for (const { key, value } of node.items) {
      const name = isAlias(key) ? key.resolve(document) : key;
      if (!isScalar(name)) throw refuse('a key must be a single word');
      waiting.push([value, depth + 1]);
    }
  }
}

/** `spec.limits[cpu].x[0]` as its parts. */
function segmentsOf(path: string): string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((part) => part[1] ?? part[2]!);
}

function lineOfPath(root: Node, document: Document, path: readonly string[], lines: LineCounter): number {
  let node: unknown = root;
  let line = lineAt(root, lines);
  for (const segment of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
      if (pair === undefined) return line;
      line = lineAt(pair.key as Node, lines);
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(segment)] as Node | undefined;
      if (item === undefined || item === null) return line;
      line = lineAt(item, lines);
      node = item;
    } else return line;
  }
  return line;
}

function lineAt(node: Node, lines: LineCounter): number {
  return node.range ? lines.linePos(node.range[0]).line : 1;
}

function fault(file: string, line: number, reason: string, cause?: unknown): TroupeError {
  return new TroupeError('BAD_REQUEST', `error parsing ${file}: line ${line}: ${reason}`, {
    cause,
    details: { file, line },
  });
}

/**
 * The same error with file and line before each cause: `web.yaml:7: spec.containers[0].image: Required
 * value`.
 */
export function locate(error: TroupeError, manifest: Manifest): TroupeError {
  const causes = error.details.causes ?? [];
  const place = (line: number) => `${manifest.file}:${line}`;
  const shown = causes.map((cause) => `${place(manifest.lineOf(cause.field))}: ${causeText(cause)}`);
  const message = shown.length > 0 ? shown.join('\n') : `${place(manifest.line)}: ${error.message}`;
  const details = { ...error.details, file: manifest.file, line: manifest.lineOf(causes[0]?.field ?? '') };
  return new TroupeError(error.code, message, { details, cause: error });
}

function causeText({ reason, field, message }: Cause): string {
  return reason === 'FieldUnknown' ? `${message} "${field}"` : `${field}: ${message}`;
}

/** YAML as kubectl prints it: keys in order, lists not indented, long lines left alone. */
export function toYaml(object: unknown): string {
  return stringify(object, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
}
