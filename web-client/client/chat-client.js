import { systemClock } from './clock.js';
import { Connection, CONNECTED } from './connection.js';
import { ConversationList } from './conversation-list.js';
import { Conversation } from './conversation.js';
import { GATEWAY_ERROR } from './frames.js';
import { randomUuid } from './guest.js';
import { Outbox } from './outbox.js';
import { Requests } from './requests.js';
import { Resumption } from './resumption.js';
import { Sender } from './sender.js';

export { CONNECTED, CONNECTING, OFFLINE } from './connection.js';
export { FAILED, OutboxFull, WAITING } from './outbox.js';
export { RequestFailed } from './requests.js';

const HISTORY_TURNS = 30;
/** Of 20 conversations each: more are listed when someone asks for them. */
const LISTED_PAGES = 10;
/** Conversations kept in memory besides the open one. */
const MAX_KEPT = 10;

/**
 * A user's conversations over one WebSocket after another.
 *
 * Events: `status` when `state` changed; `conversation` (detail: the id) when its turns, its outbox
 * or what is known of it changed; `conversations` when the list did; `problem` (detail: the frame)
 * for an `error` that concerns nothing this client waits for.
 */
export class ChatClient extends EventTarget {
  #clock;
  #random;
  #uuid;
  #connection;
  #outbox;
  #sender;
  #requests;
  #list = new ConversationList();
  #kept = new Map();
  #openId = null;
  #wantedRead = new Map();
  #cursor = null;
  #listing = false;

