/**
 * Which life of a conversation a frame is from. One that is deleted and begun anew counts its turns
 * from 1 again, and a new epoch tells the two apart; it is '' before the first turn.
 */
export class Epochs {
  #present = '';
  #buried = new Set();

  get present() {
    return this.#present;
  }

  /** Whether an epoch was replaced by another: a frame of it may be a late one. */
  isBuried(epoch) {
    return this.#buried.has(epoch);
  }

  /** Be in an epoch, as a first snapshot says. */
  enter(epoch) {
    this.#present = epoch;
  }

  /** Leave the present epoch for another. */
  replace(epoch) {
    if (this.#present !== '' && this.#present !== epoch) this.#buried.add(this.#present);
    this.#buried.delete(epoch);
    this.#present = epoch;
  }

  /** Whether a frame of this epoch may be applied; the first turn's epoch becomes the present. */
  admits(epoch) {
    if (this.#present === '' && !this.#buried.has(epoch)) this.#present = epoch;
    return epoch === this.#present;
  }
}
