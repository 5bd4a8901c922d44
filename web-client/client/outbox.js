import { parseObject } from './frames.js';

const KEY = 'parley.outbox';
export const WAITING = 'waiting';
export const FAILED = 'failed';

/**
 * Where a conversation that is to be made begins: with the turns 1 to `forkAt` of `forkOf`.
 * @typedef {{forkOf: string, forkAt: number, forkEpoch: string}} Fork
 */

/** The outbox holds all it may: nothing was taken. */
export class OutboxFull extends Error {}

/**
 * Messages that the backend has not acknowledged, in the order they were written, kept across
 * reloads. Each keeps the `messageId`, `after` and `epoch` of its first sending, which is what lets
 * the backend find its turn when it comes again.
 *
 * Duplicating a tab copies session storage, and so the outbox: both tabs then send the same
 * `messageId`s. That is harmless by design (one `messageId` makes one turn, invariant I2), so the
 * tabs need not agree on an owner.
 *
 * An entry: `{messageId, conversationId, text, state, createdAt, after?, epoch?, problem?}`, and
 * `forkOf`, `forkAt` and `forkEpoch` where its conversation is a fork that is still to be made.
 */
export class Outbox {
  #storage;
  #limit;
  #entries;

  constructor({ storage, limit = 50 }) {
    this.#storage = storage;
    this.#limit = limit;
    this.#entries = restore(storage.getItem(KEY)).slice(0, limit);
  }

  get size() {
    return this.#entries.length;
  }

  /** The conversations that have messages here. */
  get conversationIds() {
    return [...new Set(this.#entries.map((entry) => entry.conversationId))];
  }

  /** A conversation's messages, oldest first. */
  of(conversationId) {
    return this.#entries.filter((entry) => entry.conversationId === conversationId);
  }

  /** The message to send next in a conversation, if any. */
  next(conversationId) {
    return this.of(conversationId).find((entry) => entry.state === WAITING);
  }

  /** What a conversation is to be made a fork of by its messages here. @returns {?Fork} */
  forkOf(conversationId) {
    const entry = this.of(conversationId).find(({ forkOf }) => forkOf !== undefined);
    return entry === undefined ? null : forkFields(entry);
  }

  find(messageId) {
    return this.#entries.find((entry) => entry.messageId === messageId);
  }

  /**
   * Keep a new message.
   * @param {?Fork} [fork] what its conversation is to be made a fork of
   * @throws {OutboxFull}
   */
  add({ messageId, conversationId, text, createdAt }, fork = null) {
    if (this.#entries.length >= this.#limit) throw new OutboxFull();
    const entry = { messageId, conversationId, text, createdAt, state: WAITING };
    this.#entries.push(Object.freeze(fork === null ? entry : { ...entry, ...forkFields(fork) }));
    this.#save();
  }

  /** Remember, before the first sending, what the client had seen then. It never changes after. */
  stamp(messageId, { after, epoch }) {
    return this.#change(messageId, epoch === '' ? { after } : { after, epoch });
  }

  /** Give up on a message until a person retries it. */
  fail(messageId, problem) {
    return this.#change(messageId, { state: FAILED, problem });
  }

  /** Put a failed message last in line again, the same message as before. */
  retry(messageId) {
    const entry = this.find(messageId);
    if (entry?.state !== FAILED) return;
    const { problem, ...again } = entry;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#entries.push(Object.freeze({ ...again, state: WAITING }));
    this.#save();
  }

  /** Conversations have other ids now. @param {Map<string, string>} moved new ids by old ones */
  move(moved) {
    const home = (id) => moved.get(id) ?? id;
    this.#entries = this.#entries.map((entry) => {
      const itsHome = { ...entry, conversationId: home(entry.conversationId) };
      if (entry.forkOf !== undefined) itsHome.forkOf = home(entry.forkOf);
      return Object.freeze(itsHome);
    });
    this.#save();
  }

  /** Forget a message. @returns {object | undefined} what it was */
  remove(messageId) {
    const entry = this.find(messageId);
    if (entry === undefined) return undefined;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#save();
    return entry;
  }

  #change(messageId, changes) {
    const index = this.#entries.findIndex((entry) => entry.messageId === messageId);
    if (index < 0) return undefined;
    this.#entries[index] = Object.freeze({ ...this.#entries[index], ...changes });
    this.#save();
    return this.#entries[index];
  }

  #save() {
    if (this.#entries.length === 0) this.#storage.removeItem(KEY);
    else this.#storage.setItem(KEY, JSON.stringify({ entries: this.#entries }));
  }
}

/** A frame's, or an entry's, `forkOf`, `forkAt` and `forkEpoch`, and nothing else of it. */
export function forkFields({ forkOf, forkAt, forkEpoch }) {
  return forkOf === undefined ? {} : { forkOf, forkAt, forkEpoch };
}

function restore(text) {
  const { entries } = parseObject(text) ?? {};
  if (!Array.isArray(entries)) return [];
  return entries.filter(isEntry).map((entry) => Object.freeze({ ...entry }));
}

function isEntry(entry) {
  const texts = [entry?.messageId, entry?.conversationId, entry?.text];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    [WAITING, FAILED].includes(entry.state) &&
    (entry.after === undefined || Number.isSafeInteger(entry.after)) &&
    (entry.forkOf === undefined || isFork(entry))
  );
}

function isFork({ forkOf, forkAt, forkEpoch }) {
  return (
    typeof forkOf === 'string' && typeof forkEpoch === 'string' &&
    Number.isSafeInteger(forkAt) && forkAt >= 0
  );
}
