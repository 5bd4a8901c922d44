import { parseObject } from './frames.js';
import { forgetGuestId } from './guest.js';
import { Outbox } from './outbox.js';

const KEY = 'parley.adoption';

/**
 * A guest's conversations, which are a user's under other ids now, and what this tab keeps under the
 * old ones. Written down before anything is changed: interrupted anywhere, `settle` goes on.
 */
export class MovedConversations {
  #storage;
  #keep;
  #uuid;

  /**
   * @param {object} options
   * @param {(moved: Map<string, string>) => void} options.keep moves what the page itself keeps;
   *   it may be called again after it was interrupted
   */
  constructor({ storage, keep, uuid }) {
    this.#storage = storage;
    this.#keep = keep;
    this.#uuid = uuid;
  }

  /** Whether something was written down and not settled. */
  get areKnown() {
    return this.#read() !== null;
  }

  /**
   * Write down where everything is. Messages to a conversation that the backend never had begin one
   * of their own: the user may have one of that id, and they are not meant for it.
   * @param {Map<string, string>} moved new ids by old ones
   */
  note(moved) {
    const homes = new Map(moved);
    for (const id of new Outbox({ storage: this.#storage }).conversationIds) {
      if (!homes.has(id)) homes.set(id, this.#uuid());
    }
    this.#storage.setItem(KEY, JSON.stringify({ moved: [...homes] }));
  }

  /** Let this tab keep everything under the new ids, and be a guest no more. */
  settle() {
    const moved = this.#read();
    new Outbox({ storage: this.#storage }).move(moved);
    this.#keep(moved);
    forgetGuestId(this.#storage);
    this.#storage.removeItem(KEY);
  }

  #read() {
    const { moved } = parseObject(this.#storage.getItem(KEY)) ?? {};
    return Array.isArray(moved) ? new Map(moved) : null;
  }
}
