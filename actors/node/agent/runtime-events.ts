// Passes on what the runtime announces to the pods it concerns. Announcements can be lost; after each (re)connection
// everything is listed and compared, so nothing is ever missed for good.
import { type Remembered, remembered } from './adoption.ts';
import type { Roster } from './roster.ts';
import type { Runtime, RuntimeEvent } from './runtime/port.ts';
import type { NodeScope } from './scope.ts';

export interface ListenOptions {
  readonly node: NodeScope;
  readonly runtime: Runtime;
  readonly roster: Roster;
  /** After a list: what the runtime has. */
  readonly onListed: (all: Remembered) => void;
}

/** Ends when the agent stops. */
export async function listen(options: ListenOptions): Promise<void> {
  const { node, runtime } = options;
  while (!node.signal.aborted) {
    try {
      for await (const event of runtime.events(node.signal)) take(options, event);
    } catch (error) {
      node.trace.log('warn', 'events of the runtime ended', { error: String(error) });
    }
    await node.clock.sleep(node.limits.runtimeFirstMs, node.signal);
  }
}

function take(options: ListenOptions, event: RuntimeEvent): void {
  const { node, roster } = options;
  if (event.type === 'resync') {
    compare(options).catch((error: unknown) => {
      if (!node.signal.aborted)
        node.trace.log('warn', 'the runtime was not listed', { error: String(error) });
    });
  } else if (event.type === 'exited') {
    const owner = roster.owner(event.id);
    owner?.containerExited(event.id);
    owner?.sandboxExited(event.id);
  }
}

/** A container or sandbox that was thought to run, and does not, has exited unheard. */
async function compare({ node, roster, onListed }: ListenOptions): Promise<void> {
  const before = [...roster.workers()];
  const all = await remembered(node);
  for (const worker of before) {
    const running = new Set<string>();
    for (const { id, state } of all.containers.get(worker.uid) ?? []) if (state !== 'exited') running.add(id);
    for (const { id, state } of worker.containers) {
      if (id && state.value === 'running' && !running.has(id)) worker.containerExited(id);
    }
    const { sandbox } = worker.state.context;
    const ready = (all.sandboxes.get(worker.uid) ?? []).some(
      ({ id, state }) => id === sandbox?.id && state === 'ready',
    );
    if (sandbox && !ready) worker.sandboxExited(sandbox.id);
  }
  onListed(all);
}
