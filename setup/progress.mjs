// Tells the user what takes time: one line when a step starts, its seconds when it is done, and on a terminal a line
// that ticks meanwhile. Everything goes to standard error, so that standard output stays what a command promises.
const out = process.stderr;

/** Announces `text`; the returned function says that it is done. */
export function step(text, { ticking = true } = {}) {
  const started = process.hrtime.bigint();
  const seconds = () => Number(process.hrtime.bigint() - started) / 1e9;
  const live = ticking && out.isTTY === true;
  let timer;
  if (live) {
    out.write(`${text} …`);
    timer = setInterval(() => out.write(`\r\x1b[K${text} … ${Math.round(seconds())} s`), 1000);
    timer.unref();
  } else {
    out.write(`${text} …\n`);
  }
  return (how = 'done') => {
    clearInterval(timer);
    out.write(`${live ? '\r\x1b[K' : ''}${text}: ${how} in ${seconds().toFixed(1)} s\n`);
  };
}

/** One line to the user. */
export function say(text) {
  out.write(`${text}\n`);
}
