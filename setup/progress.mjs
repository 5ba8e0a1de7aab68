// Tells the user what takes time: one line when a step starts, its seconds when it is done, and on a terminal a line
// that ticks meanwhile. Everything goes to standard error, so that standard output stays what a command promises.
const out = process.stderr;
/** True while a line is ticking. */
let live = false;

/** Announces `text`; the returned function says that it is done. */
export function step(text, { ticking = true } = {}) {
  const started = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
  let timer;
  live = ticking && out.isTTY === true;
  if (live) {
    out.write(`${text} …`);
    timer = setInterval(() => out.write(`\r\x1b[K${text} … ${Math.round(seconds())} s`), 1000);
    timer.unref();
  } else {
    out.write(`${text} …\n`);
  }
  return (how = 'done') => {
    clearInterval(timer);
    say(`${text}: ${how} in ${seconds().toFixed(1)} s`);
  };
}

/** One line to the user, in the place of a ticking one. */
export function say(text) {
  out.write(`${live ? '\r\x1b[K' : ''}${text}\n`);
  live = false;
}