  /**
   * @param {object} options
   * @param {string} options.url the WebSocket's address
   * @param {string} options.credential a guest's unique id, or a token
   * @param {{getItem: Function, setItem: Function, removeItem: Function}} options.storage
   * @param {(url: string, protocols: string[]) => WebSocket} [options.createSocket]
   * @param {() => number} [options.longestWait] the longest wait between two tries to connect
   */
  constructor({
    url, credential, storage,
    createSocket = (...address) => new WebSocket(...address),
    clock = systemClock, random = Math.random, uuid = () => randomUuid(),
    longestWait, heartbeat,
  }) {
    super();
    this.#clock = clock;
    this.#random = random;
    this.#uuid = uuid;
    this.#outbox = new Outbox({ storage });
    const send = (frame) => this.#connection.send(frame);
    this.#requests = new Requests({ send, clock });
    this.#sender = new Sender({
      outbox: this.#outbox,
      send,
      position: (conversationId) => this.#positionIn(conversationId),
      clock,
      random,
      changed: (conversationId) => this.#emit('conversation', conversationId),
    });
    this.#connection = new Connection({
      open: () => createSocket(url, ['chat.v1', credential]),
      listener: {
        state: (state) => this.#becameState(state),
        frame: (frame) => this.#receive(frame),
        lost: (code) => this.#lost(code),
      },
      clock,
      random,
      longestWait,
      heartbeat,
    });
  }

  /** `connecting`, `connected` or `offline`. */
  get state() {
    return this.#connection.state;
  }

  /** When the next try to connect begins, by the clock, or null. */
  get retryAt() {
    return this.#connection.retryAt;
  }

  /** The user's conversations, newest first. */
  get conversations() {
    return this.#list.entries;
  }

  /** Whether `listMore` would bring more of them. */
  get hasMoreConversations() {
    return this.#cursor !== null;
  }

  start() {
    this.#connection.start();
  }

  stop() {
    this.#connection.stop();
    for (const { resumption } of this.#kept.values()) resumption.stop();
  }

  /** Someone looks at the page again, or the network is back. */
  wake() {
    this.#connection.wake();
    if (this.state === CONNECTED) this.#kept.get(this.#openId)?.resumption.ask();
  }

  /** The browser reports that there is no network. */
  networkLost() {
    this.#connection.networkLost();
  }

  /** Change to a new connection at once. */
  reconnect() {
    this.#connection.reconnect();
  }

  /** Show a conversation: from now on it is kept up to date. */
  open(conversationId) {
    const left = this.#kept.get(this.#openId);
    this.#openId = conversationId;
    if (left !== undefined && !this.#isTracked(left.conversation.id)) left.resumption.stop();
    const kept = this.#keep(conversationId);
    if (this.state === CONNECTED) kept.resumption.ask();
    return kept.conversation;
  }

  /** A conversation's messages that the backend has not acknowledged yet. */
  unsent(conversationId) {
    return this.#outbox.of(conversationId);
  }

  /**
   * Write a message; it will be sent as soon as can be.
   * @returns {string} its `messageId`
   * @throws {OutboxFull}
   */
  send(conversationId, text) {
    const messageId = this.#uuid();
    const createdAt = new Date(this.#clock.now()).toISOString();
    this.#outbox.add({ messageId, conversationId, text, createdAt });
    this.#track(conversationId);
    this.#emit('conversation', conversationId);
    this.#sender.pump(conversationId);
    return messageId;
  }

  /** Try a failed message again, as the same message. */
  retry(messageId) {
    const { conversationId } = this.#outbox.find(messageId) ?? {};
    if (conversationId !== undefined) this.#track(conversationId);
    this.#sender.retry(messageId);
  }

  /** Give up a message. Where it had arrived all the same, its turn will show. */
  discard(messageId) {
    this.#sender.discard(messageId);
  }

  /** Bring older turns of a conversation; false when there are none. */
  async history(conversationId) {
    const { conversation } = this.#keep(conversationId);
    const before = conversation.olderThan;
    if (before === null) return false;
    await this.#requests.ask(
      { action: 'history', conversationId, before, limit: HISTORY_TURNS },
      (frame) => isSnapshot(frame, conversationId) && isHistory(frame, before, conversation),
    );
    if (conversation.olderThan === before) conversation.endOfHistory();
    this.#emit('conversation', conversationId);
    return true;
  }

  /** Give a conversation a title. */
  async rename(conversationId, title) {
    await this.#requests.ask(
      { action: 'rename', conversationId, title },
      (frame) => isSnapshot(frame, conversationId) && frame.title === title,
    );
  }

  /** Delete a conversation, and what was still to be sent to it. */
  async remove(conversationId) {
    try {
      await this.#requests.ask(
        { action: 'delete', conversationId },
        (frame) => isSnapshot(frame, conversationId) && frame.reset && frame.head === 0,
      );
    } catch (error) {
      // Nothing there is what was wanted.
      if (error.code !== 'not_found') throw error;
      this.#list.remove(conversationId);
    }
    for (const { messageId } of this.unsent(conversationId)) this.discard(messageId);
    this.#wantedRead.delete(conversationId);
    this.#emit('conversations');
  }

  /** Say what a reply was worth: `up`, `down`, or null to take it back. */
  async rate(conversationId, seq, rating) {
    await this.#requests.ask(
      { action: 'feedback', conversationId, seq, rating },
      (frame) =>
        frame.type === 'turn' && frame.conversationId === conversationId &&
        frame.turn.seq === seq && (frame.turn.feedback ?? null) === rating,
    );
  }

  /** Stop the reply that is being written. */
  stopReply(conversationId, seq) {
    return this.#connection.send({ action: 'stop', conversationId, seq });
  }

  /** The person has seen everything up to `seq`. Said as soon as can be, and only forward. */
  markRead(conversationId, seq) {
    const known = this.#kept.get(conversationId)?.conversation.read ?? 0;
    if (seq <= Math.max(known, this.#wantedRead.get(conversationId) ?? 0)) return;
    this.#wantedRead.set(conversationId, seq);
    this.#connection.send({ action: 'read', conversationId, seq });
  }

  /** List the user's conversations from the newest on. */
  async list() {
    if (this.#listing) return;
    this.#cursor = null;
    this.#list.begin();
    await this.listMore();
    if (this.#cursor === null) this.#list.finish();
    this.#emit('conversations');
  }

  /** List the next ones. */
  async listMore() {
    this.#listing = true;
    try {
      for (let page = 0; page < LISTED_PAGES; page += 1) {
        const cursor = this.#cursor;
        const frame = await this.#requests.ask(
          { action: 'conversations', cursor },
          ({ type }) => type === 'conversations',
        );
        this.#list.applyPage(frame);
        this.#cursor = frame.cursor ?? null;
        this.#emit('conversations');
        if (this.#cursor === null) return;
      }
    } finally {
      this.#listing = false;
    }
  }

  #becameState(state) {
    this.#emit('status');
    if (state !== CONNECTED) return;
    for (const conversationId of this.#outbox.conversationIds) this.#keep(conversationId);
    for (const [conversationId, { resumption }] of this.#kept) {
      if (this.#isTracked(conversationId)) resumption.ask();
    }
    this.#sender.connected();
    for (const [conversationId, seq] of this.#wantedRead) {
      this.#connection.send({ action: 'read', conversationId, seq });
    }
    this.list().catch(() => {}); // The next connection lists again.
  }

  #lost(code) {
    for (const { resumption } of this.#kept.values()) resumption.stop();
    this.#sender.disconnected(code);
    this.#requests.failAll('offline');
  }

  #receive(frame) {
    switch (frame.type) {
      case 'turn': return this.#receiveTurn(frame);
      case 'snapshot': return this.#receiveSnapshot(frame);
      case 'delta': return this.#change(frame, (conversation) => conversation.applyDelta(frame));
      case 'accepted': return this.#receiveAccepted(frame);
      case 'conversations': return this.#requests.received(frame);
      case 'error': return this.#receiveError(frame);
      case GATEWAY_ERROR: return this.#receiveGatewayError(frame);
      default: return undefined;
    }
  }

  #receiveTurn(frame) {
    this.#list.applyTurn(frame);
    this.#change(frame, (conversation) => conversation.applyTurn(frame));
    this.#sender.answered(frame.turn.messageId);
    this.#requests.received(frame);
    this.#emit('conversations');
  }

  #receiveSnapshot(frame) {
    this.#list.applySnapshot(frame);
    const { conversationId } = frame;
    this.#requests.received(frame);
    if (frame.reset) this.#wantedRead.delete(conversationId);
    if (frame.read >= (this.#wantedRead.get(conversationId) ?? 0)) {
      this.#wantedRead.delete(conversationId);
    }
    const kept = this.#kept.get(conversationId);
    kept?.conversation.applySnapshot(frame);
    for (const { messageId } of frame.turns) this.#sender.answered(messageId);
    if (this.#isTracked(conversationId)) kept?.resumption.answered(frame);
    this.#sender.pump(conversationId);
    this.#emit('conversation', conversationId);
    this.#emit('conversations');
  }

  #receiveAccepted(frame) {
    const entry = this.#outbox.find(frame.messageId);
    if (entry === undefined) return;
    this.#change(frame, (conversation) => conversation.applyAccepted(frame, entry));
    this.#sender.answered(frame.messageId);
  }

  #receiveError(frame) {
    const named = frame.messageId ?? undefined;
    if (named !== undefined) return this.#sender.refused(named, frame);
    // Expired: the server closes now, and what was under way goes out on the next connection.
    if (frame.code === 'token_expired') return this.#emit('problem', frame);
    if (this.#requests.refused(frame)) return undefined;
    this.#wantedRead.delete(frame.conversationId);
    return this.#emit('problem', frame);
  }

  #receiveGatewayError(frame) {
    this.#requests.failAll('internal_error');
    this.#sender.gatewayFailed(frame);
  }

  /** Apply a frame to a conversation that is kept, and follow up on what it changed. */
  #change({ conversationId }, apply) {
    const kept = this.#kept.get(conversationId);
    if (kept === undefined) return;
    apply(kept.conversation);
    if (this.#isTracked(conversationId)) kept.resumption.changed();
    this.#sender.pump(conversationId);
    this.#emit('conversation', conversationId);
  }

  #positionIn(conversationId) {
    const { conversation } = this.#kept.get(conversationId) ?? {};
    return conversation?.position
      ? { ...conversation.position, replying: conversation.replying }
      : null;
  }

  /** Whether a conversation must be up to date: it is looked at, or has messages to send. */
  #isTracked(conversationId) {
    return conversationId === this.#openId || this.#outbox.next(conversationId) !== undefined;
  }

  #track(conversationId) {
    const { conversation, resumption } = this.#keep(conversationId);
    if (!conversation.loaded && this.state === CONNECTED) resumption.ask();
  }

  #keep(conversationId) {
    let kept = this.#kept.get(conversationId);
    if (kept === undefined) {
      const conversation = new Conversation(conversationId);
      const resumption = new Resumption({
        conversation,
        send: (frame) => this.#connection.send(frame),
        clock: this.#clock,
        random: this.#random,
      });
      kept = { conversation, resumption };
    }
    this.#kept.delete(conversationId); // and to the end: the least recently used is first
    this.#kept.set(conversationId, kept);
    this.#forgetSome();
    return kept;
  }

  #forgetSome() {
    for (const [conversationId, { resumption }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT) return;
      if (this.#isTracked(conversationId)) continue;
      resumption.stop();
      this.#kept.delete(conversationId);
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** An empty page says nothing new; an answer to `read` or `rename`, empty too, does. */
function isHistory({ turns, read, title }, before, conversation) {
  if (turns.length > 0) return turns[0].seq < before;
  return read === conversation.read && title === conversation.title;
}

function isSnapshot(frame, conversationId) {
  return frame.type === 'snapshot' && frame.conversationId === conversationId;
}
