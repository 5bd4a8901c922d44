import { Backoff } from './backoff.js';
import { correlationIn } from './frames.js';
import { forkFields } from './outbox.js';

/** API Gateway gives up on a function after 29 seconds. */
const ANSWER_MS = 35_000;
/** How often a message may meet a failing backend before a person is asked. */
const MAX_FAILURES = 6;
/** Close codes that say the frame itself was refused: API Gateway's for size and for kind. */
const REFUSED_FRAME = new Set([1009, 1003]);

/**
 * Empties the outbox: in each conversation one message after the other, conversations side by side.
 * A message is sent again, the very same, until its `turn` or `accepted` comes.
 */
export class Sender {
  #outbox;
  #send;
  #conversation;
  #clock;
  #random;
  #changed;
  #returned;
  #online = false;
  #lanes = new Map();
  #lastSent = null;

  /**
   * @param {object} options
   * @param {(frame: object) => boolean} options.send
   * @param {(conversationId: string) => ?Conversation} options.conversation what is known of one
   * @param {(conversationId: string) => void} options.changed the outbox looks different now
   * @param {(conversationId: string, texts: string[]) => void} options.returned these were meant
   *   for a fork that cannot be made, and are not in the outbox any more
   */
  constructor({ outbox, send, conversation, clock, random, changed, returned }) {
    this.#outbox = outbox;
    this.#send = send;
    this.#conversation = conversation;
    this.#clock = clock;
    this.#random = random;
    this.#changed = changed;
    this.#returned = returned;
  }

  /** There is a connection: all that waits may go. */
  connected() {
    this.#online = true;
    for (const conversationId of this.#outbox.conversationIds) this.pump(conversationId);
  }

  /** The connection is gone; what was under way is sent again on the next. */
  disconnected(code) {
    this.#online = false;
    for (const lane of this.#lanes.values()) this.#rest(lane);
    const refused = REFUSED_FRAME.has(code) ? this.#lastSent : null;
    this.#lastSent = null;
    if (refused !== null) this.#fail(refused, { code: 'too_large', message: '' });
  }

  /** Send a conversation's next message, if it is its time. */
  pump(conversationId) {
    const lane = this.#lane(conversationId);
    if (!this.#online || lane.inFlight !== null || lane.timer !== null) return;
    const entry = this.#outbox.next(conversationId);
    const { position = null, replying } = this.#conversation(conversationId) ?? {};
    if (entry === undefined || replying) return;
    if (entry.after !== undefined) this.#dispatch(lane, entry);
    else if (position !== null) {
      this.#dispatch(lane, this.#outbox.stamp(entry.messageId, position));
    }
  }

  /** A message's `turn` or `accepted` came: it is kept. */
  answered(messageId) {
    this.#forget(messageId);
  }

  /** A reply has ended: what was refused as `busy` need not wait any longer. */
  replied(conversationId) {
    const lane = this.#lane(conversationId);
    if (!lane.isBusy || lane.resting === null) return;
    this.#rest(lane);
    this.pump(conversationId);
  }

  /** An `error` came for a message. */
  refused(messageId, frame) {
    const entry = this.#outbox.find(messageId);
    if (entry === undefined) return;
    const lane = this.#lane(entry.conversationId);
    if (lane.inFlight !== messageId) return;
    lane.isBusy = frame.code === 'busy';
    if (frame.code === 'not_found' && entry.forkOf !== undefined) this.#giveBack(lane);
    else if (!frame.retryable) this.#fail(messageId, frame);
    else if (frame.code === 'internal_error') this.#strike(lane, frame);
    else this.#again(lane, frame.code === 'rate_limited' ? frame.retryAfterMs : 0);
  }

  /** API Gateway reports that something failed, not what: any message under way may be meant. */
  gatewayFailed(frame) {
    for (const lane of this.#lanes.values()) if (lane.inFlight !== null) this.#strike(lane, frame);
  }

  /** A person wants a failed message tried once more. */
  retry(messageId) {
    const entry = this.#outbox.find(messageId);
    if (entry === undefined) return;
    this.#outbox.retry(messageId);
    this.#changed(entry.conversationId);
    this.pump(entry.conversationId);
  }

  /** A person gave a message up. */
  discard(messageId) {
    this.#forget(messageId);
  }

  #dispatch(lane, entry) {
    const { messageId, conversationId, text, after, epoch } = entry;
    const fork = forkFields(entry);
    const frame = { action: 'message', messageId, conversationId, text, after, ...fork };
    if (!this.#send(epoch === undefined ? frame : { ...frame, epoch })) return;
    lane.inFlight = this.#lastSent = messageId;
    lane.resting = null;
    lane.isBusy = false;
    lane.timer = this.#clock.setTimeout(() => this.#again(lane), ANSWER_MS);
  }

  #again(lane, atLeast = 0) {
    const messageId = lane.inFlight;
    this.#rest(lane);
    lane.resting = messageId;
    const wait = (Number.isFinite(atLeast) ? atLeast : 0) + lane.backoff.next();
    lane.timer = this.#clock.setTimeout(() => {
      lane.timer = null;
      this.pump(lane.conversationId);
    }, wait);
  }

  #strike(lane, problem) {
    lane.failures += 1;
    if (lane.failures < MAX_FAILURES) this.#again(lane);
    else {
      const { message = '', correlationId } = problem;
      this.#fail(lane.inFlight, { code: 'internal_error', message, correlationId });
    }
  }

  #forget(messageId) {
    const entry = this.#outbox.remove(messageId);
    if (entry !== undefined) this.#settle(entry);
  }

  #fail(messageId, { code, message, correlationId }) {
    const problem = { code, message, ...correlationIn({ correlationId }) };
    const entry = this.#outbox.fail(messageId, problem);
    if (entry !== undefined) this.#settle(entry);
  }

  /** What a conversation should have begun with is not there: it is not made without it. */
  #giveBack({ conversationId }) {
    const isMeant = ({ forkOf }) => forkOf !== undefined;
    const entries = this.#outbox.of(conversationId).filter(isMeant);
    for (const { messageId } of entries) this.#outbox.remove(messageId);
    this.#returned(conversationId, entries.map(({ text }) => text));
    for (const entry of entries) this.#settle(entry);
  }

  /** One message is done with, well or badly: the lane is free for the next. */
  #settle({ messageId, conversationId }) {
    const lane = this.#lane(conversationId);
    if (this.#lastSent === messageId) this.#lastSent = null;
    if (lane.inFlight === messageId || lane.resting === messageId) {
      this.#rest(lane);
      lane.failures = 0;
      lane.backoff.reset();
    }
    this.#changed(conversationId);
    this.pump(conversationId);
  }

  #rest(lane) {
    this.#clock.clearTimeout(lane.timer);
    lane.timer = lane.inFlight = lane.resting = null;
  }

  #lane(conversationId) {
    if (!this.#lanes.has(conversationId)) {
      const backoff = new Backoff({ base: 500, cap: 15_000, random: this.#random });
      // `resting`: a message that waits to be sent again; `isBusy`: for the end of a reply.
      const lane = { conversationId, inFlight: null, resting: null, timer: null };
      this.#lanes.set(conversationId, { ...lane, isBusy: false, failures: 0, backoff });
    }
    return this.#lanes.get(conversationId);
  }
}
