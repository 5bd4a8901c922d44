/**
 * Waits between attempts: full jitter, so that clients cut off together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class Backoff {
  #base;
  #cap;
  #random;
  #attempts = 0;

  /** @param {{base?: number, cap?: number, random?: () => number}} options milliseconds */
  constructor({ base = 300, cap = 30_000, random = Math.random } = {}) {
    this.#base = base;
    this.#cap = cap;
    this.#random = random;
  }

  /**
   * Take the next wait, in milliseconds: anything between 0 and a ceiling that doubles.
   * @param {number} [cap] a lower ceiling for this once
   */
  next(cap = this.#cap) {
    const ceiling = Math.min(this.#cap, cap, this.#base * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return this.#random() * ceiling;
  }

  /** Begin again with the shortest wait. */
  reset() {
    this.#attempts = 0;
  }
}
