import { CONNECTED, OutboxFull } from '../client/chat-client.js';
import { Composer } from './composer.js';
import { askTitle, confirmDeletion } from './dialogs.js';
import { byId, setText } from './elements.js';
import { keepOpenId, keptOpenId } from './kept.js';
import { LogView } from './log-view.js';
import { inWords } from './notices.js';
import { Sidebar } from './sidebar.js';
import { Speech } from './speech.js';

const DEFAULT_ID = 'main';

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

  constructor({ client, storage, status, notices, newId }) {
    this.#client = client;
    this.#notices = notices;
    this.#storage = storage;
    this.#status = status;
    this.#newId = newId;
    this.#log = this.#makeLog();
    this.#composer = this.#makeComposer();
    this.#sidebar = new Sidebar({ open: (conversationId) => this.#openFromList(conversationId) });
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
    this.#render();
    this.#log.follow();
  }

  #openFromList(conversationId) {
    this.#open(conversationId);
    this.#sidebar.draw(false, { keepFocus: true });
    this.#composer.focus();
  }

  #send(text) {
    try {
      this.#client.send(this.#id, text);
    } catch (error) {
      if (!(error instanceof OutboxFull)) throw error;
      this.#notices.show('Too much is waiting to be sent. Wait for a connection, then try again.');
      return false;
    }
    this.#render();
    this.#log.follow();
    return true;
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
      this.#notices.show(`That did not work. ${inWords(error)}`);
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
    const exists = this.#conversation.head > 0;
    byId('rename').hidden = !exists;
    byId('delete').hidden = !exists;
    const name = this.#nameOf(this.#id);
    setText(byId('title'), name);
    document.title = `${name} · Parley`;
    this.#sidebar.show(this.#entries(), this.#id, this.#client.hasMoreConversations);
  }

  #entries() {
    const entries = this.#client.conversations.map((entry) => ({
      ...entry,
      name: this.#nameOf(entry.conversationId, entry),
      unread: Math.max(0, entry.head - entry.read),
    }));
    if (entries.some((entry) => entry.conversationId === this.#id)) return entries;
    const name = this.#nameOf(this.#id);
    return [{ conversationId: this.#id, name, unread: 0, updatedAt: '' }, ...entries];
  }

  #nameOf(conversationId, entry = this.#listed(conversationId)) {
    const { title, turns } = conversationId === this.#id ? this.#conversation : { turns: [] };
    return title || entry?.title || turns[0]?.text?.slice(0, 60) || 'Untitled';
  }

  #listed(conversationId) {
    return this.#client.conversations.find((entry) => entry.conversationId === conversationId);
  }
}
