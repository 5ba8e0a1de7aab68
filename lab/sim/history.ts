// What happened in a simulation, as a number and as the last lines of a log: the number is the same for two runs of one
// seed, or the simulation is not deterministic; the lines are what a person reads about a failure.
import type { Entry } from '../../messaging/ports.ts';
import type { Timeline } from './timeline.ts';

/** Lines kept of the log. */
const KEPT_LINES = 400;

/** Taken once: inside a spec each look at a global costs more than the multiplication. */
const { imul } = Math;

export class History {
  /** Every stored entry of the objects' bucket, by revision. */
  readonly entries = new Map<number, Entry>();
  messages = 0;
  commits = 0;
  private readonly timeline: Timeline;
  private readonly lines: string[] = [];
  /** Two digests of 32 bits; an array, since integers of that size in fields cost an allocation each. */
  private readonly digest = new Int32Array([0x811c9dc5, 0x01234567]);

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  /** A digest of everything so far, 64 bits in hexadecimal. */
  get hash(): string {
    return [...this.digest].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  delivered(to: string, subject: string, data: Uint8Array): void {
    this.messages += 1;
    this.mixNumber(this.timeline.elapsedMs * 1_000);
    this.mixText(to);
    // Reply subjects are numbered by the receiver; the rest is what was said.
    this.mixText(subject);
    this.mixBytes(data);
  }

  committed(entry: Entry): void {
    this.commits += 1;
    this.entries.set(entry.revision, entry);
    this.mixNumber(entry.revision);
    this.mixText(entry.key);
    this.mixBytes(entry.value);
  }

  /** Writes a line into the log; the text is only made when it is kept. */
  say(text: string): void {
    this.lines.push(`${(this.timeline.elapsedMs / 1_000).toFixed(4).padStart(10)} s  ${text}`);
    if (this.lines.length > 2 * KEPT_LINES) this.lines.splice(0, KEPT_LINES);
  }

  /** The last lines of the log that contain `word`. */
  last(count: number, word = ''): string[] {
    return this.lines.filter((line) => line.includes(word)).slice(-count);
  }

  private mixText(text: string): void {
    const { digest } = this;
    let low = digest[0]!;
    let high = digest[1]!;
    for (let index = 0; index < text.length; index += 1) {
      low = imul(low ^ text.charCodeAt(index), 0x01000193);
      high = imul(high ^ low, 0x85ebca6b);
    }
    digest[0] = low;
    digest[1] = high;
  }

  private mixBytes(bytes: Uint8Array): void {
    const { digest } = this;
    let low = digest[0]! ^ bytes.length;
    let high = digest[1]!;
    for (let index = 0; index < bytes.length; index += 1) {
      low = imul(low ^ bytes[index]!, 0x01000193);
      high = imul(high ^ low, 0x85ebca6b);
    }
    digest[0] = low;
    digest[1] = high;
  }

  private mixNumber(value: number): void {
    const { digest } = this;
    digest[0] = imul(digest[0]! ^ (value | 0), 0x01000193);
    digest[1] = imul(digest[1]! ^ digest[0]!, 0x85ebca6b);
  }
}
