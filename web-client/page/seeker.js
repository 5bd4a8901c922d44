/** Pages of history that are asked for, to come to a place; what lies further back is not. */
const MAX_PAGES = 20;

/** Leads to a turn of a conversation, by way of its history where the turn is not here yet. */
export class Seeker {
  #bring;
  #arrive;
  #seq = null;
  #pages = 0;
  #isAsking = false;
  #conversation;

  /**
   * @param {object} options
   * @param {() => Promise<void>} options.bring brings older turns; may reject
   * @param {(turn: object) => void} options.arrive
   */
  constructor({ bring, arrive }) {
    this.#bring = bring;
    this.#arrive = arrive;
  }

  /** Seek this turn in what is shown from now on. */
  seek(seq) {
    this.#seq = seq;
    this.#pages = 0;
  }

  /** Seek nothing any more. */
  stop() {
    this.#seq = null;
  }

  /** A conversation is shown as it is now. */
  shown(conversation) {
    this.#conversation = conversation;
    const { turns, loaded, olderThan } = conversation;
    if (this.#seq === null || !loaded || this.#isAsking) return;
    const first = turns[0]?.seq ?? Infinity;
    const isThere = first <= this.#seq;
    if (!isThere && olderThan !== null && this.#pages < MAX_PAGES) {
      this.#ask();
      return;
    }
    const turn = turns[isThere ? this.#seq - first : 0];
    this.#seq = null;
    if (turn !== undefined) this.#arrive(turn);
  }

  async #ask() {
    this.#pages += 1;
    this.#isAsking = true;
    await this.#bring().catch(() => this.stop());
    this.#isAsking = false;
    this.shown(this.#conversation);
  }
}
