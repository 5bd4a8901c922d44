import * as questions from './questions.js';

/** Pages, of 20 conversations each: more are listed when someone asks for them. */
const PAGES = 10;

/** Lists the user's conversations, page by page. */
export class Listing {
  #list;
  #requests;
  #changed;
  #cursor = null;
  #isRunning = false;

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

  /** List them from the newest on. */
  async begin() {
    if (this.#isRunning) return;
    this.#cursor = null;
    this.#list.begin();
    await this.more();
    if (!this.hasMore) this.#list.finish();
    this.#changed();
  }

  /** List the next ones. */
  async more() {
    this.#isRunning = true;
    try {
      for (let page = 0; page < PAGES; page += 1) {
        const frame = await this.#requests.ask(questions.conversations(this.#cursor));
        this.#list.applyPage(frame);
        this.#cursor = frame.cursor ?? null;
        this.#changed();
        if (!this.hasMore) return;
      }
    } finally {
      this.#isRunning = false;
    }
  }
}
