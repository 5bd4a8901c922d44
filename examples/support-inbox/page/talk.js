import { CONNECTED, OutboxFull, RequestFailed } from '../client/chat-client.js';
import { Composer } from '../page/composer.js';
import { byId } from '../page/elements.js';
import { inWords, Notices } from '../page/notices.js';
import { unsentPiece } from './pieces.js';
import { TalkView } from './talk-view.js';

/** A conversation to read and to write in: what the customer's and the operator's page share. */
export class Talk {
  client;
  #conversation = null;
  #pieces;
  #rendered;
  #view;
  #composer;
  #notices = new Notices(byId('notices'));
  #isDue = false;
  #isLoading = false;

  /**
   * @param {object} options
   * @param {(turn: object) => import('./talk-view.js').Piece[]} options.pieces what is shown of it
   * @param {() => void} options.rendered is told whenever all was drawn anew
   */
  constructor({ client, storage, status, pieces, rendered }) {
    this.client = client;
    this.#pieces = pieces;
    this.#rendered = rendered;
    this.#view = new TalkView({ scrolled: () => this.#scrolled() });
    this.#composer = new Composer({
      form: byId('composer'), text: byId('composer-text'), send: byId('send'), stop: byId('stop'),
      counter: byId('composer-counter'), storage,
      submit: (text) => this.say(text),
      stopReply: () => client.stopReply(this.#conversation.id, this.#conversation.last),
    });
    client.addEventListener('status', () => {
      status.show(client.state, () => client.retryAt);
      this.refresh();
    });
    for (const type of ['conversation', 'conversations']) {
      client.addEventListener(type, () => this.refresh());
    }
    byId('show-earlier').addEventListener('click', () => this.#showEarlier());
    document.addEventListener('visibilitychange', () => this.#scrolled());
  }

  /** What is open, or null. */
  get conversation() {
    return this.#conversation;
  }

  /** Open a conversation. */
  open(conversationId) {
    if (this.#conversation?.id === conversationId) return;
    this.#conversation = this.client.open(conversationId);
    this.#view.begin();
    this.#composer.show(conversationId);
    this.refresh();
  }

  /** Write into it; whether that was taken. */
  say(text) {
    try {
      this.client.send(this.#conversation.id, text);
    } catch (error) {
      if (!(error instanceof OutboxFull || error instanceof RequestFailed)) throw error;
      this.#notices.show(`That did not work. ${inWords(error)}`);
      return false;
    }
    this.#view.follow();
    return true;
  }

  /** Render once for all the frames that came together. */
  refresh() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#render();
    });
  }

  #render() {
    if (this.#conversation !== null) {
      const { id, turns, loaded, olderThan, replying } = this.#conversation;
      const known = new Set(turns.map(({ messageId }) => messageId));
      const unsent = this.client.unsent(id).filter(({ messageId }) => !known.has(messageId));
      this.#view.show([...turns.flatMap(this.#pieces), ...unsent.map(unsentPiece)], {
        isEmpty: loaded && turns.length === 0 && unsent.length === 0,
        hasEarlier: olderThan !== null,
      });
      this.#composer.replying = replying;
      this.#scrolled();
    }
    this.#rendered();
  }

  #scrolled() {
    if (this.#conversation === null || document.hidden || !this.#view.showsEnd) return;
    const { id, last, replying } = this.#conversation;
    const seen = replying ? last - 1 : last;
    if (seen > 0) this.client.markRead(id, seen);
  }

  async #showEarlier() {
    if (this.#isLoading || this.client.state !== CONNECTED) return;
    this.#isLoading = true;
    await this.client.history(this.#conversation.id).catch(() => {}); // To be asked for again.
    this.#isLoading = false;
  }
}
