import * as questions from './questions.js';

/** Pages, of 20 conversations each: more are listed when someone asks for them. */
const PAGES = 10;

/** Lists the user's conversations, page by page. */
export class Listing {
  #list;
  #requests;
  #changed;
  #cursor = null;
  #running = null;

  /** @param {{list: ConversationList, requests: Requests, changed: () => void}} options */
  constructor({ list, requests, changed }) {
    this.#list = list;
    this.#requests = requests;
    this.#changed = changed;
  }

  /** Whether there are conversations that were not listed. */
  get hasMore() {
    return this.#cursor !== null;
  }

  /** List them from the first page on: by their ids, for the backend knows no other order. */
  async begin() {
    if (this.#running === null) {
      this.#cursor = null;
      this.#list.begin();
    }
    await this.more();
  }

  /** List the next ones; where some are on their way already, wait for these. */
  async more() {
    this.#running ??= this.#pages().finally(() => { this.#running = null; });
    await this.#running;
  }

  async #pages() {
    for (let page = 0; page < PAGES; page += 1) {
      const frame = await this.#requests.ask(questions.conversations(this.#cursor));
      this.#list.applyPage(frame);
      this.#cursor = frame.cursor ?? null;
      if (!this.hasMore) this.#list.finish();
      this.#changed();
      if (!this.hasMore) return;
    }
  }
}
