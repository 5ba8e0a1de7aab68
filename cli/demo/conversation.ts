// Listens to everything said on a cluster's subjects and tells in short what was said about one pod: who to
// whom, in order, with times. From real messages only; what is not about the pod is counted.
import { decode, HEADER } from '../../messaging/envelope.ts';
import type { Bus, Clock, Message } from '../../messaging/ports.ts';
import { subjectsOf } from '../../messaging/subjects.ts';

export interface Line {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly words: string;
}

/** Messages kept; a conversation is short. */
const MOST_LINES = 500;

export interface ConversationOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
}

export class Conversation {
  readonly lines: Line[] = [];
  /** Messages heard that were about something else, such as heartbeats. */
  others = 0;
  readonly #options: ConversationOptions;
  readonly #begunMs: number;
  readonly #stop: () => void;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#begunMs = options.clock.monotonic();
    const heard = (message: Message) => this.#hear(message);
    const subscription = options.bus.subscribe(subjectsOf(options.cluster).all, heard);
    this.#stop = () => subscription.unsubscribe();
  }

  close(): void {
    this.#stop();
  }

  #hear(message: Message): void {
    const line = lineOf(message, this.#options);
    if (!line) this.others += 1;
    else if (this.lines.length < MOST_LINES) {
      this.lines.push({ ...line, atMs: this.#options.clock.monotonic() - this.#begunMs });
    }
  }
}

type Pod = Pick<ConversationOptions, 'namespace' | 'name'>;

/** A message about the pod as a line; undefined when it is about something else. */
export function lineOf(message: Message, pod: Pod): Omit<Line, 'atMs'> | undefined {
  const [, , family, ...rest] = message.subject.split('.');
  const path = `pods.${pod.namespace}.${pod.name}`;
  const body = bodyOf(message);
  const from = speaker(message.headers[HEADER.from]);
  const isAbout = rest.join('.').includes(path);
  switch (family) {
    case 'api':
      if (!isAbout || rest[0] === 'get') return undefined;
      return { from, to: 'the API', words: `${rest[0]} ${path}` };
    case 'mail':
      return isAbout ? { from, to: `pod ${pod.name}`, words: mailWords(body) } : undefined;
    case 'node':
      if (nameOf(body) !== pod.name) return undefined;
      return { from, to: `node ${rest[0]}`, words: nodeWords(rest[1] ?? '', body) };
    case 'fact':
      return isAbout
        ? { from: `pod ${pod.name}`, to: 'everybody', words: `fact: ${rest.at(-1)}` }
        : undefined;
    default:
      return undefined;
  }
}

type Body = Record<string, any>;

function bodyOf(message: Message): Body {
  try {
    return (decode(message.data) ?? {}) as Body;
  } catch {
    return {};
  }
}

/** `node/n1` → `node n1`; `pods.default.web` → `pod web`. */
function speaker(from: string | undefined): string {
  if (from === undefined || from === 'client') return 'you';
  const node = /^(node|host)\/(.+)$/.exec(from);
  if (node) return `${node[1]} ${node[2]}`;
  const object = /^([a-z]+?)s\.[^.]*\.(.+)$/.exec(from);
  return object ? `${object[1]} ${object[2]}` : from === 'api' ? 'the API' : from;
}

function nameOf(body: Body): string | undefined {
  return body.name ?? body.pod?.metadata?.name;
}

function nodeWords(verb: string, body: Body): string {
  switch (verb) {
    case 'offer':
      return 'may I come to you?';
    case 'run':
      return `run me: ${(body.pod?.spec?.containers ?? []).map(({ image }: Body) => image).join(', ')}`;
    case 'stop':
      return `end me within ${body.graceSeconds} s`;
    default:
      return verb;
  }
}

function mailWords(body: Body): string {
  if (body.type !== 'node.reported') return String(body.type ?? 'a message');
  const { phase, podIP, containerStatuses = [] } = body.status ?? {};
  const reasons = containerStatuses.map(({ state }: Body) => state?.waiting?.reason).filter(Boolean);
  const details = [body.gone ? 'nothing of it is left' : phase, podIP, ...reasons].filter(Boolean);
  return `it is ${details.join(', ')}`;
}

/** The conversation as aligned lines; repetitions in a row are counted. */
export function conversationLines(lines: readonly Line[]): string[] {
  const first = lines[0]?.atMs ?? 0;
  const widest = (pick: (line: Line) => string) => Math.max(0, ...lines.map((line) => pick(line).length));
  const from = widest((line) => line.from);
  const to = widest((line) => line.to);
  const shown: string[] = [];
  let last = '';
  let times = 1;
  for (const line of lines) {
    const text = `${line.from.padEnd(from)} → ${line.to.padEnd(to)}  ${line.words}`;
    if (text === last) {
      times += 1;
      shown[shown.length - 1] = shown.at(-1)!.replace(/( \(\d+ times\))?$/, ` (${times} times)`);
      continue;
    }
    last = text;
    times = 1;
    shown.push(`  ${((line.atMs - first) / 1_000).toFixed(3).padStart(7)} s  ${text}`);
  }
  return shown;
}
