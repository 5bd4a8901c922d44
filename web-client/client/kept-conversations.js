import { Conversation } from './conversation.js';
import { Resumption } from './resumption.js';

/** Conversations kept in memory; only those that are tracked may be more. */
const MAX_KEPT = 10;

/**
 * The conversations in memory. Tracked, that is brought up to date as soon as can be, are the open
 * one, those that are followed and those with messages to send; of the others some are kept, for who comes back to them.
 */
export class KeptConversations {
  #outbox;
  #send;
  #clock;
  #random;
  #silence;
  #reconnect;
  #online = false;
  #openId = null;
  #followed = new Set();
  #kept = new Map();

  /** @param {object} options also those of each `Resumption` */
  constructor({ outbox, send, clock, random, silence, reconnect }) {
    this.#outbox = outbox;
    this.#send = send;
    this.#clock = clock;
    this.#random = random;
    this.#silence = silence;
    this.#reconnect = reconnect;
  }

  /** A conversation, if it is kept. @returns {Conversation | undefined} */
  get(conversationId) {
    return this.#kept.get(conversationId)?.conversation;
  }

  /** A conversation, kept from now on. @returns {Conversation} */
  keep(conversationId) {
    return this.#keep(conversationId).conversation;
  }

  /**
   * Begin a conversation as another did: with what is known of that.
   * @param {import('./outbox.js').Fork} fork
   */
  branch(conversationId, fork) {
    this.#kept.set(conversationId, this.#make(conversationId, fork));
    this.#forgetSome();
  }

  /** Keep a conversation no longer. */
  forget(conversationId) {
    this.#kept.get(conversationId)?.resumption.stop();
    this.#kept.delete(conversationId);
  }

  /** Open a conversation, in place of the one that was open. @returns {Conversation} */
  open(conversationId) {
    const left = this.#openId;
    this.#openId = conversationId;
    if (!this.#isTracked(left)) this.#kept.get(left)?.resumption.stop();
    const { conversation, resumption } = this.#keep(conversationId);
    if (this.#online) resumption.ask();
    return conversation;
  }

  /** Track a conversation from now on, besides the one that is open. @returns {Conversation} */
  follow(conversationId) {
    this.#followed.add(conversationId);
    const { conversation, resumption } = this.#keep(conversationId);
    if (this.#online) resumption.ask();
    return conversation;
  }

  /** A conversation has a message to send: find out what that follows. */
  track(conversationId) {
    const { conversation, resumption } = this.#keep(conversationId);
    if (this.#online && !conversation.loaded) resumption.ask();
  }

  /** Ask whether anything is new in what is shown. */
  refresh() {
    if (!this.#online) return;
    const shown = new Set([this.#openId, ...this.#followed]);
    for (const conversationId of shown) this.#kept.get(conversationId)?.resumption.ask();
  }

  /** There is a connection: whatever is tracked is asked for. */
  connected() {
    this.#online = true;
    const wanted = [...this.#followed, ...this.#outbox.conversationIds];
    for (const conversationId of wanted) this.#keep(conversationId);
    for (const [conversationId, { resumption }] of this.#kept) {
      if (this.#isTracked(conversationId)) resumption.ask();
    }
  }

  /** The connection is gone, and no answer comes by it. */
  disconnected() {
    this.#online = false;
    for (const { resumption } of this.#kept.values()) resumption.stop();
  }

  /** A frame changed a conversation: what it shows to be missing is asked for. */
  changed(conversationId) {
    if (this.#isTracked(conversationId)) this.#kept.get(conversationId)?.resumption.changed();
  }

  /** A `snapshot` came, and was applied. */
  answered(frame) {
    const { conversationId } = frame;
    if (this.#isTracked(conversationId)) this.#kept.get(conversationId)?.resumption.answered(frame);
  }

  #isTracked(conversationId) {
    return (
      conversationId === this.#openId || this.#followed.has(conversationId) ||
      this.#outbox.next(conversationId) !== undefined
    );
  }

  #keep(conversationId) {
    const kept = this.#kept.get(conversationId) ?? this.#make(conversationId);
    this.#kept.delete(conversationId); // and to the end: the least recently used is first
    this.#kept.set(conversationId, kept);
    this.#forgetSome();
    return kept;
  }

  #make(conversationId, fork = this.#outbox.forkOf(conversationId)) {
    const conversation = new Conversation(conversationId, { fork, ...this.#beginning(fork) });
    const resumption = new Resumption({
      conversation, send: this.#send, clock: this.#clock, random: this.#random,
      silence: this.#silence, reconnect: this.#reconnect,
    });
    return { conversation, resumption };
  }

  /** What of a fork is known from its parent: an unbroken run up to its end, of whole turns. */
  #beginning(fork) {
    const parent = fork === null ? undefined : this.get(fork.forkOf);
    if (parent === undefined || parent.epoch !== fork.forkEpoch) return {};
    const turns = parent.turns.filter(({ seq }) => seq <= fork.forkAt);
    const broken = turns.findLastIndex((turn) => !isWhole(turn));
    return { turns: turns.slice(broken + 1), title: parent.title };
  }

  #forgetSome() {
    for (const [conversationId, { resumption }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) return;
      if (this.#isTracked(conversationId)) continue;
      resumption.stop();
      this.#kept.delete(conversationId);
    }
  }
}

/** Whether all of a turn has come. */
function isWhole({ status, replyLength }) {
  return status !== 'pending' && replyLength === undefined;
}
