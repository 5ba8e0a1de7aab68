// Calls a function of setup/*.mjs the way a newcomer's machine does: in plain Node, with nothing transpiled.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const SETUP = join(__dirname, '../../../setup');

const CALL = `
const [url, name, args] = JSON.parse(process.argv[1]);
const result = await (await import(url))[name](...args);
process.stdout.write(JSON.stringify(result === undefined ? null : result));
`;

/** What `name` of setup/`file` returns for these arguments; undefined comes back as null. */
export function inNode(file: string, name: string, ...args: unknown[]): any {
  const call = JSON.stringify([pathToFileURL(join(SETUP, file)).href, name, args]);
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', CALL, call], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(output);
}
