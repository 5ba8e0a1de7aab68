// One process as the memory network sees it: a name, and whether it lives and is connected.
import type { Clock } from '../ports.ts';

export class Client {
  readonly name: string;
  alive = true;
  connected = true;
  /** Told of each change of the connection. */
  readonly listeners = new Set<(connected: boolean) => void>();

  constructor(name: string) {
    this.name = name;
  }
}

/** The clock for what a client waits for: once the client has crashed, nothing of it runs any more. */
export function clockOf(client: Client, clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (ms, run) =>
      clock.after(ms, () => {
        if (client.alive) run();
      }),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
