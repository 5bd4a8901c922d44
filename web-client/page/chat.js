import { CONNECTED, OutboxFull, RequestFailed } from '../client/chat-client.js';
import { Composer } from './composer.js';
import { askTitle, confirmDeletion } from './dialogs.js';
import { byId, setText } from './elements.js';
import { keepOpenId, keptOpenId } from './kept.js';
import { Lineage } from './lineage.js';
import { LogView } from './log-view.js';
import { inWords } from './notices.js';
import { Seeker } from './seeker.js';
import { Sidebar } from './sidebar.js';
import { Speech } from './speech.js';

const DEFAULT_ID = 'main';
/** Turns a page, on the way to one that is sought. */
const SOUGHT_TURNS = 100;

/** The page's views, wired to a client: one conversation open, the others in the list. */
export class Chat {
  #client;
  #storage;
  #status;
  #newId;
  #conversation;
  #isLoadingEarlier = false;
  #isDue = false;
  #notices;
  #log;
  #composer;
  #sidebar;
  #lineage;
  #seeker;
  #isBranching = false;
  /** Conversations that never came to be, but whose text a person has back. */
  #unborn = new Set();

  constructor({ client, storage, status, notices, newId }) {
    this.#client = client;
    this.#notices = notices;
    this.#storage = storage;
    this.#status = status;
    this.#newId = newId;
    this.#log = this.#makeLog();
    this.#composer = this.#makeComposer();
    this.#sidebar = new Sidebar({ open: (conversationId) => this.#openFromList(conversationId) });
    this.#lineage = new Lineage({ open: (...place) => this.#openAt(...place) });
    this.#seeker = new Seeker({
      bring: () => this.#client.history(this.#id, SOUGHT_TURNS),
      arrive: (turn) => this.#log.goTo(turn),
    });
  }

  /** Open the conversation that this tab had open, and listen. */
  begin() {
    const client = this.#client;
    client.addEventListener('status', () => {
      this.#status.show(client.state, () => client.retryAt);
      this.#refresh();
    });
    client.addEventListener('conversation', () => this.#refresh());
    client.addEventListener('conversations', () => this.#refresh());
    client.addEventListener('returned', ({ detail }) => this.#takeBack(detail));
    byId('new-conversation').addEventListener('click', () => this.#openFromList(this.#newId()));
    byId('more-conversations').addEventListener('click', () => this.#attempt(client.listMore()));
    byId('rename').addEventListener('click', () => this.#rename());
    byId('delete').addEventListener('click', () => this.#delete());
    byId('show-earlier').addEventListener('click', () => this.#showEarlier());
    document.addEventListener('visibilitychange', () => this.#log.check());
    byId('composer').inert = false;
    this.#open(keptOpenId(this.#storage));
    this.#composer.focus();
  }

  get #id() {
    return this.#conversation.id;
  }

  #makeLog() {
    const speech = new Speech(byId('speech'));
    return new LogView({
      log: byId('log'),
      turns: byId('turns'),
      empty: byId('empty'),
      earlier: byId('earlier'),
      typing: byId('typing'),
      toLatest: byId('to-latest'),
      actions: {
        retry: (messageId) => this.#client.retry(messageId),
        discard: (messageId) => this.#client.discard(messageId),
        rate: (seq, rating) => this.#attempt(this.#client.rate(this.#id, seq, rating)),
        again: (text) => this.#send(text) && this.#composer.focus(),
        edit: (seq, text) => this.#replyAnew(() => this.#client.edit(this.#id, seq, text)),
        regenerate: (seq) => this.#replyAnew(() => this.#client.regenerate(this.#id, seq)),
        branch: (seq) => this.#branch(seq),
        speak: (text) => speech.say(text),
        showEarlier: () => this.#showEarlier(),
        seen: (seq) => document.hidden || this.#client.markRead(this.#id, seq),
      },
    });
  }

  #makeComposer() {
    return new Composer({
      form: byId('composer'),
      text: byId('composer-text'),
      send: byId('send'),
      stop: byId('stop'),
      counter: byId('composer-counter'),
      storage: this.#storage,
      submit: (text) => this.#send(text),
      stopReply: () => this.#stopReply(),
    });
  }

  #open(conversationId) {
    keepOpenId(this.#storage, conversationId);
    this.#conversation = this.#client.open(conversationId);
    this.#composer.show(conversationId);
    this.#seeker.stop();
    this.#render();
    this.#log.follow();
  }

  #openFromList(conversationId) {
    this.#open(conversationId);
    this.#sidebar.draw(false, { keepFocus: true });
    this.#composer.focus();
  }

  /** Open a conversation where a turn stands. */
  #openAt(conversationId, seq) {
    this.#open(conversationId);
    this.#seeker.seek(seq);
    this.#render();
  }

  #send(text) {
    if (this.#write(() => this.#client.send(this.#id, text)) === null) return false;
    this.#render();
    this.#log.follow();
    return true;
  }

  /** Have a turn replied to anew, in a branch; whether it was taken. */
  #replyAnew(write) {
    const branchId = this.#write(write);
    if (branchId !== null) this.#openFromList(branchId);
    return branchId !== null;
  }

  async #branch(seq) {
    if (this.#isBranching) return;
    this.#isBranching = true;
    const from = this.#id;
    let branchId;
    const isMade = await this.#attempt(
      this.#client.fork(from, seq).then((id) => { branchId = id; }),
    );
    this.#isBranching = false;
    // Who went on to another conversation meanwhile finds the branch in the list.
    if (isMade && this.#id === from) this.#openFromList(branchId);
  }

  /** Do what puts a message into the outbox; null, and a person told, where it cannot be. */
  #write(write) {
    try {
      return write();
    } catch (error) {
      if (error instanceof OutboxFull) {
        this.#notices.show('Too much is waiting to be sent. Wait for a connection, then try again.');
      } else if (error instanceof RequestFailed) {
        this.#notices.show(`That did not work. ${inWords(error)}`, error);
      } else throw error;
      return null;
    }
  }

  /** What was to branch from something that is gone is a person's again. */
  #takeBack({ conversationId, texts }) {
    this.#composer.giveBack(conversationId, texts.join('\n\n'));
    this.#unborn.add(conversationId);
    const where = conversationId === this.#id
      ? 'Your text is in the box again: sent from there, it begins a new conversation.'
      : `Your text is kept in “${this.#nameOf(conversationId)}”, in the list.`;
    this.#notices.show(`What this was to begin with is not there any more. ${where}`);
    this.#refresh();
  }

  #stopReply() {
    if (this.#client.stopReply(this.#id, this.#conversation.last)) return;
    this.#notices.show(`That did not work. ${inWords({ code: 'offline' })}`);
  }

  async #showEarlier() {
    if (this.#isLoadingEarlier || this.#client.state !== CONNECTED) return;
    this.#isLoadingEarlier = true;
    await this.#client.history(this.#id).catch(() => {}); // Scrolling on asks again.
    this.#isLoadingEarlier = false;
  }

  async #rename() {
    const conversationId = this.#id;
    const title = await askTitle(this.#conversation.title);
    if (title !== null) this.#attempt(this.#client.rename(conversationId, title));
  }

  async #delete() {
    const conversationId = this.#id;
    if (!(await confirmDeletion(this.#nameOf(conversationId)))) return;
    if (!(await this.#attempt(this.#client.remove(conversationId)))) return;
    this.#composer.forget(conversationId);
    const next = this.#client.conversations.find((e) => e.conversationId !== conversationId);
    this.#open(next?.conversationId ?? DEFAULT_ID);
    this.#composer.focus();
  }

  /** Wait for what a person asked for; say so when it failed. */
  async #attempt(promise) {
    try {
      await promise;
      return true;
    } catch (error) {
      this.#notices.show(`That did not work. ${inWords(error)}`, error);
      return false;
    }
  }

  /** Render once for all the frames that came together. */
  #refresh() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  #render() {
    const isConnected = this.#client.state === CONNECTED;
    this.#log.show(this.#conversation, this.#client.unsent(this.#id), isConnected);
    this.#composer.replying = this.#conversation.replying;
    const { fork, epoch } = this.#conversation;
    const exists = epoch !== '';
    byId('rename').hidden = !exists;
    byId('delete').hidden = !exists;
    const name = this.#nameOf(this.#id);
    setText(byId('title'), name);
    document.title = `${name} · Parley`;
    this.#lineage.show(fork, this.#parentName(fork));
    this.#sidebar.show(this.#entries(), this.#id, this.#client.hasMoreConversations);
    this.#seeker.shown(this.#conversation);
  }

  /** The name of what a branch comes from; null where there is nothing that one could go to. */
  #parentName(fork) {
    if (fork === null) return null;
    const entry = this.#listed(fork.forkOf);
    if (entry !== undefined) return this.#nameOf(fork.forkOf, entry);
    return this.#client.hasMoreConversations ? 'an older conversation' : null;
  }

  #entries() {
    const entries = this.#client.conversations.map((entry) => ({
      ...entry,
      name: this.#nameOf(entry.conversationId, entry),
      unread: Math.max(0, entry.head - entry.read),
      isBranch: entry.forkOf !== undefined,
    }));
    const listed = new Set(entries.map((entry) => entry.conversationId));
    const others = new Set([this.#id, ...this.#unborn, ...this.#client.unsentIds]);
    const unlisted = [...others].filter((id) => !listed.has(id)).map((conversationId) => ({
      conversationId,
      name: this.#nameOf(conversationId),
      unread: 0,
      updatedAt: '',
      isBranch: conversationId === this.#id && this.#conversation.fork !== null,
    }));
    return [...unlisted, ...entries];
  }

  #nameOf(conversationId, entry = this.#listed(conversationId)) {
    const { title, turns } = conversationId === this.#id ? this.#conversation : { turns: [] };
    const known = title || entry?.title || turns[0]?.text;
    const text = known || this.#client.unsent(conversationId)[0]?.text;
    return (text || this.#composer.draftIn(conversationId)).slice(0, 60) || 'Untitled';
  }

  #listed(conversationId) {
    return this.#client.conversations.find((entry) => entry.conversationId === conversationId);
  }
}
