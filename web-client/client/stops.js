/** A stop takes effect within about a second: one that did not was lost. */
const AGAIN_MS = 3_000;
const GROWTH = 1.5;
const LONGEST_MS = 15_000;

/** Replies that a person wants stopped: said again until they have ended. */
export class Stops {
  #send;
  #conversation;
  #clock;
  #wanted = new Map();

  /**
   * @param {object} options
   * @param {(frame: object) => boolean} options.send
   * @param {(conversationId: string) => ?Conversation} options.conversation what is known of one
   */
  constructor({ send, conversation, clock }) {
    this.#send = send;
    this.#conversation = conversation;
    this.#clock = clock;
  }

  /** Stop the reply to a turn; false, and nothing is wanted, while there is no connection. */
  ask(conversationId, seq) {
    if (!this.#say(conversationId, seq)) return false;
    this.#forget(conversationId);
    const { epoch } = this.#conversation(conversationId) ?? {};
    const stop = { conversationId, seq, epoch, wait: AGAIN_MS, timer: null };
    this.#wanted.set(conversationId, stop);
    this.#arm(stop);
    return true;
  }

  /** There is a connection: what has not ended is said again. */
  connected() {
    for (const stop of [...this.#wanted.values()]) this.#again(stop);
  }

  /** The connection is gone. */
  disconnected() {
    for (const { timer } of this.#wanted.values()) this.#clock.clearTimeout(timer);
  }

  #again(stop) {
    if (!this.#isOpen(stop)) {
      this.#forget(stop.conversationId);
      return;
    }
    this.#say(stop.conversationId, stop.seq);
    stop.wait = Math.min(LONGEST_MS, stop.wait * GROWTH);
    this.#arm(stop);
  }

  #isOpen({ conversationId, seq, epoch }) {
    const known = this.#conversation(conversationId);
    return known?.replying === true && known.last === seq && known.epoch === epoch;
  }

  #arm(stop) {
    this.#clock.clearTimeout(stop.timer);
    stop.timer = this.#clock.setTimeout(() => this.#again(stop), stop.wait);
  }

  #forget(conversationId) {
    this.#clock.clearTimeout(this.#wanted.get(conversationId)?.timer);
    this.#wanted.delete(conversationId);
  }

  #say(conversationId, seq) {
    return this.#send({ action: 'stop', conversationId, seq });
  }
}
