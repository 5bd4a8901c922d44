import { Branches } from './branches.js';
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
import { Stops } from './stops.js';

export { CONNECTED, CONNECTING, OFFLINE, SIGNED_OUT } from './connection.js';
export { NoCredential } from './credential.js';
export { FAILED, OutboxFull, WAITING } from './outbox.js';
export { RequestFailed } from './requests.js';

/** Older turns at a time. */
const HISTORY_TURNS = 30;

/**
 * A user's conversations over one WebSocket after another.
 *
 * Events: `status` when `state` changed; `conversation` (detail: the id) when its turns, its outbox
 * or what is known of it changed; `conversations` when the list did; `problem` (detail: the frame)
 * for an `error` that concerns nothing this client waits for; `returned` (detail:
 * `{conversationId, texts}`) when messages cannot be sent since what their conversation was to
 * branch from is gone: they are not kept any more; `event` (detail: the frame) for what a backend
 * tells those who are there, and which is not kept.
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
  #branches;
  #stops;
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

  /** The user's conversations as far as they were listed, newest first. */
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

  /** Change to a new connection without a gap: the present one is to end. */
  relieve() {
    this.#connection.relieve();
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

  /** Keep a conversation up to date besides the open one, for as long as this client lives. */
  follow(conversationId) {
    return this.#conversations.follow(conversationId);
  }

  /** A conversation's messages that the backend has not acknowledged yet. */
  unsent(conversationId) {
    return this.#outbox.of(conversationId);
  }

  /** The conversations that have such messages; some may not be in the list yet. */
  get unsentIds() {
    return this.#outbox.conversationIds;
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
    const { unmade } = this.#conversations.get(conversationId) ?? {};
    return this.#write(conversationId, text, unmade ?? this.#outbox.forkOf(conversationId));
  }

  /**
   * Branch: make a conversation that begins with this one's turns up to `seq`.
   * @returns {Promise<string>} its id, to open it by
   * @throws {RequestFailed}
   */
  async fork(conversationId, seq) {
    const id = await this.#branches.make(conversationId, seq);
    this.#emit('conversations');
    return id;
  }

  /**
   * Have turn `seq` replied to once more, in a conversation of its own that begins with the turns
   * before it. What is there stays as it is.
   * @returns {string} its id, to open it by
   * @throws {RequestFailed} there is no such turn, or its reply is being written
   * @throws {OutboxFull}
   */
  regenerate(conversationId, seq) {
    return this.#branches.begin(conversationId, seq, (id, fork, text) => {
      this.#write(id, text, fork);
    });
  }

  /** The same with another text in place of what was said in turn `seq`. */
  edit(conversationId, seq, text) {
    return this.#branches.begin(conversationId, seq, (id, fork) => this.#write(id, text, fork));
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

  /** Bring so many older turns of a conversation, or less; false when there are none. */
  async history(conversationId, limit = HISTORY_TURNS) {
    const conversation = this.#conversations.keep(conversationId);
    const before = conversation.olderThan;
    if (before === null) return false;
    const page = questions.history(conversation, limit);
    await this.#requests.ask(page);
    // Without turns it may have been the answer to something else: only a second one is believed.
    if (conversation.olderThan === before) await this.#requests.ask(page);
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
    return this.#stops.ask(conversationId, seq);
  }

  /** The person has seen everything up to `seq`. Said as soon as can be, and only forward. */
  markRead(conversationId, seq) {
    const { read = 0, unmade = null } = this.#conversations.get(conversationId) ?? {};
    if (unmade === null) this.#readMarks.set(conversationId, seq, read);
  }

  /** List the user's conversations from the first page on. */
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
    const conversation = (conversationId) => this.#conversations.get(conversationId);
    this.#outbox = new Outbox({ storage });
    this.#requests = new Requests({ send, clock });
    this.#readMarks = new ReadMarks({ send });
    this.#conversations = new KeptConversations({
      outbox: this.#outbox, reconnect: () => this.reconnect(), send, clock, random, silence,
    });
    this.#sender = new Sender({
      outbox: this.#outbox,
      changed: (conversationId) => this.#emit('conversation', conversationId),
      returned: (conversationId, texts) => this.#giveBack(conversationId, texts),
      conversation, send, clock, random,
    });
    this.#branches = new Branches({
      conversations: this.#conversations, requests: this.#requests, uuid: this.#uuid,
    });
    this.#stops = new Stops({ conversation, send, clock });
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
      relist: () => this.#relist(),
      expired: () => this.#expired(),
    });
    return {
      state: (state) => this.#becameState(state),
      frame: (frame) => receiver.receive(frame),
      lost: (code) => this.#disconnected(code),
      succeeded: () => this.#connected(),
    };
  }

  #becameState(state) {
    this.#emit('status');
    if (state !== CONNECTED) return;
    this.#connected();
    this.#relist();
  }

  #connected() {
    this.#credential.worked();
    this.#conversations.connected();
    this.#sender.connected();
    this.#readMarks.connected();
    this.#stops.connected();
  }

  #relist() {
    this.list().catch(() => {}); // The next connection lists again.
  }

  #write(conversationId, text, fork) {
    const messageId = this.#uuid();
    const createdAt = new Date(this.#clock.now()).toISOString();
    this.#outbox.add({ messageId, conversationId, text, createdAt }, fork);
    this.#conversations.track(conversationId);
    this.#emit('conversation', conversationId);
    this.#sender.pump(conversationId);
    return messageId;
  }

  #giveBack(conversationId, texts) {
    this.#conversations.get(conversationId)?.orphan();
    this.#emit('returned', { conversationId, texts });
  }

  #expired() {
    this.#credential.expire();
    this.#connection.lose();
  }

  #disconnected(code) {
    this.#conversations.disconnected();
    this.#sender.disconnected(code);
    this.#stops.disconnected();
    this.#requests.failAll('offline');
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
