// Container logs as the runtime writes them: `<RFC 3339 time> stdout|stderr F|P text`. A line tagged P goes on in the
// next one. Works on bytes, since text may be cut anywhere; holds no more than one unfinished line.

export interface LogLine {
  readonly time: string;
  /** Without the end of the line. */
  readonly content: Uint8Array;
  /** The text goes on in the next line. */
  readonly isPartial: boolean;
}

const NEWLINE = 10;
const SPACE = 32;
const FULL = 70;
const PARTIAL = 80;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Splits bytes that come in pieces; what is no line of the format is left out. */
export class LogLines {
  private rest: Uint8Array = new Uint8Array(0);

  take(piece: Uint8Array): LogLine[] {
    const bytes = this.rest.length === 0 ? piece : joined([this.rest, piece]);
    const lines: LogLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      const line = lineOf(bytes.subarray(from, end));
      if (line) lines.push(line);
      from = end + 1;
    }
    this.rest = bytes.slice(from);
    return lines;
  }
}

function lineOf(bytes: Uint8Array): LogLine | undefined {
  const afterTime = bytes.indexOf(SPACE);
  const afterStream = bytes.indexOf(SPACE, afterTime + 1);
  const tag = bytes[afterStream + 1];
  if (afterTime <= 0 || afterStream < 0 || (tag !== FULL && tag !== PARTIAL)) return undefined;
  // Several tags are joined by colons; the first one says whether the line is whole.
  const afterTags = bytes.indexOf(SPACE, afterStream + 1);
  const content = afterTags < 0 ? new Uint8Array(0) : bytes.subarray(afterTags + 1);
  return { time: decoder.decode(bytes.subarray(0, afterTime)), content, isPartial: tag === PARTIAL };
}

export interface LogFormat {
  readonly timestamps: boolean;
  /** Epoch milliseconds; older lines are left out. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
}

/** Turns lines into what the user sees, and knows when enough has been shown. */
export class LogView {
  private readonly format: LogFormat;
  private readonly lines = new LogLines();
  private isWithin: boolean;
  private isInLine = false;
  private leftBytes: number;

  constructor(format: LogFormat) {
    this.format = format;
    this.isWithin = format.sinceMs === undefined;
    this.leftBytes = format.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.leftBytes <= 0;
  }

  show(piece: Uint8Array): Uint8Array {
    const shown: Uint8Array[] = [];
    for (const line of this.lines.take(piece)) {
      // Times in a log only grow, so that one look per line suffices until the first that is young enough.
      if (!this.isWithin && !(Date.parse(line.time) >= this.format.sinceMs!)) continue;
      this.isWithin = true;
      if (this.format.timestamps && !this.isInLine) shown.push(encoder.encode(`${line.time} `));
      shown.push(line.content);
      if (!line.isPartial) shown.push(Uint8Array.of(NEWLINE));
      this.isInLine = line.isPartial;
    }
    const all = joined(shown);
    const within = all.length > this.leftBytes ? all.subarray(0, this.leftBytes) : all;
    this.leftBytes -= within.length;
    return within;
  }
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Where the last `count` lines begin, reading backwards with `read`. */
export async function tailOffset(
  sizeBytes: number,
  count: number,
  read: (offset: number, maxBytes: number) => Promise<Uint8Array>,
): Promise<number> {
  const blockBytes = 64 * 1024;
  let found = 0;
  if (count <= 0) return sizeBytes;
  for (let end = sizeBytes; end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    const block = await read(start, end - start);
    for (let at = block.length - 1; at >= 0; at -= 1) {
      if (block[at] !== NEWLINE || start + at === sizeBytes - 1) continue;
      found += 1;
      if (found === count) return start + at + 1;
    }
    end = start;
  }
  return 0;
}
