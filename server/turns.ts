/** A few at a time and a short line behind them, for work that takes much memory. Kept in memory, in the order of asking. */

export interface TurnLimits {
  readonly atOnce: number;
  /** Beyond these whoever asks is turned away at once. */
  readonly maxWaiting: number;
  /** What is thrown then. */
  readonly busy: () => Error;
}

export class Turns {
  readonly #limits: TurnLimits;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /** Runs `work` as soon as a place is free; the place is free again however it ends. Throws what `busy` makes. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.atOnce) this.#running += 1;
    else if (this.#waiting.length >= this.#limits.maxWaiting) throw this.#limits.busy();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes straight to the next one in line.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
