// Says what is being waited for, on terminals, once it takes longer than a second; wiped away when the wait
// ends.
import type { Timer } from '../messaging/ports.ts';
import type { Session } from './session.ts';

const FIRST_MS = 1_000;
const EVERY_MS = 1_000;

/** Awaits `work`, showing `what` and the seconds on stderr meanwhile. */
export async function withProgress<T>(session: Session, what: () => string, work: Promise<T>): Promise<T> {
  const { io, clock } = session;
  if (!io.stderr.isTty) return work;
  const startedMs = clock.monotonic();
  let shown = false;
  let timer: Timer;
  const show = () => {
    shown = true;
    const seconds = Math.round((clock.monotonic() - startedMs) / 1_000);
    io.stderr.write(`\r\x1b[K${what()} (${seconds}s)`);
    timer = clock.after(EVERY_MS, show);
  };
  timer = clock.after(FIRST_MS, show);
  try {
    return await work;
  } finally {
    timer.cancel();
    if (shown) io.stderr.write('\r\x1b[K');
  }
}
