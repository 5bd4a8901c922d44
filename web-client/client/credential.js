/** There is no credential, and waiting brings none: someone must sign in. */
export class NoCredential extends Error {}

/**
 * What a client shows at each handshake: one fixed text, or what a function says each time. The
 * function is told what is known against its last answer: `expired`, the credential that the
 * backend said had expired (or null), and `failures`, how many handshakes in a row have failed.
 * A refused handshake looks like a lost network, so that a number of them is all there is to go by.
 * @typedef {(doubts: {expired: ?string, failures: number}) => string | Promise<string>} Source
 */
export class Credential {
  #source;
  #given = null;
  #expired = null;
  #tries = 0;

  /** @param {string | Source} source may throw NoCredential */
  constructor(source) {
    this.#source = source;
  }

  /** The credential for a handshake that begins now. @returns {string | Promise<string>} */
  take() {
    return typeof this.#source === 'string' ? this.#source : this.#ask();
  }

  /** A handshake succeeded. */
  worked() {
    this.#tries = 0;
  }

  /** The backend says that it has expired. */
  expire() {
    this.#expired = this.#given;
  }

  async #ask() {
    const failures = this.#tries;
    this.#tries += 1;
    this.#given = await this.#source({ expired: this.#expired, failures });
    return this.#given;
  }
}
