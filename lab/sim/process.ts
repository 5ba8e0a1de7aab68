// One simulated operating-system process: the ports it is given, with the power to pause it, skew its clock or end it.
// Whatever reaches it — a message, an answer, a stored write's reply, a watched entry — waits while it is paused, as
// it would wait in the socket of a stopped process. Code behind these ports cannot tell.
import type { MemoryNetwork } from '../../messaging/memory/index.ts';
import type {
  Bucket,
  BucketOptions,
  Bus,
  BusStatus,
  Headers,
  Message,
  Random,
  Store,
  Trace,
  WatchEvent,
  WatchOptions,
  World,
} from '../../messaging/ports.ts';
import { ProcessClock } from './clock.ts';
import type { History } from './history.ts';
import type { Timeline } from './timeline.ts';

/** A commit that was acknowledged to its writer. */
export interface Acknowledged {
  readonly by: string;
  readonly key: string;
  readonly expected: number;
  readonly revision: number;
}

export interface ProcessOptions {
  readonly name: string;
  readonly network: MemoryNetwork;
  readonly timeline: Timeline;
  readonly history: History;
  readonly random: Random;
  /** Told of each write that its writer knows to be done. */
  readonly onAcknowledged?: (write: Acknowledged) => void;
  /** Told of each answer that the process gives: to what, with which headers, and when the request had come. */
  readonly onAnswer?: (subject: string, request: Uint8Array, headers: Headers, arrival: number) => void;
  /** Puts something in front of the store: how a fault is planted. */
  readonly wrapBucket?: (bucket: Bucket) => Bucket;
}

export class SimProcess {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly world: World;
  alive = true;
  private readonly options: ProcessOptions;
  private open = 0;

  constructor(options: ProcessOptions) {
    const { name, network, timeline, random } = options;
    this.options = options;
    this.name = name;
    this.clock = new ProcessClock(timeline);
    this.world = {
      clock: this.clock,
      random,
      bus: this.wrapBus(network.bus(name)),
      store: this.wrapStore(network.store(name)),
      trace: this.trace({}),
    };
  }

  /** Subscriptions that are open. */
  get subscriptions(): number {
    return this.open;
  }

  pause(): void {
    this.clock.pause();
  }

  resume(): void {
    this.clock.resume();
  }

  /** Ends it from one instant to the next; nothing of it runs any more. */
  crash(): void {
    this.alive = false;
    this.options.network.crash(this.name);
    this.clock.end();
  }

  private trace(given: Record<string, unknown>): Trace {
    return {
      log: (level, message, fields) => {
        if (level === 'debug') return;
        this.options.history.say(
          `${this.name} ${level}: ${message} ${JSON.stringify({ ...given, ...fields })}`,
        );
      },
      with: (more) => this.trace({ ...given, ...more }),
    };
  }

  /** Settles as the promise does, but not while the process is paused. */
  private async awake<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await promise;
      if (this.isHeld) await this.goingOn();
      return value;
    } catch (error) {
      if (this.isHeld) await this.goingOn();
      throw error;
    }
  }

  private get isHeld(): boolean {
    return this.clock.paused || !this.alive;
  }

  /**
   * Something outside the process that it may use, such as the machine's container runtime: it goes on when the process
   * is gone, but no answer of it reaches the process while that is paused, or ever after its end.
   */
  outside<T extends object>(thing: T): T {
    return new Proxy(thing, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          const result = member.apply(target, args);
          if (result instanceof Promise) return this.awake(result);
          return isIterable(result) ? this.iterate(result) : result;
        };
      },
    });
  }

  private goingOn(): Promise<void> {
    return new Promise((resolve) => this.clock.whenAwake(resolve));
  }

  private receive(message: Message, onMessage: (message: Message) => void): void {
    this.clock.whenAwake(() => {
      this.options.history.delivered(this.name, message.subject, message.data);
      onMessage(this.overheard(message));
    });
  }

  private overheard(message: Message): Message {
    const { onAnswer } = this.options;
    if (!onAnswer) return message;
    const { subject, data, headers, reply } = message;
    const arrival = this.options.history.messages;
    const respond: Message['respond'] = (answer, more) => {
      onAnswer(subject, data, more ?? {}, arrival);
      message.respond(answer, more);
    };
    return { subject, data, headers, reply, respond };
  }

  private wrapBus(bus: Bus): Bus {
    const opened = (stop: () => void) => {
      let isOpen = true;
      this.open += 1;
      return {
        unsubscribe: () => {
          if (isOpen) this.open -= 1;
          isOpen = false;
          stop();
        },
      };
    };
    return {
      maxPayloadBytes: bus.maxPayloadBytes,
      get status(): BusStatus {
        return bus.status;
      },
      publish: (...args) => bus.publish(...args),
      request: async (...args) => {
        const message = await this.awake(bus.request(...args));
        this.options.history.delivered(this.name, args[0], message.data);
        return message;
      },
      stream: (...args) => this.iterate(bus.stream(...args)),
      subscribe: (subject, onMessage, options) => {
        const subscription = bus.subscribe(
          subject,
          (message) => this.receive(message, (given) => isOpen() && onMessage(given)),
          options,
        );
        let active = true;
        const isOpen = () => active;
        return opened(() => {
          active = false;
          subscription.unsubscribe();
        });
      },
      serve: async (service, onMessage) => {
        const serving = await this.awake(
          bus.serve(service, (message, endpoint) =>
            this.receive(message, (given) => onMessage(given, endpoint)),
          ),
        );
        return opened(() => serving.unsubscribe());
      },
      onStatus: (listener) => bus.onStatus((status) => this.clock.whenAwake(() => listener(status))),
      flush: () => this.awake(bus.flush()),
      close: () => bus.close(),
    };
  }

  private wrapStore(store: Store): Store {
    return {
      bucket: async (name: string, options?: BucketOptions) => {
        const bucket = await this.awake(store.bucket(name, options));
        return this.wrapBucket(this.options.wrapBucket?.(bucket) ?? bucket);
      },
      destroy: (name) => this.awake(store.destroy(name)),
      durability: () => this.awake(store.durability()),
      close: () => store.close(),
    };
  }

  private wrapBucket(bucket: Bucket): Bucket {
    const acknowledged = (key: string, expected: number, revision: number) => {
      const write = { by: this.name, key: `${bucket.name}/${key}`, expected, revision };
      this.options.onAcknowledged?.(write);
      return revision;
    };
    return {
      name: bucket.name,
      get: (key) => this.awake(bucket.get(key)),
      getRevision: (key, revision) => this.awake(bucket.getRevision(key, revision)),
      update: async (key, value, expected) =>
        acknowledged(key, expected, await this.awake(bucket.update(key, value, expected))),
      put: (key, value) => this.awake(bucket.put(key, value)),
      delete: async (key, expected) =>
        acknowledged(key, expected, await this.awake(bucket.delete(key, expected))),
      history: (key) => this.awake(bucket.history(key)),
      lastRevision: () => this.awake(bucket.lastRevision()),
      watch: (options?: WatchOptions) => this.iterate<WatchEvent>(bucket.watch(options)),
    };
  }

  private async *iterate<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.awake(iterator.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
