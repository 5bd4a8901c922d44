import { GATEWAY_ERROR } from './frames.js';

/** Takes the server's frames, and tells each to all whom it concerns. */
export class Receiver {
  #conversations;
  #list;
  #outbox;
  #sender;
  #requests;
  #readMarks;
  #emit;
  #relist;
  #expired;

  /**
   * @param {object} options who is told
   * @param {(type: string, detail?: unknown) => void} options.emit
   * @param {() => void} options.relist the list lacks something that only listing tells
   * @param {() => void} options.expired the credential of this connection is
   */
  constructor({
    conversations, list, outbox, sender, requests, readMarks, emit, relist, expired,
  }) {
    this.#conversations = conversations;
    this.#list = list;
    this.#outbox = outbox;
    this.#sender = sender;
    this.#requests = requests;
    this.#readMarks = readMarks;
    this.#emit = emit;
    this.#relist = relist;
    this.#expired = expired;
  }

  /** Take one frame, of those that `parseFrame` lets through. */
  receive(frame) {
    switch (frame.type) {
      case 'turn': return this.#turn(frame);
      case 'snapshot': return this.#snapshot(frame);
      case 'delta': return this.#change(frame, (conversation) => conversation.applyDelta(frame));
      case 'accepted': return this.#accepted(frame);
      case 'conversations':
      case 'renewed': return this.#requests.received(frame);
      case 'event': return this.#emit('event', frame);
      case 'error': return this.#error(frame);
      case GATEWAY_ERROR: return this.#gatewayError(frame);
      default: return undefined; // a `pong`: that it came is all it says
    }
  }

  #turn(frame) {
    this.#list.applyTurn(frame);
    this.#change(frame, (conversation) => conversation.applyTurn(frame));
    this.#sender.answered(frame.turn.messageId);
    if (frame.turn.status !== 'pending') this.#sender.replied(frame.conversationId);
    this.#requests.received(frame);
    this.#emit('conversations');
  }

  #snapshot(frame) {
    const { conversationId } = frame;
    if (this.#list.applySnapshot(frame)) this.#relist();
    // Before the conversation takes it: some know their answer by what is new in it.
    this.#requests.received(frame);
    this.#readMarks.answered(frame);
    this.#conversations.get(conversationId)?.applySnapshot(frame);
    for (const { messageId } of frame.turns) this.#sender.answered(messageId);
    this.#conversations.answered(frame);
    this.#sender.pump(conversationId);
    this.#emit('conversation', conversationId);
    this.#emit('conversations');
  }

  #accepted(frame) {
    const entry = this.#outbox.find(frame.messageId);
    if (entry === undefined) return;
    this.#change(frame, (conversation) => conversation.applyAccepted(frame, entry));
    this.#sender.answered(frame.messageId);
  }

  #error(frame) {
    // Whatever it answers is not refused: it goes out again on the next connection.
    if (frame.code === 'token_expired') {
      this.#emit('problem', frame);
      this.#expired();
    } else if (typeof frame.messageId === 'string') this.#sender.refused(frame.messageId, frame);
    else if (!this.#requests.refused(frame)) {
      this.#readMarks.forget(frame.conversationId);
      this.#emit('problem', frame);
    }
  }

  /** It names nothing: anything under way may be meant. */
  #gatewayError(frame) {
    this.#requests.failAll('internal_error', frame.correlationId);
    this.#sender.gatewayFailed(frame);
  }

  /** Apply a frame to its conversation, if that is kept, and follow up on what it changed. */
  #change({ conversationId }, apply) {
    const conversation = this.#conversations.get(conversationId);
    if (conversation === undefined) return;
    apply(conversation);
    this.#conversations.changed(conversationId);
    this.#sender.pump(conversationId);
    this.#emit('conversation', conversationId);
  }
}
