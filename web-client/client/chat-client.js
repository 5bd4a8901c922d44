import { systemClock } from './clock.js';
import { Connection, CONNECTED } from './connection.js';
import { ConversationList } from './conversation-list.js';
import { Credential } from './credential.js';
import { randomUuid } from './guest.js';
import { KeptConversations } from './kept-conversations.js';
import { Listing } from './listing.js';
import { Outbox } from './outbox.js';
import * as questions from './questions.js';
import { ReadMarks } from './read-marks.js';
import { Receiver } from './receiver.js';
import { Requests } from './requests.js';
import { Sender } from './sender.js';

export { CONNECTED, CONNECTING, OFFLINE, SIGNED_OUT } from './connection.js';
export { NoCredential } from './credential.js';
export { FAILED, OutboxFull, WAITING } from './outbox.js';
export { RequestFailed } from './requests.js';

/**
 * A user's conversations over one WebSocket after another.
 *
 * Events: `status` when `state` changed; `conversation` (detail: the id) when its turns, its outbox
 * or what is known of it changed; `conversations` when the list did; `problem` (detail: the frame)
 * for an `error` that concerns nothing this client waits for; `event` (detail: the frame) for what a
 * backend tells those who are there, and which is not kept.
 */
export class ChatClient extends EventTarget {
  #clock;
  #uuid;
  #connection;
  #credential;
  #outbox;
  #sender;
  #requests;
  #conversations;
  #readMarks;
  #list = new ConversationList();
  #listing;

