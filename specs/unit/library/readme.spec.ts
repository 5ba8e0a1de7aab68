// The programs in the documentation are compiled and run as they stand there.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from '@swc/core';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The TypeScript blocks of a document, in order. */
function programsOf(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program]) => program!);
}

function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, args, { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error }));
      else done(stdout);
    });
  });
}

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(ROOT, 'node_modules', '.readme-'));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const dist = join(folder, 'troupe');
  const options = [
    '-p',
    'tsconfig.build.json',
    '--outDir',
    dist,
    '--incremental',
    'false',
    '--sourceMap',
    'false',
  ];
  await run(process.execPath, [compiler, ...options], ROOT);
  await run('cp', ['actors/node/agent/runtime/cri.proto', join(dist, 'actors/node/agent/runtime/')], ROOT);
  await run(
    'cp',
    ['actors/node/agent/runtime/containerd-events.proto', join(dist, 'actors/node/agent/runtime/')],
    ROOT,
  );
  const tsconfig = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { paths: { troupe: ['./troupe/index.d.ts'] }, skipLibCheck: true, types: ['node'] },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  [
    'README.md',
    ['web 10.244.', 'dev.troupe.pod.deleting pods.default.web', 'dev.troupe.pod.deleted pods.default.web'],
  ],
  ['docs/guides/embedding.md', ['Succeeded']],
])(
  'the program in %s compiles, runs and prints what is expected',
  async (document, expected) => {
    const programs = programsOf(document);
    expect(programs).toHaveLength(1);
    const name = document.replace(/\W/g, '-');
    writeFileSync(join(folder, `${name}.ts`), programs[0]!);
    await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], folder);
    const { code } = transformSync(programs[0]!.replace("'troupe'", "'./troupe/index.js'"), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    writeFileSync(join(folder, `${name}.mjs`), code);
    const printed = await run(process.execPath, [`${name}.mjs`], folder);
    for (const line of expected) expect(printed).toContain(line);
  },
  120_000,
);
