// Tells the user what takes time: a step that lasts longer than a second says so, with the seconds that have
// passed, and goes on saying it; a step that is quicker is one line when it is done. Writes to standard error
// only.
import type { Clock, Timer } from '../../messaging/ports.ts';
import type { Output } from '../io.ts';

const FIRST_MS = 1_000;
/** Where lines cannot be overwritten, they come less often. */
const EACH_MS = { terminal: 1_000, file: 5_000 };
const CLEAR = '\r\u001b[K';

export interface Step {
  /** Changes what is shown as being waited for. */
  note(text: string): void;
  /** Ends the step with a line; without text nothing is said. */
  done(text?: string): void;
}

export class Progress {
  readonly #out: Output;
  readonly #clock: Clock;

  constructor(out: Output, clock: Clock) {
    this.#out = out;
    this.#clock = clock;
  }

  say(line: string): void {
    this.#out.write(`${line}\n`);
  }

  /** Begins a step; `text` is what is being waited for. */
  step(text: string): Step {
    const clock = this.#clock;
    const out = this.#out;
    const begun = clock.monotonic();
    const seconds = () => (clock.monotonic() - begun) / 1_000;
    let shown = text;
    let isLive = false;
    let timer: Timer;
    const tick = () => {
      const line = `${shown} … ${Math.round(seconds())} s`;
      out.write(out.isTty ? `${CLEAR}${line}` : `${line}\n`);
      isLive = out.isTty;
      timer = clock.after(out.isTty ? EACH_MS.terminal : EACH_MS.file, tick);
    };
    timer = clock.after(FIRST_MS, tick);
    return {
      note: (now) => {
        shown = now;
      },
      done: (line) => {
        timer.cancel();
        if (isLive) out.write(CLEAR);
        if (line !== undefined) out.write(`${line} (${seconds().toFixed(1)} s)\n`);
      },
    };
  }
}
