import { correlationIn } from './frames.js';

const ANSWER_MS = 30_000;
const MAX_TRIES = 3;
const UNANSWERED = new Set(['timeout', 'internal_error']);

/**
 * Why a question got no answer: `offline`, `timeout`, or the `code` of an `error` frame, then with
 * the `correlationId` that the backend's logs know it by.
 */
export class RequestFailed extends Error {
  constructor(code, message = '', correlationId = undefined) {
    super(message || code);
    this.code = code;
    this.correlationId = correlationId;
  }
}

/**
 * Questions that want one answer, apart from messages. The contract gives frames no request id, so
 * each question knows its answer when it sees it. A lost connection fails them all: whoever asked
 * is there to ask again.
 */
export class Requests {
  #send;
  #clock;
  #open = new Set();

  constructor({ send, clock }) {
    this.#send = send;
    this.#clock = clock;
  }

  /**
   * Ask; the promise brings the answering frame.
   * @param {import('./questions.js').Question} question
   * @returns {Promise<object>} rejects with RequestFailed
   */
  ask({ frame, isAnswer }) {
    return new Promise((resolve, reject) => {
      const request = { frame, isAnswer, resolve, reject };
      request.timer = this.#clock.setTimeout(() => this.#fail(request, 'timeout'), ANSWER_MS);
      this.#open.add(request);
      if (!this.#send(frame)) this.#fail(request, 'offline');
    });
  }

  /** Ask what may be asked any number of times: again where no answer comes, or a failure. */
  async insist(question) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.ask(question);
      } catch (error) {
        if (tries === MAX_TRIES || !UNANSWERED.has(error.code)) throw error;
      }
    }
  }

  /** A frame came; whoever it answers is told. */
  received(frame) {
    for (const request of this.#open) {
      if (!request.isAnswer(frame)) continue;
      this.#close(request);
      request.resolve(frame);
      return;
    }
  }

  /** An `error` came that names no message; false when no question of that conversation is open. */
  refused({ code, message, conversationId, correlationId }) {
    for (const request of this.#open) {
      if (code === 'token_refused' && request.frame.action !== 'renew') continue;
      if (conversationId !== undefined && request.frame.conversationId !== conversationId) continue;
      this.#fail(request, code, message, correlationId);
      return true;
    }
    return false;
  }

  /** The connection is gone, or the backend failed on something unnamed. */
  failAll(code, correlationId = undefined) {
    for (const request of [...this.#open]) this.#fail(request, code, '', correlationId);
  }

  #fail(request, code, message, correlationId) {
    this.#close(request);
    const failure = correlationIn({ correlationId });
    request.reject(new RequestFailed(code, message, failure.correlationId));
  }

  #close(request) {
    this.#clock.clearTimeout(request.timer);
    this.#open.delete(request);
  }
}
