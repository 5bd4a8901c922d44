import * as questions from './questions.js';
import { RequestFailed } from './requests.js';

/** Makes conversations that begin as another did. */
export class Branches {
  #conversations;
  #requests;
  #uuid;

  /** @param {{conversations: KeptConversations, requests: Requests, uuid: () => string}} options */
  constructor({ conversations, requests, uuid }) {
    this.#conversations = conversations;
    this.#requests = requests;
    this.#uuid = uuid;
  }

  /**
   * Let the backend make a conversation of another's turns up to `seq`.
   * @returns {Promise<string>} its id
   * @throws {RequestFailed}
   */
  async make(conversationId, seq) {
    const fork = this.#at(conversationId, seq, seq);
    const id = this.#begin(fork);
    try {
      await this.#requests.insist(questions.forking(id, fork));
    } catch (error) {
      this.#conversations.forget(id);
      throw error;
    }
    return id;
  }

  /**
   * Begin a conversation of another's turns before `seq`, which a message will make.
   * @param {(id: string, fork: Fork, text: string) => void} write writes the message; `text` is
   *   that of turn `seq`
   * @returns {string} its id
   * @throws {RequestFailed} there is no such turn, or nobody said it
   */
  begin(conversationId, seq, write) {
    const { text, author } = this.#turn(conversationId, seq);
    if (author === 'backend') throw new RequestFailed('not_found');
    const fork = this.#at(conversationId, seq, seq - 1);
    const id = this.#begin(fork);
    try {
      write(id, fork, text);
    } catch (error) {
      this.#conversations.forget(id);
      throw error;
    }
    return id;
  }

  #begin(fork) {
    const id = this.#uuid();
    this.#conversations.branch(id, fork);
    return id;
  }

  #at(conversationId, seq, forkAt) {
    this.#turn(conversationId, seq);
    const { unmade, epoch } = this.#conversations.get(conversationId);
    // What is not made cannot be forked; but it is itself the beginning of another.
    if (unmade !== null) return { ...unmade, forkAt: Math.min(forkAt, unmade.forkAt) };
    return { forkOf: conversationId, forkAt, forkEpoch: epoch };
  }

  #turn(conversationId, seq) {
    const { turns = [] } = this.#conversations.get(conversationId) ?? {};
    const turn = turns.find((one) => one.seq === seq);
    if (turn === undefined || turn.status === 'pending') throw new RequestFailed('not_found');
    return turn;
  }
}
