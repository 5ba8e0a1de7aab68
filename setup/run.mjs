// Starts programs by their argument lists, never through a shell, and passes on the signals this process
// gets. When a signal has come no further program is started: the setup unwinds, taking away what it had
// put up.
import { spawn } from 'node:child_process';

const OUTPUT_KEPT = 256 * 1024;
const KILL_AFTER_MS = 10_000;
const PIPES_BOUND_MS = 2_000;
const children = new Set();
let stoppedBy;

/** A problem the user can cure; shown as its message alone. */
export class SetupProblem extends Error {}

/** The user or the system asked to stop. */
export class Stopped extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/**
 * From now on SIGINT, SIGTERM and SIGHUP go to the children. A terminal sends SIGINT to all of them by
 * itself.
 */
export function passSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      stoppedBy = stoppedBy || signal;
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      for (const child of children) child.kill(signal);
    });
  }
}

/**
 * Runs a program to its end: `{code, signal, output, late}`. With `quiet` its output is kept instead of
 * shown. With `boundMs` it is ended when it takes longer, and `late` is true. `shielded` programs get no
 * signal and run to their end, as dpkg must. A program that is not there has code 127.
 */
export async function run(program, args, options) {
  const result = await runLast(program, args, options);
  if (stoppedBy) throw new Stopped(stoppedBy);
  return result;
}

/**
 * Like run, for the program that everything was set up for: when it was stopped, its own exit code is the
 * answer.
 */
export function runLast(program, args, { cwd, env, quiet = false, shielded = false, boundMs } = {}) {
  if (stoppedBy) return Promise.reject(new Stopped(stoppedBy));
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      // A session of its own: a terminal's Ctrl-C does not reach it.
      detached: shielded,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    if (!shielded) children.add(child);
    let output = '';
    let late = false;
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_KEPT);
    };
    for (const stream of quiet ? [child.stdout, child.stderr] : [])
      stream.setEncoding('utf8').on('data', keep);
    const timers = [];
    if (boundMs !== undefined) {
      const kill = () => timers.push(setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS));
      timers.push(
        setTimeout(() => {
          late = true;
          child.kill('SIGTERM');
          kill();
        }, boundMs),
      );
    }
    let ended = false;
    const end = (code, signal) => {
      if (ended) return;
      ended = true;
      for (const timer of timers) clearTimeout(timer);
      children.delete(child);
      resolve({ code, signal, output, late });
    };
    child.once('error', (error) => {
      keep(error.message);
      end(127, null);
    });
    child.once('close', end);
    // A service that a package started may hold the pipes open; its installation has ended all the same.
    child.once('exit', (code, signal) => timers.push(setTimeout(end, PIPES_BOUND_MS, code, signal)));
  });
}
