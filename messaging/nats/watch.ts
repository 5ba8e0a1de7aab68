// A watch of a bucket that does not end when its server does.
//
// Underneath is an ephemeral pull consumer: the server sends only what was asked for, so a slow reader holds at most
// a batch and nothing grows. Whatever ends a consumer (a lost connection, a restarted server, missing heartbeats, a
// gap in its numbering) ends one *attachment*; the next attaches behind the last revision that was yielded. So each
// revision is yielded once, in order. Where that place is no longer kept, or the bucket is not the one the watch began
// with, the watch ends with GONE and its reader starts anew. Consumers are removed when an attachment ends; those
// that could not be removed vanish by themselves after INACTIVE_MS.
//
// Without `fromRevision` the newest entry of each key comes first. It is complete when the server has nothing more
// waiting, or when a revision appears that is newer than the bucket was when the watch began.
import { hasCode, TroupeError } from '../../schemas/errors.ts';
import type { WatchEvent, WatchOptions } from '../ports.ts';
import { Attachment } from './attachment.ts';
import type { Link } from './link.ts';
import type { StreamApi, StreamInfo } from './stream-api.ts';

/** Pauses between attachments grow from the first to the last, each shortened by chance. */
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5_000;
/** A bucket kept on disk may be missing for so long while its server starts. */
const MISSING_MS = 5_000;

export interface StreamWatchInput {
  readonly link: Link;
  readonly api: StreamApi;
  readonly name: string;
  readonly stream: string;
  /** `$KV.<bucket>.` */
  readonly prefix: string;
  readonly options: WatchOptions;
  readonly closing: AbortSignal;
  readonly revive: () => Promise<StreamInfo>;
}

export function watchStream(input: StreamWatchInput): AsyncIterable<WatchEvent> {
  return { [Symbol.asyncIterator]: () => run(input) };
}

async function* run(input: StreamWatchInput): AsyncGenerator<WatchEvent> {
  const end = new AbortController();
  const stop = () => end.abort();
  for (const signal of [input.closing, input.options.signal]) {
    if (signal?.aborted) return;
    signal?.addEventListener('abort', stop);
  }
  const place = new Place(input);
  let attachment: Attachment | undefined;
  try {
    for (let failures = 0; !end.signal.aborted; ) {
      attachment = await attach(input, place, end.signal);
      if (!attachment) {
        failures += 1;
        await pause(input, failures, end.signal);
        continue;
      }
      for (;;) {
        const event = await attachment.next();
        if (!event) break;
        failures = 0;
        const yielded = place.pass(event);
        if (yielded) yield yielded;
      }
      attachment.close();
      failures += 1;
      await pause(input, failures, end.signal);
    }
  } finally {
    attachment?.close();
    for (const signal of [input.closing, input.options.signal]) signal?.removeEventListener('abort', stop);
  }
}

/** Where a watch is: what it has yielded, and in which bucket. */
class Place {
  readonly #input: StreamWatchInput;
  /** When the stream was made; another time means another stream. */
  #created: string | undefined;
  #startRevision = 0;
  #cursor = 0;
  #isCurrent = false;

  constructor(input: StreamWatchInput) {
    this.#input = input;
    if (input.options.fromRevision !== undefined) this.#cursor = input.options.fromRevision - 1;
  }

  /** Begins or resumes in this stream: what a consumer must deliver. Throws GONE, or NOT_FOUND for a new stream. */
  resume(info: StreamInfo): { fromRevision: number | undefined } {
    const { first_seq: first, last_seq: last } = info.state;
    if (this.#created === undefined) {
      this.#created = info.created;
      this.#startRevision = last;
    } else if (this.#created !== info.created) {
      throw this.#replaced(info);
    }
    if (!this.#isCurrent && this.#input.options.fromRevision === undefined)
      return { fromRevision: undefined };
    const from = this.#cursor + 1;
    if (from > last + 1 || (from < first && from <= last)) {
      throw new TroupeError('GONE', `revision ${from} of bucket "${this.#input.name}" is no longer kept`);
    }
    return { fromRevision: from };
  }

  get isCurrent(): boolean {
    return this.#isCurrent;
  }

  get startRevision(): number {
    return this.#startRevision;
  }

  /** What of an attachment's events the reader sees. */
  pass(event: WatchEvent): WatchEvent | undefined {
    if (event.type === 'current') {
      if (this.#isCurrent) return undefined;
      this.#isCurrent = true;
      this.#cursor = Math.max(this.#cursor, event.revision);
      return event;
    }
    const { revision, operation } = event.entry;
    if (revision <= this.#cursor) return undefined;
    this.#cursor = revision;
    const fresh = this.#input.options.fromRevision === undefined && !this.#isCurrent;
    if (fresh && operation === 'delete' && revision <= this.#startRevision) return undefined;
    return event;
  }

  #replaced(info: StreamInfo): TroupeError {
    const code = info.config.storage === 'memory' ? 'GONE' : 'NOT_FOUND';
    return new TroupeError(code, `bucket "${this.#input.name}" was lost by the server and made anew`);
  }
}

/** A new attachment; undefined when the server is away, which passes. */
async function attach(
  input: StreamWatchInput,
  place: Place,
  end: AbortSignal,
): Promise<Attachment | undefined> {
  const { link } = input;
  if (!(await link.up(end))) {
    if (link.status === 'closed' && !end.aborted)
      throw new TroupeError('UNAVAILABLE', 'the connection was closed');
    return undefined;
  }
  try {
    const info = await streamInfo(input, end);
    const { fromRevision } = place.resume(info);
    const attachment = new Attachment(input, end);
    await attachment.open(fromRevision, {
      lastRevision: info.state.last_seq,
      isCurrent: place.isCurrent,
    });
    return attachment;
  } catch (error) {
    if (hasCode(error, 'UNAVAILABLE', 'TIMEOUT')) return undefined;
    throw error;
  }
}

/** Looks at the stream; one on disk that is missing gets some time to appear, since its server may be starting. */
async function streamInfo(input: StreamWatchInput, end: AbortSignal): Promise<StreamInfo> {
  const { link } = input;
  const since = link.clock.monotonic();
  for (;;) {
    try {
      return await input.revive();
    } catch (error) {
      const missingMs = link.clock.monotonic() - since;
      if (!hasCode(error, 'NOT_FOUND') || missingMs > MISSING_MS || end.aborted) throw error;
    }
    await link.clock.sleep(RETRY_MIN_MS, end);
  }
}

async function pause(input: StreamWatchInput, failures: number, end: AbortSignal): Promise<void> {
  const { clock, random } = input.link;
  const longestMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1));
  await clock.sleep(longestMs * (0.5 + random.next() / 2), end);
}
