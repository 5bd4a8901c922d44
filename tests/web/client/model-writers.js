import { ModelServer } from './model-server.js';

const TICK_MS = 100;
const LEASE_MS = 15_000;
const MAX_ATTEMPTS = 3;
/** Code points of a reply in its `turn` frame; the rest follows in deltas. */
const CUT = 60;

/** What the bot says at an attempt: each says something else, and names itself first. */
export function saying(seq, attempt) {
  const words = Array.from({ length: 10 + ((seq * 7) % 30) }, (_, i) => `${attempt}🙂${seq}.${i}`);
  return words.join(' ');
}

/**
 * A server whose bot streams. Its writers die at random, and another takes over when a client asks
 * for the turn after the lease of the dead one has run out; some orders to write are lost.
 */
export class WritingServer extends ModelServer {
  /** How likely a writer dies at a tick; and an order is lost. */
  mortality = 0.01;
  #clock;
  #random;
  #network;
  #writings = new Map();

  constructor({ clock, random }) {
    super();
    this.#clock = clock;
    this.#random = random;
  }

  /** Where those are who are told. */
  attach(network) {
    this.#network = network;
  }

  handle(frame) {
    const pending = this.#pending(frame.conversationId);
    switch (frame.action) {
      case 'message': return this.#said(frame, pending);
      case 'stop': return this.#stop(frame, pending);
      case 'resume': this.#lookAfter(frame.conversationId, pending);
    }
    return super.handle(frame);
  }

  /** The turn that is being replied to, if any. */
  #pending(conversationId) {
    const turn = this.conversations.get(conversationId)?.turns.at(-1);
    return turn?.status === 'pending' ? turn : undefined;
  }

  #said(frame, pending) {
    const { conversationId, messageId, text } = frame;
    const { turns = [] } = this.conversations.get(conversationId) ?? {};
    const known = turns.find((turn) => turn.messageId === messageId);
    if (known !== undefined && known !== pending) return super.handle(frame);
    this.#lookAfter(conversationId, pending);
    if (known !== undefined) return [[this.#accepted(conversationId, known)], []];
    if (pending !== undefined) {
      const error = { type: 'error', code: 'busy', message: '', retryable: true };
      return [[{ ...error, messageId, conversationId }], []];
    }
    const made = { messageId, text, author: 'user', status: 'pending', reply: '' };
    const shown = this.append(conversationId, made);
    this.#writings.set(shown.turn, { attempt: 0, lease: 0, owner: null, isStopping: false });
    this.#order(conversationId, shown.turn);
    return [[this.#accepted(conversationId, shown.turn)], [shown]];
  }

  #accepted(conversationId, { messageId, seq }) {
    return { type: 'accepted', conversationId, messageId, seq };
  }

  #stop({ conversationId }, pending) {
    if (pending !== undefined) this.#writings.get(pending).isStopping = true;
    this.#lookAfter(conversationId, pending);
    return [[], []];
  }

  #lookAfter(conversationId, pending) {
    if (pending === undefined) return;
    const { attempt, lease } = this.#writings.get(pending);
    if (attempt === 0 || lease <= this.#clock.now()) this.#order(conversationId, pending);
  }

  #order(conversationId, turn) {
    if (this.#random() < this.mortality) return;
    this.#clock.setTimeout(() => this.#claim(conversationId, turn), 50 + this.#random() * 200);
  }

  #claim(conversationId, turn) {
    const writing = this.#writings.get(turn);
    if (turn.status !== 'pending' || writing.lease > this.#clock.now()) return;
    writing.attempt += 1;
    writing.owner = { told: new Map(), length: 0, looked: 0 };
    if (writing.attempt > MAX_ATTEMPTS) this.#end(conversationId, turn, 'failed', '');
    else this.#write(conversationId, turn, writing, writing.owner);
  }

  #write(conversationId, turn, writing, owner) {
    if (writing.owner !== owner) return;
    const points = Array.from(saying(turn.seq, writing.attempt));
    owner.length = Math.min(points.length, owner.length + Math.ceil(this.#random() * 6));
    this.#tell(conversationId, turn, writing, points);
    if (writing.isStopping || owner.length === points.length) {
      const status = writing.isStopping ? 'stopped' : 'done';
      this.#end(conversationId, turn, status, points.slice(0, owner.length).join(''));
    } else if (this.#random() >= this.mortality) {
      writing.lease = this.#clock.now() + LEASE_MS;
      this.#clock.setTimeout(() => this.#write(conversationId, turn, writing, owner), TICK_MS);
    }
  }

  /** Each device has its own place in the reply, and a new one is seen within a second. */
  #tell(conversationId, { seq }, { attempt, owner }, points) {
    if (owner.looked <= this.#clock.now()) {
      owner.looked = this.#clock.now() + 1_000;
      for (const socket of this.#network.connected) {
        if (!owner.told.has(socket)) owner.told.set(socket, 0);
      }
    }
    const { epoch } = this.conversations.get(conversationId);
    for (const [socket, offset] of owner.told) {
      const text = points.slice(offset, owner.length).join('');
      const delta = { type: 'delta', conversationId, epoch, seq, attempt, offset, text };
      if (text !== '') this.#network.tell(socket, [delta]);
      owner.told.set(socket, owner.length);
    }
  }

  #end(conversationId, turn, status, reply) {
    Object.assign(turn, { status, reply });
    const { epoch } = this.conversations.get(conversationId);
    const { seq } = turn;
    const points = Array.from(reply);
    const frame = { type: 'turn', conversationId, epoch, turn };
    const { attempt = 1 } = this.#writings.get(turn);
    if (points.length <= CUT) {
      this.#network.broadcast([frame]);
      return;
    }
    const cut = { ...turn, reply: points.slice(0, CUT).join(''), replyLength: points.length, attempt };
    const rest = points.slice(CUT).join('');
    const delta = { type: 'delta', conversationId, epoch, seq, attempt, offset: CUT, text: rest };
    this.#network.broadcast([{ ...frame, turn: cut }, delta]);
  }
}
