// Gives out a pod CIDR's addresses the way the host-local plugin does: one after the other, round and round, so that an
// address just given back is the last to be given again. The first one is the bridge's.

/** IPv4 only. */
export class PodAddresses {
  readonly #base: number;
  readonly #size: number;
  readonly #taken = new Set<number>();
  /** The bridge has 1. */
  #last = 1;

  /** @param cidr such as `10.244.1.0/24` */
  constructor(cidr: string) {
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr);
    const numbers = (match ?? []).slice(1).map(Number);
    const bits = numbers.pop();
    if (bits === undefined || bits > 30) throw new Error(`${cidr} is no range for pods`);
    this.#size = 2 ** (32 - bits);
    this.#base = Math.floor(wholeOf(numbers) / this.#size);
  }

  /** Undefined when all are taken. */
  take(): string | undefined {
    const usable = this.#size - 3;
    if (this.#taken.size >= usable) return undefined;
    do {
      this.#last = this.#last >= this.#size - 2 ? 2 : this.#last + 1;
    } while (this.#taken.has(this.#last));
    this.#taken.add(this.#last);
    return this.#text(this.#last);
  }

  /** An address of another range is not this range's to keep. */
  give(address: string): void {
    const whole = wholeOf(address.split('.').map(Number));
    if (Math.floor(whole / this.#size) === this.#base) this.#taken.delete(whole % this.#size);
  }

  #text(offset: number): string {
    const whole = this.#base * this.#size + offset;
    return [24, 16, 8, 0].map((shift) => Math.floor(whole / 2 ** shift) % 256).join('.');
  }
}

function wholeOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum * 256 + number, 0);
}
