import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  commandLine,
  findProgram,
  withDescendants,
} from '../../../../actors/node/agent/runtime/processes.ts';
import { runProgram } from '../../../../actors/node/agent/runtime/programs.ts';

test('a program gives its exit code and what it wrote', async () => {
  expect(await runProgram('sh', ['-c', 'cat; echo no >&2; exit 3'], 'in')).toEqual({
    exitCode: 3,
    stdout: 'in',
    stderr: 'no\n',
  });
});

test('a program that is not there has exit code 127', async () => {
  expect(await runProgram('troupe-nosuch', [])).toEqual({
    exitCode: 127,
    stdout: '',
    stderr: 'troupe-nosuch: not found',
  });
  expect(await findProgram('troupe-nosuch')).toBeUndefined();
  expect(await findProgram('sh')).toMatch(/^\/.*\/sh$/);
});

test('arguments are never read by a shell', async () => {
  const { stdout } = await runProgram('printf', ['%s', '$(id); `id` > /tmp/x']);
  expect(stdout).toBe('$(id); `id` > /tmp/x');
});

test('descendants are found below a process, and a process that is gone has no command line', async () => {
  // Each shell runs as long as its input is open, and the inner one tells who it is.
  const inner = 'echo $$; read line';
  const child = spawn('sh', ['-c', `sh -c '${inner}'; true`], { stdio: ['pipe', 'pipe', 'ignore'] });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const grandchild = Number(text.toString());
  try {
    expect(commandLine(grandchild)).toEqual(['sh', '-c', inner]);
    expect(new Set(withDescendants([child.pid!]))).toEqual(new Set([child.pid!, grandchild]));
  } finally {
    child.stdin.end();
    await once(child, 'exit');
  }
  expect(commandLine(child.pid!)).toEqual([]);
});
