// The way in: `npm run demo`, `npm test` and `npm run bench` come here first, in a clone where nothing is
// prepared yet. It installs what is missing, compiles, and hands over to the command. Plain JavaScript
// without dependencies, since there are none yet; what is decided is in decide.mjs, and nothing here is
// slow when nothing is missing.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensurePackages } from './debian.mjs';
import { commandProblem, exitCodeOf, nodeProblem } from './decide.mjs';
import { ensureModules } from './npm.mjs';
import { say } from './progress.mjs';
import { passSignals, runLast, SetupProblem, Stopped } from './run.mjs';
import { runSpecs } from './specs.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..');

async function main(command, args) {
  const problem = nodeProblem(process.version) || commandProblem(command);
  if (problem !== undefined) throw new SetupProblem(problem);
  passSignals();
  await ensureModules(root);
  await ensurePackages(here);
  if (command === 'test') return runSpecs(root, args);
  if (!(await ensureBuilt(root))) throw new SetupProblem('the sources do not compile, see above');
  const program =
    command === 'demo' ? [join(root, 'dist/cli/main.js'), 'demo'] : [join(root, 'dist/bench/main.js')];
  return exitCodeOf(await runLast(process.execPath, [...program, ...args]));
}

const [command, ...args] = process.argv.slice(2);
main(command, args)
  .catch((error) => {
    say(error instanceof SetupProblem || error instanceof Stopped ? error.message : error.stack);
    if (error instanceof Stopped) return exitCodeOf({ signal: error.signal });
    if (command === 'test') process.stdout.write('0 passed, 1 failed\n');
    return 1;
  })
  .then((code) => {
    process.exitCode = code;
  });
