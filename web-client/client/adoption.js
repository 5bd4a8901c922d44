import { Backoff } from './backoff.js';
import { systemClock } from './clock.js';
import { Connection, CONNECTED } from './connection.js';
import { Credential } from './credential.js';
import { correlationIn, GATEWAY_ERROR } from './frames.js';
import { forgetGuestId, keptGuestId, randomUuid } from './guest.js';
import { MovedConversations } from './moved-conversations.js';

/** API Gateway gives up on a function after 29 seconds. */
const ANSWER_MS = 35_000;

/** The backend will not move the guest's conversations; trying again brings nothing by itself. */
export class AdoptionRefused extends Error {
  constructor(code, correlationId = undefined) {
    super(`adoption refused: ${code}`);
    this.code = code;
    this.correlationId = correlationId;
  }
}

/**
 * Brings a guest's conversations along to the user that this tab signed in as, before the user's
 * chat begins. It goes on through lost connections and reloads until all of it is done.
 */
export class Adoption {
  #storage;
  #moved;
  #connect;
  #clock;
  #backoff;
  #credential;
  #connection = null;
  #answers = new Map();
  #cursor = null;
  #timer = null;
  #done = null;

  /**
   * @param {object} options as of ChatClient, and
   * @param {(moved: Map<string, string>) => void} options.keep moves what the page keeps under
   *   old ids to the new ones; interrupted, it is called again
   * @param {(state: string) => void} [options.changed] the connection's state did
   */
  constructor({
    url, credential, storage, keep, changed = () => {},
    createSocket = (...address) => new WebSocket(...address),
    clock = systemClock, random = Math.random, uuid = () => randomUuid(),
    longestWait, heartbeat,
  }) {
    this.#storage = storage;
    this.#moved = new MovedConversations({ storage, keep, uuid });
    this.#clock = clock;
    this.#backoff = new Backoff({ base: 500, cap: 15_000, random });
    this.#credential = new Credential(credential);
    this.#connect = () => new Connection({
      open: (text) => createSocket(url, ['chat.v1', text]),
      credential: () => this.#credential.take(),
      listener: {
        state: (state) => this.#became(state, changed),
        frame: (frame) => this.#received(frame),
        lost: () => this.#startOver(),
      },
      clock, random, longestWait, heartbeat,
    });
  }

  /** Whether this tab was a guest's, or was interrupted here. */
  get isDue() {
    return this.#moved.areKnown || keptGuestId(this.#storage) !== null;
  }

  /** Bring everything along. @throws {AdoptionRefused} everything is as it was */
  async run() {
    if (!this.#moved.areKnown) this.#moved.note(await this.#ask());
    this.#moved.settle();
  }

  /** Someone is there, or the network is back. */
  wake() {
    this.#connection?.wake();
  }

  /** Leave the guest's conversations behind for good. */
  renounce() {
    forgetGuestId(this.#storage);
  }

  /** @returns {Promise<Map<string, string>>} new ids by old ones */
  async #ask() {
    this.#connection = this.#connect();
    try {
      return await new Promise((resolve, reject) => {
        this.#done = { resolve, reject };
        this.#connection.start();
      });
    } finally {
      const connection = this.#connection;
      this.#connection = null;
      this.#hush();
      connection.stop();
    }
  }

  #became(state, changed) {
    if (this.#connection === null) return;
    changed(state);
    if (state !== CONNECTED) return;
    this.#credential.worked();
    this.#say();
  }

  #say() {
    this.#hush();
    const guestId = keptGuestId(this.#storage);
    this.#connection.send({ action: 'adopt', guestId, cursor: this.#cursor });
    this.#timer = this.#clock.setTimeout(() => this.#again(), ANSWER_MS);
  }

  #received(frame) {
    if (frame.type === 'adopted') this.#adopted(frame);
    else if (frame.type === GATEWAY_ERROR) this.#again();
    else if (frame.type === 'error') this.#error(frame);
  }

  #adopted({ conversations, cursor }) {
    for (const { was, conversationId } of conversations) this.#answers.set(was, conversationId);
    this.#backoff.reset();
    this.#cursor = cursor ?? null;
    if (this.#cursor === null) this.#done.resolve(this.#answers);
    else this.#say();
  }

  #error({ code, retryable, retryAfterMs, correlationId }) {
    if (code === 'token_expired') {
      this.#credential.expire();
      this.#connection.lose();
    } else if (retryable) {
      this.#again(Number.isFinite(retryAfterMs) ? retryAfterMs : 0);
    } else {
      const failure = correlationIn({ correlationId });
      this.#done.reject(new AdoptionRefused(code, failure.correlationId));
    }
  }

  #again(atLeast = 0) {
    this.#startOver();
    this.#timer = this.#clock.setTimeout(() => this.#say(), atLeast + this.#backoff.next());
  }

  /** A cursor is good for an answer that came; asked without, the backend goes on all the same. */
  #startOver() {
    this.#hush();
    this.#cursor = null;
  }

  #hush() {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
