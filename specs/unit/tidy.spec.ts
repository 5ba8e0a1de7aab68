// Code about code: who may import whom, how long files, functions and lines may be, what only adapters may touch,
// that nothing lies about unused. A rule that has exceptions names them here, each with its reason.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Folders in the order in which they may import: each only what stands before it, and itself. */
const LAYERS = [
  'schemas',
  'messaging',
  'actors/kernel',
  'actors',
  'gateway|cli|lab|dashboard',
  'index',
  'bench',
  'specs',
];
const LONGEST_FILE = 350;
/** Specs are tables of cases; texts that are expected stand on one line. */
const LONGEST_SPEC = 500;
const LONGEST_SPEC_LINE = 150;
const LONGEST_FUNCTION = 70;
const LONGEST_LINE = 120;

/** Adapters: the real side of a port, or its simulated twin. They may touch time, chance, sockets, files, processes. */
const ADAPTERS = [
  'messaging/system/',
  'messaging/nats/',
  'messaging/server/',
  'actors/node/agent/runtime/',
  'actors/node/agent/network/',
  'actors/node/agent/files/real',
  'actors/node/agent/real',
  'lab/registry/',
  'cli/',
  'bench/',
  'specs/',
];

/** Folders whose files may print. */
const PRINTERS = ['cli/', 'bench/', 'specs/'];

const BANNED: readonly [RegExp, string][] = [
  [/\bDate\.now\b|\bnew Date\(\)/, 'time comes from the Clock'],
  [/\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, 'chance comes from Random'],
  [/\bset(Timeout|Interval|Immediate)\(/, 'waiting is done on the Clock'],
  [/\bprocess\.hrtime\b|\bperformance\.now\b/, 'time is measured on the Clock'],
  [
    /from 'node:(fs|net|child_process|http|https|dgram|os|crypto|tls)[^']*'/,
    'the world is touched in adapters',
  ],
];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (['node_modules', 'dist', '.git', 'coverage'].includes(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesBelow(path);
    return /\.(ts|tsx)$/.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

function readSource(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)];
  const imports = found.map(([, target]) => relative(ROOT, resolve(ROOT, dirname(path), target!)));
  return { path, text, imports };
}

const sources = sourcesBelow('').map(readSource);
const product = sources.filter(({ path }) => !path.startsWith('specs/'));

function layerOf(path: string): number {
  const at = (layer: string) =>
    layer.split('|').some((name) => path === `${name}.ts` || path.startsWith(`${name}/`));
  const kernel = LAYERS.indexOf('actors/kernel');
  return at('actors/kernel') ? kernel : LAYERS.findIndex(at);
}

const within = (path: string, folders: readonly string[]) =>
  folders.some((folder) => path.startsWith(folder));

/** Source without comments and without what stands in quotes, line by line. */
function codeOf({ text }: Source): string[] {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ''))
    .split('\n')
    .map((line) => line.replace(/(^|\s)\/\/.*$/, ''));
}

test('the tree is read', () => {
  expect(product.length).toBeGreaterThan(50);
});