  /**
   * @param {object} options
   * @param {string} options.url the WebSocket's address
   * @param {string | import('./credential.js').Source} options.credential a guest's unique id, or
   *   a token, or what brings one: asked at each connect
   * @param {{getItem: Function, setItem: Function, removeItem: Function}} options.storage
   * @param {(url: string, protocols: string[]) => WebSocket} [options.createSocket]
   * @param {() => number} [options.longestWait] the longest wait between two tries to connect
   * @param {{idle?: number, patience?: number}} [options.heartbeat] milliseconds
   * @param {number} [options.replySilence] milliseconds after which a reply that should be growing
   *   is asked about: more often than that no bot should be silent
   */
  constructor({
    url, credential, storage,
    createSocket = (...address) => new WebSocket(...address),
    clock = systemClock, random = Math.random, uuid = () => randomUuid(),
    longestWait, heartbeat, replySilence = 12_000,
  }) {
    super();
    this.#clock = clock;
    this.#uuid = uuid;
    this.#compose(storage, random, replySilence);
    this.#credential = new Credential(credential);
    this.#connection = new Connection({
      open: (text) => createSocket(url, ['chat.v1', text]),
      credential: () => this.#credential.take(),
      listener: this.#listener(),
      clock, random, longestWait, heartbeat,
    });
  }

  /** `connecting`, `connected`, `offline`, or `signed-out`: there is no credential to be had. */
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
    return this.#listing.hasMore;
  }

  start() {
    this.#connection.start();
  }

  stop() {
    this.#disconnected();
    this.#connection.stop();
  }

  /** Someone looks at the page again, or the network is back. */
  wake() {
    this.#connection.wake();
    this.#conversations.refresh();
  }

  /** The browser reports that there is no network. */
  networkLost() {
    this.#connection.networkLost();
  }

  /** Change to a new connection at once. */
  reconnect() {
    this.#connection.reconnect();
  }

  /**
   * Go on with this connection under a fresh token of the same user.
   * @throws {RequestFailed} it goes on under the old one, and may be changed by `reconnect`
   */
  async renew(token) {
    await this.#requests.insist(questions.renewal(token));
    this.#conversations.refresh(); // What came while the old one ran out was not sent here.
  }

  /** Show a conversation: from now on it is kept up to date. */
  open(conversationId) {
    return this.#conversations.open(conversationId);
  }

  /** A conversation's messages that the backend has not acknowledged yet. */
  unsent(conversationId) {
    return this.#outbox.of(conversationId);
  }

  /** How many messages, of all conversations, the backend has not acknowledged. */
  get unsentCount() {
    return this.#outbox.size;
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
    this.#conversations.track(conversationId);
    this.#emit('conversation', conversationId);
    this.#sender.pump(conversationId);
    return messageId;
  }

  /** Try a failed message again, as the same message. */
  retry(messageId) {
    const { conversationId } = this.#outbox.find(messageId) ?? {};
    if (conversationId === undefined) return;
    this.#conversations.track(conversationId);
    this.#sender.retry(messageId);
  }

  /** Give up a message. Where it had arrived all the same, its turn will show. */
  discard(messageId) {
    this.#sender.discard(messageId);
  }

  /** Bring older turns of a conversation; false when there are none. */
  async history(conversationId) {
    const conversation = this.#conversations.keep(conversationId);
    const before = conversation.olderThan;
    if (before === null) return false;
    await this.#requests.ask(questions.history(conversation));
    if (conversation.olderThan === before) conversation.endOfHistory();
    this.#emit('conversation', conversationId);
    return true;
  }

  /** Give a conversation a title. */
  async rename(conversationId, title) {
    await this.#requests.ask(questions.renaming(conversationId, title));
  }

  /** Delete a conversation, and what was still to be sent to it. */
  async remove(conversationId) {
    try {
      await this.#requests.ask(questions.deletion(conversationId));
    } catch (error) {
      // Nothing there is what was wanted.
      if (error.code !== 'not_found') throw error;
      this.#list.remove(conversationId);
    }
    for (const { messageId } of this.unsent(conversationId)) this.discard(messageId);
    this.#readMarks.forget(conversationId);
    this.#emit('conversations');
  }

  /** Say what a reply was worth: `up`, `down`, or null to take it back. */
  async rate(conversationId, seq, rating) {
    await this.#requests.ask(questions.feedback(conversationId, seq, rating));
  }

  /** Stop the reply that is being written; false while there is no connection. */
  stopReply(conversationId, seq) {
    return this.#connection.send({ action: 'stop', conversationId, seq });
  }

  /** The person has seen everything up to `seq`. Said as soon as can be, and only forward. */
  markRead(conversationId, seq) {
    this.#readMarks.set(conversationId, seq, this.#conversations.get(conversationId)?.read ?? 0);
  }

  /** List the user's conversations from the newest on. */
  async list() {
    await this.#listing.begin();
  }

  /** List the next ones. */
  async listMore() {
    await this.#listing.more();
  }

  #compose(storage, random, silence) {
    const clock = this.#clock;
    const send = (frame) => this.#connection.send(frame);
    this.#outbox = new Outbox({ storage });
    this.#requests = new Requests({ send, clock });
    this.#readMarks = new ReadMarks({ send });
    this.#conversations = new KeptConversations({
      outbox: this.#outbox, reconnect: () => this.reconnect(), send, clock, random, silence,
    });
    this.#sender = new Sender({
      outbox: this.#outbox,
      conversation: (conversationId) => this.#conversations.get(conversationId),
      changed: (conversationId) => this.#emit('conversation', conversationId),
      send, clock, random,
    });
    this.#listing = new Listing({
      list: this.#list,
      requests: this.#requests,
      changed: () => this.#emit('conversations'),
    });
  }

  #listener() {
    const receiver = new Receiver({
      conversations: this.#conversations,
      list: this.#list,
      outbox: this.#outbox,
      sender: this.#sender,
      requests: this.#requests,
      readMarks: this.#readMarks,
      emit: (type, detail) => this.#emit(type, detail),
      expired: () => this.#expired(),
    });
    return {
      state: (state) => this.#becameState(state),
      frame: (frame) => receiver.receive(frame),
      lost: (code) => this.#disconnected(code),
    };
  }

  #becameState(state) {
    this.#emit('status');
    if (state !== CONNECTED) return;
    this.#credential.worked();
    this.#conversations.connected();
    this.#sender.connected();
    this.#readMarks.connected();
    this.list().catch(() => {}); // The next connection lists again.
  }

  #expired() {
    this.#credential.expire();
    this.#connection.lose();
  }

  #disconnected(code) {
    this.#conversations.disconnected();
    this.#sender.disconnected(code);
    this.#requests.failAll('offline');
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
