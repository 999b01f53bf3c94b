// @ts-check
const SMALL_MS = 3000;
const SLOWED = 0.25;

/** What was known at one instant, and what has passed since. */
export class Ticker {
  #base = 0;
  #from = 0;
  #since = /** @type {number | null} */ (null);
  #ahead = 0;
  #aheadFrom = 0;
  known = false;

  get running() {
    return this.#since !== null;
  }

  /** It was `ms` at `from`, which we learned at `mono`. */
  rebase(ms, from, mono) {
    const shown = this.read(mono);
    this.#base = ms;
    this.#from = Math.max(from, this.#since ?? from);
    const ahead = shown - this.#truth(mono);
    this.#ahead = this.known && ahead > 0 && ahead < SMALL_MS ? ahead : 0;
    this.#aheadFrom = mono;
    this.known = true;
  }

  run(running, mono) {
    if (running === this.running) return;
    this.#ahead = this.#aheadAt(mono);
    this.#base = this.#truth(mono);
    this.#from = this.#aheadFrom = mono;
    this.#since = running ? mono : null;
  }

  /** Nobody proved the time between. */
  skip(last, mono) {
    if (!this.running) return;
    this.run(false, last);
    this.run(true, mono);
  }

  read(mono) {
    return this.#truth(mono) + this.#aheadAt(mono);
  }

  #truth(mono) {
    return this.#base + (this.running ? Math.max(0, mono - this.#from) : 0);
  }

  #aheadAt(mono) {
    return Math.max(0, this.#ahead - (this.running ? (mono - this.#aheadFrom) * SLOWED : 0));
  }
}
