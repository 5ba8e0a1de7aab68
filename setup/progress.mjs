// Tells the user what takes time: one line when a step starts, its seconds when it is done, and on a
// terminal a line that ticks meanwhile. Everything goes to standard error, so that standard output stays
// what a command promises.
const out = process.stderr;
const CLEAR_LINE = '\r\x1b[K';
/** What a ticking line ends with at most: ` … 1234 s`. */
const TAIL_LENGTH = 10;
let ticker;

/** Announces `text`; the returned function says that it is done. */
export function step(text, { ticking = true } = {}) {
  const started = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
  if (ticking && out.isTTY === true) {
    // A line that wraps could not be written over.
    const short = text.slice(0, Math.max(20, (out.columns || 80) - TAIL_LENGTH));
    out.write(`${short} …`);
    ticker = setInterval(() => out.write(`${CLEAR_LINE}${short} … ${Math.round(seconds())} s`), 1000);
    ticker.unref();
  } else {
    out.write(`${text} …\n`);
  }
  return (how = 'done') => say(`${text}: ${how} in ${seconds().toFixed(1)} s`);
}

/** One line to the user, in the place of one that ticked. */
export function say(text) {
  out.write(`${ticker === undefined ? '' : CLEAR_LINE}${text}\n`);
  clearInterval(ticker);
  ticker = undefined;
}
