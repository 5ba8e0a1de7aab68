// The `logs` verb: streams a container's log to whoever asked, in bounded pieces, until its end, its reader's leave, or
// the container's exit. Reads files only; never waits in memory for a slow reader.
import { asTroupeError, decode, HEADER } from '../../../messaging/envelope.ts';
import type { Bus, Message } from '../../../messaging/ports.ts';
import { TroupeError } from '../../../schemas/errors.ts';
import { parseTimestamp } from '../../../schemas/time.ts';
import type { LogsRequest } from '../protocol.ts';
import { readLogs } from './events.ts';
import { type LogFormat, LogView, tailOffset } from './log-lines.ts';
import { type LogSource, logSource } from './log-source.ts';
import type { PodWorker } from './pod/worker.ts';
import type { Roster } from './roster.ts';
import type { NodeScope } from './scope.ts';

const NOTHING = new Uint8Array(0);

export class LogStreams {
  private readonly node: NodeScope;
  private readonly roster: Roster;
  private readonly bus: Bus;
  private open = 0;

  constructor(node: NodeScope, roster: Roster, bus: Bus) {
    this.node = node;
    this.roster = roster;
    this.bus = bus;
  }

  /** Answers a request with a stream; never throws. */
  answer(message: Message): void {
    const { reply } = message;
    if (!reply) return;
    const ending = new AbortController();
    const end = () => ending.abort();
    const cancel = this.bus.subscribe(`${reply}.cancel`, end);
    this.node.signal.addEventListener('abort', end);
    this.open += 1;
    this.stream(message, reply, ending.signal)
      .then(
        () => this.finish(reply, 'ok'),
        (error: unknown) => this.finish(reply, JSON.stringify(asTroupeError(error).toStatus())),
      )
      .finally(() => {
        this.open -= 1;
        cancel.unsubscribe();
        this.node.signal.removeEventListener('abort', end);
      });
  }

  private async stream(message: Message, reply: string, signal: AbortSignal): Promise<void> {
    if (this.open > this.node.limits.logStreams) {
      throw new TroupeError('TOO_MANY_REQUESTS', `node "${this.node.node}" has too many log streams open`);
    }
    const request = readLogs(decode(message.data));
    const worker = this.find(request);
    const source = logSource(worker, request);
    const sender = new Sender(this.bus, reply, this.node.limits, signal);
    const reader = new LogReader(this.node, source, formatOf(request, this.node.clock.now()), sender);
    await reader.begin(request.tailLines);
    if (request.follow) await reader.follow(worker, signal);
    else await reader.read(signal);
  }

  private find({ uid, namespace, name }: LogsRequest): PodWorker {
    for (const worker of this.roster.workers()) {
      const { metadata } = worker.pod;
      const isNamed = metadata.name === name && (metadata.namespace ?? 'default') === namespace;
      if (uid ? worker.uid === uid : isNamed) return worker;
    }
    throw new TroupeError('NOT_FOUND', `pods "${name}" not found`);
  }

  private finish(reply: string, end: string): void {
    if (this.bus.status === 'connected') this.bus.publish(reply, NOTHING, { [HEADER.end]: end });
  }
}

function formatOf(request: LogsRequest, now: number): LogFormat {
  const { timestamps = false, limitBytes, sinceTime, sinceSeconds } = request;
  const sinceMs = sinceTime ? parseTimestamp(sinceTime) : undefined;
  if (sinceTime && sinceMs === undefined) {
    throw new TroupeError(
      'BAD_REQUEST',
      `sinceTime: Invalid value: "${sinceTime}": must be an RFC 3339 time`,
    );
  }
  return {
    timestamps,
    limitBytes,
    sinceMs: sinceSeconds === undefined ? sinceMs : now - sinceSeconds * 1_000,
  };
}

/** Sends in pieces no larger than the bound, and waits for the server now and then. */
class Sender {
  private readonly bus: Bus;
  private readonly reply: string;
  private readonly limits: { logChunkBytes: number; logUnflushedBytes: number };
  private readonly signal: AbortSignal;
  private unflushed = 0;

  constructor(bus: Bus, reply: string, limits: Sender['limits'], signal: AbortSignal) {
    this.bus = bus;
    this.reply = reply;
    this.limits = limits;
    this.signal = signal;
  }

  async send(bytes: Uint8Array): Promise<void> {
    const { logChunkBytes, logUnflushedBytes } = this.limits;
    for (let at = 0; at < bytes.length && !this.signal.aborted; at += logChunkBytes) {
      const piece = bytes.subarray(at, at + logChunkBytes);
      this.bus.publish(this.reply, piece);
      this.unflushed += piece.length;
      if (this.unflushed < logUnflushedBytes) continue;
      await this.bus.flush();
      this.unflushed = 0;
    }
  }
}

class LogReader {
  private readonly node: NodeScope;
  private readonly source: LogSource;
  private readonly view: LogView;
  private readonly sender: Sender;
  private offset = 0;

  constructor(node: NodeScope, source: LogSource, format: LogFormat, sender: Sender) {
    this.node = node;
    this.source = source;
    this.view = new LogView(format);
    this.sender = sender;
  }

  /** Skips all but the last lines. */
  async begin(tailLines: number | undefined): Promise<void> {
    if (tailLines === undefined) return;
    const { files } = this.node;
    const sizeBytes = (await files.sizeBytes(this.source.path)) ?? 0;
    const read = (offset: number, maxBytes: number) => files.readRange(this.source.path, offset, maxBytes);
    this.offset = await tailOffset(sizeBytes, tailLines, read);
  }

  /** Sends what there is. A file that became shorter was begun anew. */
  async read(signal: AbortSignal): Promise<void> {
    const { files, limits } = this.node;
    if (((await files.sizeBytes(this.source.path)) ?? 0) < this.offset) this.offset = 0;
    while (!signal.aborted && !this.view.isFull) {
      const piece = await files.readRange(this.source.path, this.offset, limits.logChunkBytes);
      if (piece.length === 0) return;
      this.offset += piece.length;
      await this.sender.send(this.view.show(piece));
    }
  }

  /** Sends what there is and what comes, until the container has exited. */
  async follow(worker: PodWorker, signal: AbortSignal): Promise<void> {
    const watching = new AbortController();
    const look = () => {
      if (signal.aborted || !this.source.isLive()) watching.abort();
    };
    worker.listeners.add(look);
    signal.addEventListener('abort', look);
    look();
    try {
      for await (const _ of this.node.files.changes(this.source.path, watching.signal)) {
        await this.read(signal);
        if (this.view.isFull) return;
      }
      await this.read(signal);
    } finally {
      worker.listeners.delete(look);
      signal.removeEventListener('abort', look);
    }
  }
}
