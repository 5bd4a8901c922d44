/** Deltas held back for a missing one; past this, asking again is cheaper than remembering. */
const MAX_AHEAD = 256;

/**
 * A reply that arrives in parts. Offsets count code points; a part taken twice changes nothing, a
 * part of a higher attempt replaces what the lower ones showed.
 */
export class ReplyParts {
  #attempt = 0;
  #text = '';
  #length = 0;
  #ahead = new Map();

  get text() {
    return this.#text;
  }

  /** Code points put together so far. */
  get length() {
    return this.#length;
  }

  /** Whether a part is missing before one that has come. */
  get hasHole() {
    return this.#ahead.size > 0;
  }

  /** Take a part; false when it changes nothing. */
  add(attempt, offset, text) {
    if (attempt < this.#attempt) return false;
    if (attempt > this.#attempt) this.#restart(attempt);
    const points = Array.from(text);
    if (offset > this.#length) {
      if (this.#ahead.size < MAX_AHEAD) this.#ahead.set(offset, points);
      return false;
    }
    const grew = this.#append(offset, points);
    this.#catchUp();
    return grew;
  }

  #restart(attempt) {
    this.#attempt = attempt;
    this.#text = '';
    this.#length = 0;
    this.#ahead.clear();
  }

  #append(offset, points) {
    const fresh = points.slice(this.#length - offset);
    this.#text += fresh.join('');
    this.#length += fresh.length;
    return fresh.length > 0;
  }

  #catchUp() {
    const offsets = [...this.#ahead.keys()].sort((a, b) => a - b);
    for (const offset of offsets) {
      if (offset > this.#length) return;
      this.#append(offset, this.#ahead.get(offset));
      this.#ahead.delete(offset);
    }
  }
}
