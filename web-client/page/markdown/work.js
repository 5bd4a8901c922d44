/**
 * What parsing has done: what it read last time, which need not be read again while a text grows,
 * and the steps it took, by which tests hold it to linear work.
 */
export class Work {
  steps = 0;
  #known = new Map();
  #used = new Map();

  step(count = 1) {
    this.steps += count;
  }

  /** What `read` makes of the source that `key` names; the very same object as last time. */
  once(key, read) {
    const found = this.#used.get(key) ?? this.#known.get(key) ?? read();
    this.#used.set(key, found);
    return found;
  }

  /** Forget what was not asked for since the last call. */
  turn() {
    this.#known = this.#used;
    this.#used = new Map();
  }
}
