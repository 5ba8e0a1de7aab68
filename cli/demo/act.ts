// The demo's play on a cluster that is up: applies the manifest, shows the facts as they come, waits until the
// pod runs with its own address, fetches its page, prints the table and what was said. It starts nothing and
// takes nothing down.
import { type Client, clientOf, type Fact, kindNamed } from '../../messaging/client/index.ts';
import type { Clock } from '../../messaging/ports.ts';
import { silentTrace } from '../../messaging/system/index.ts';
import { TroupeError } from '../../schemas/errors.ts';
import type { Pod } from '../../schemas/pod/kind.ts';
import { columnsOf } from '../print/columns.ts';
import { Table } from '../print/table.ts';
import { connectFrom } from '../up/connect.ts';
import type { Progress } from '../up/progress.ts';
import type { Up } from '../up/start.ts';
import { Conversation, conversationLines } from './conversation.ts';
import { fetchPage, titleOf } from './page.ts';

/** A first pull from the public registry may take a while. */
const RUNNING_WITHIN_MS = 180_000;
/** Facts still on their way when the pod runs. */
const LAST_WORDS_MS = 150;

export interface ActOptions {
  readonly up: Up;
  readonly manifest: string;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

export async function act(options: ActOptions): Promise<void> {
  const { up, clock, signal } = options;
  const { cluster } = up.plan;
  const connection = {
    contextFile: up.place.context,
    name: 'troupe demo',
    clock,
    trace: silentTrace,
    signal,
  };
  const { world, nats } = await connectFrom({ ...connection, withinMs: 5_000 });
  try {
    const heard = { bus: world.bus, clock, cluster, namespace: 'default', name: 'nginx-pod' };
    const conversation = new Conversation(heard);
    await using client = clientOf({ ...world, cluster });
    const facts = showFacts(client, options);
    await world.bus.flush();
    await play(client, conversation, options);
    await facts.stop();
  } finally {
    await nats.close();
  }
}

async function play(client: Client, conversation: Conversation, options: ActOptions): Promise<void> {
  const { clock, print, signal } = options;
  const begun = clock.monotonic();
  for (const { object, result } of await client.apply(options.manifest)) {
    print(`${object.kind.toLowerCase()}/${object.metadata.name} ${result}`);
  }
  const pod = await running(client, options);
  await clock.sleep(LAST_WORDS_MS, signal);
  conversation.close();
  const { podIP } = pod.status!;
  const page = await fetchPage(`http://${podIP}/`, clock, signal);
  if (page.status !== 200) throw new TroupeError('INTERNAL', `http://${podIP}/ answers ${page.status}`);
  const seconds = ((clock.monotonic() - begun) / 1_000).toFixed(1);
  print(`http://${podIP}/ answers 200, "${titleOf(page)}" from ${page.server}, ${seconds} s after apply`);
  print('');
  const table = new Table({ columns: columnsOf(kindNamed('pods'), true) });
  print(table.rows([await client.get('pods', 'nginx-pod')], clock.now()).trimEnd());
  print('');
  print('What was said on NATS about the pod:');
  for (const line of conversationLines(conversation.lines)) print(line);
  print(
    `  and ${conversation.others} other messages, such as heartbeats. nats sub 'troupe.${client.cluster}.>' shows all.`,
  );
  print('');
}

async function running(client: Client, { progress, signal }: ActOptions): Promise<Pod> {
  const step = progress.step('waiting for pod nginx-pod to run');
  try {
    return await client
      .pod('default/nginx-pod')
      .until(({ status }) => status?.phase === 'Running' && Boolean(status.podIP), {
        withinMs: RUNNING_WITHIN_MS,
        expected: 'Running with an address',
        signal,
      });
  } finally {
    step.done();
  }
}

/** One readable line a fact, in the order they come. */
function showFacts(client: Client, { clock, print }: ActOptions): { stop(): Promise<void> } {
  const begun = clock.monotonic();
  const facts = client.facts('pods.default.nginx-pod');
  const show = async () => {
    for await (const fact of facts) {
      const seconds = ((clock.monotonic() - begun) / 1_000).toFixed(3);
      print(`  ${seconds.padStart(7)} s  ${factWords(fact)}`);
    }
  };
  const shown = show();
  return {
    async stop() {
      await facts.return?.();
      await shown;
    },
  };
}

/** `pod default/nginx-pod scheduled (node=n1)` */
export function factWords({ type, subject, data }: Fact): string {
  const [, , kind = '', ...words] = type.split('.');
  const [, namespace, name] = subject.split('.');
  const { uid: _uid, revision: _revision, state: _state, ...more } = data ?? {};
  const details = Object.entries(more).filter(([, value]) => value !== undefined && value !== '');
  const text = details.map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${kind} ${namespace}/${name} ${words.join('.')}${text.length > 0 ? ` (${text.join(', ')})` : ''}`;
}