test('a folder imports only what stands before it', () => {
  const wrong = product.flatMap(({ path, imports }) =>
    imports
      .filter((target) => layerOf(target) > layerOf(path) || layerOf(path) < 0)
      .map((target) => `${path} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('only step.ts and the machines import xstate, only messaging/nats the NATS clients', () => {
  const wrong = product.flatMap(({ path, text }) => {
    const xstate = /^import (?!type).*from 'xstate'/m.test(text);
    const machine = /machine\.ts$|actors\/kernel\/(step|passive)\.ts$|lab\/sim\/kinds\.ts$/.test(path);
    const nats = /from '@nats-io\//.test(text) && !path.startsWith('messaging/nats/');
    const grpc = /from '@grpc\//.test(text) && !path.startsWith('actors/node/agent/runtime/');
    return (xstate && !machine) || nats || grpc ? [path] : [];
  });
  expect(wrong).toEqual([]);
});

test('only adapters touch time, chance, sockets, files and processes', () => {
  const wrong = product
    .filter(({ path }) => !within(path, ADAPTERS))
    .flatMap((source) =>
      codeOf(source).flatMap((line, index) =>
        BANNED.filter(([pattern]) => pattern.test(line)).map(
          ([, why]) => `${source.path}:${index + 1}: ${why}`,
        ),
      ),
    );
  expect(wrong).toEqual([]);
});

test('only the command line prints', () => {
  const wrong = sources
    .filter(({ path }) => !within(path, PRINTERS))
    .filter((source) => codeOf(source).some((line) => /\bconsole\.|process\.std(out|err)\b/.test(line)))
    .map(({ path }) => path);
  expect(wrong).toEqual([]);
});

test(`files have at most ${LONGEST_FILE} lines of at most ${LONGEST_LINE} characters`, () => {
  const wrong = sources.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    const spec = path.startsWith('specs/');
    const long = lines.findIndex((line) => line.length > (spec ? LONGEST_SPEC_LINE : LONGEST_LINE));
    if (long >= 0) return [`${path}:${long + 1}: ${lines[long]!.length} characters`];
    return lines.length > (spec ? LONGEST_SPEC : LONGEST_FILE) ? [`${path}: ${lines.length} lines`] : [];
  });
  expect(wrong).toEqual([]);
});

test(`functions have at most ${LONGEST_FUNCTION} lines`, () => {
  expect(product.flatMap(longFunctions)).toEqual([]);
});

/** The head of a function or method, which ends at the first `}` of its own depth: the formatter guarantees it. */
const HEAD = new RegExp(
  [
    '^( *)(?:export )?(?:default )?(?:private |static |readonly |override )*(?:async )?',
    String.raw`(?:function\b.*|\*?[#\w[\].]+\(.*\).*|const \w+ = (?:async )?\(.*=>) \{$`,
  ].join(''),
);

function longFunctions(source: Source): string[] {
  const lines = source.text.split('\n');
  return lines.flatMap((line, index) => {
    const indent = HEAD.exec(line)?.[1];
    if (indent === undefined || /^ *(if|for|while|switch|return|describe|test)\b/.test(line)) return [];
    const length = lines.slice(index).findIndex((later) => later.startsWith(`${indent}}`));
    return length >= LONGEST_FUNCTION ? [`${source.path}:${index + 1}: ${length + 1} lines`] : [];
  });
}

test('a file opens with what it is for, and no word stands for nothing', () => {
  const wrong = product.flatMap(({ path, text }) => {
    const opens = /^(#!.*\n)?(\/\/|\/\*\*?) \S/.test(text);
    const vague = /(^|[/-])(manager|handler|util|utils|helper|helpers|common|misc)([.-]|$)/.test(path);
    return opens && !vague ? [] : [path];
  });
  expect(wrong).toEqual([]);
});

test('no file is dead: each is imported, run, or a door', () => {
  const doors = [/^index\.ts$/, /^cli\/main\.ts$/, /^bench\//, /^specs\/.*\.spec\.ts$/, /^cli\/commands\//];
  const used = new Set(sources.flatMap(({ imports }) => imports));
  // A file that is run as a process of its own is named where it is started.
  const named = (path: string) =>
    sources.some((other) => other.path !== path && other.text.includes(`${basename(path, '.ts')}.`));
  const dead = sources
    .map(({ path }) => path)
    .filter((path) => !used.has(path) && !doors.some((door) => door.test(path)) && !named(path));
  expect(dead).toEqual([]);
});

test('no spec is switched off or narrowed', () => {
  const narrowed = /\b(it|test|describe)\.(only|skip|todo)\b|\b(xit|xdescribe|fit)\(/;
  const wrong = sources.filter((source) => narrowed.test(codeOf(source).join('\n'))).map(({ path }) => path);
  expect(wrong.filter((path) => path !== 'specs/unit/tidy.spec.ts')).toEqual([]);
});
