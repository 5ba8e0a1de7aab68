// Something may have happened: rings are not counted, and one that comes while nobody listens is kept.

export class Bell {
  private readonly signal: AbortSignal;
  private hasRung = true;
  private wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  ring(): void {
    this.hasRung = true;
    this.wake?.();
  }

  /** Yields at once, and then after each ring that came since, until the signal ends it. */
  async *rings(): AsyncGenerator<void> {
    const end = () => this.ring();
    this.signal.addEventListener('abort', end);
    try {
      while (!this.signal.aborted) {
        if (!this.hasRung) await new Promise<void>((resolve) => this.waitWith(resolve));
        this.hasRung = false;
        if (!this.signal.aborted) yield;
      }
    } finally {
      this.signal.removeEventListener('abort', end);
    }
  }

  private waitWith(wake: () => void): void {
    this.wake = wake;
  }
}
