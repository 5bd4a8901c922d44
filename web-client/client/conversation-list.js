import { forkIn } from './frames.js';

const TITLE_CHARACTERS = 60;
const UNKNOWN = Object.freeze({ title: '', updatedAt: '', head: 0, read: 0 });

/**
 * The user's conversations, newest first, kept up to date from whatever frames say about them.
 * An entry: `{conversationId, title, updatedAt, head, read}`, and `forkOf` and `forkAt` of a fork.
 */
export class ConversationList {
  #entries = new Map();
  #unseen = null;
  /** The list as it was when the listing was asked for. */
  #before = new Map();

  /** @returns {ReadonlyArray<object>} */
  get entries() {
    return [...this.#entries.values()].sort(
      (a, b) =>
        b.updatedAt.localeCompare(a.updatedAt) || a.conversationId.localeCompare(b.conversationId),
    );
  }

  /** A listing from the first page on begins: what no page names will be gone after it. */
  begin() {
    this.#unseen = new Set(this.#entries.keys());
    this.#before = new Map(this.#entries);
  }

  /** Take one page of a listing. */
  applyPage({ conversations }) {
    for (const { conversationId, title, updatedAt, head, read, ...entry } of conversations) {
      this.#unseen?.delete(conversationId);
      const before = this.#before.get(conversationId) ?? UNKNOWN;
      // In one life of a conversation neither falls: while this client was away, another began.
      if (head < before.head || read < before.read) this.#beginAnew(conversationId);
      this.#update(conversationId, { title, updatedAt, head, read, fork: forkIn(entry) });
    }
  }

  /** The listing is complete. */
  finish() {
    for (const conversationId of this.#unseen ?? []) this.#entries.delete(conversationId);
    this.#unseen = null;
  }

  /** Take what a `turn` says; the first gives a conversation its title, until it is renamed. */
  applyTurn({ conversationId, turn }) {
    this.#unseen?.delete(conversationId);
    const known = this.#entries.get(conversationId)?.title;
    const title = known || (turn.seq === 1 ? titleFrom(turn) : '');
    this.#update(conversationId, { title, head: turn.seq, updatedAt: turn.createdAt });
  }

  /**
   * Take what a `snapshot` says.
   * @returns {boolean} whether it is of a conversation that is new here, and says not from when
   */
  applySnapshot({ conversationId, epoch, title, head, read, turns, reset, ...frame }) {
    if (head === 0 && epoch === '') {
      if (reset) this.#entries.delete(conversationId);
      return false;
    }
    const isKnown = this.#entries.has(conversationId);
    this.#unseen?.delete(conversationId);
    if (reset) this.#beginAnew(conversationId);
    const updatedAt = turns.at(-1)?.createdAt;
    this.#update(conversationId, { title, head, read, updatedAt, fork: forkIn(frame) });
    return !isKnown && updatedAt === undefined;
  }

  /** Take it that a conversation is gone. */
  remove(conversationId) {
    this.#entries.delete(conversationId);
  }

  /** What was known of it is another life's; when it was last spoken in, a frame may not say. */
  #beginAnew(conversationId) {
    const { updatedAt } = this.#entries.get(conversationId) ?? UNKNOWN;
    this.#entries.set(conversationId, { ...UNKNOWN, conversationId, updatedAt });
  }

  #update(conversationId, { title, updatedAt, head = 0, read = 0, fork }) {
    const known = this.#entries.get(conversationId) ?? UNKNOWN;
    this.#entries.set(conversationId, {
      ...(fork ?? forkIn(known)),
      conversationId,
      title: title ?? known.title,
      updatedAt: updatedAt > known.updatedAt ? updatedAt : known.updatedAt,
      head: Math.max(known.head, head),
      read: Math.max(known.read, read),
    });
  }
}

/** As the backend makes it. */
function titleFrom({ text, reply }) {
  return [...(text || reply || '').trim().replace(/\s+/g, ' ')].slice(0, TITLE_CHARACTERS).join('');
}
