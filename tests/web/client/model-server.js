/**
 * The contract's server side for one user, in memory, and a network to it that misbehaves by seed:
 * frames late, overtaking, doubled and lost, connections cut at any point.
 */
export class ModelServer {
  conversations = new Map();
  #epochs = 0;

  /** Answer a frame: `[toCaller, toUser]`. */
  handle(frame) {
    const conversation = this.conversations.get(frame.conversationId);
    switch (frame.action) {
      case 'ping': return [[{ type: 'pong' }], []];
      case 'message': return this.#message(frame, conversation);
      case 'fork': return this.#fork(frame, conversation);
      case 'resume': return [this.#resume(frame, conversation), []];
      case 'history': return [[this.#history(frame, conversation)], []];
      case 'read': return [[], conversation ? [this.#read(frame, conversation)] : []];
      case 'delete': return [[], [this.remove(frame.conversationId)]];
      case 'conversations': return [[this.#list()], []];
      default: throw new Error(`unknown ${frame.action}`);
    }
  }

  /** Write one more turn, as a push source does. */
  append(conversationId, more) {
    if (!this.conversations.has(conversationId)) {
      this.#epochs += 1;
      this.conversations.set(conversationId, { epoch: `e${this.#epochs}`, read: 0, turns: [] });
    }
    const conversation = this.conversations.get(conversationId);
    const seq = conversation.turns.length + 1;
    const turn = {
      seq, messageId: `server-${conversation.epoch}-${seq}`, author: 'backend', text: '',
      reply: `reply ${seq}`, status: 'done', createdAt: `2026-01-01T00:00:00.${seq}Z`, ...more,
    };
    conversation.turns.push(turn);
    return { type: 'turn', conversationId, epoch: conversation.epoch, turn };
  }

  remove(conversationId) {
    this.conversations.delete(conversationId);
    return this.#nothing(conversationId, true);
  }

  #message({ conversationId, messageId, text, ...fork }, conversation) {
    const turn = conversation?.turns.find((known) => known.messageId === messageId);
    if (turn !== undefined) {
      return [[{ type: 'turn', conversationId, epoch: conversation.epoch, turn }], []];
    }
    if (conversation === undefined && fork.forkOf !== undefined) {
      if (!this.#make(conversationId, fork)) {
        return [[{ type: 'error', code: 'not_found', retryable: false, messageId, conversationId }], []];
      }
    }
    return [[], [this.append(conversationId, { messageId, text, author: 'user' })]];
  }

  #fork({ conversationId, ...fork }, conversation) {
    if (conversation === undefined && !this.#make(conversationId, fork)) {
      return [[{ type: 'error', code: 'not_found', retryable: false, conversationId }], []];
    }
    const made = this.conversations.get(conversationId);
    return [[], [this.#snapshot(conversationId, made, { turns: [] })]];
  }

  #make(conversationId, { forkOf, forkAt, forkEpoch }) {
    const parent = this.conversations.get(forkOf);
    if (parent?.epoch !== forkEpoch || parent.turns.length < forkAt) return false;
    this.#epochs += 1;
    this.conversations.set(conversationId, {
      epoch: `e${this.#epochs}`, read: forkAt, turns: parent.turns.slice(0, forkAt),
      ...(forkAt > 0 ? { fork: { forkOf, forkAt } } : {}),
    });
    return true;
  }

  #resume({ conversationId, after, epoch }, conversation) {
    if (conversation === undefined) {
      return [this.#nothing(conversationId, epoch !== undefined || after > 0)];
    }
    const { turns } = conversation;
    const newest = turns.slice(-5);
    const asNew = { turns: newest, more: newest[0].seq > 1 };
    if (after === undefined) return [this.#snapshot(conversationId, conversation, asNew)];
    if (after > turns.length || (epoch !== undefined && epoch !== conversation.epoch)) {
      return [this.#snapshot(conversationId, conversation, { ...asNew, reset: true })];
    }
    const gap = turns.slice(after, after + 9);
    const end = after + gap.length;
    const frames = [];
    for (let at = 0; at === 0 || at < gap.length; at += 3) {
      const more = at + 3 < gap.length || end < turns.length;
      frames.push(this.#snapshot(conversationId, conversation, { turns: gap.slice(at, at + 3), more }));
    }
    if (end < turns.length) frames.at(-1).next = end;
    return frames;
  }

  #history({ conversationId, before, limit }, conversation) {
    if (conversation === undefined) return this.#nothing(conversationId, false);
    const older = conversation.turns.slice(0, before - 1);
    const turns = older.slice(-Math.min(limit, 4));
    return this.#snapshot(conversationId, conversation, { turns, more: turns.length < older.length });
  }

  #read({ conversationId, seq }, conversation) {
    conversation.read = Math.max(conversation.read, Math.min(seq, conversation.turns.length));
    return this.#snapshot(conversationId, conversation, { turns: [] });
  }

  #list() {
    const conversations = [...this.conversations].map(([conversationId, { turns, read, fork }]) => ({
      conversationId, title: '', updatedAt: turns.at(-1).createdAt, head: turns.length, read, ...fork,
    }));
    return { type: 'conversations', conversations, cursor: null };
  }

  #snapshot(conversationId, { epoch, turns: all, read, fork }, { turns, more = false, reset = false }) {
    return {
      ...fork,
      type: 'snapshot', conversationId, epoch, title: '', turns, head: all.length, read, more, reset,
    };
  }

  #nothing(conversationId, reset) {
    return {
      type: 'snapshot', conversationId, epoch: '', title: '', turns: [], head: 0, read: 0,
      more: false, reset,
    };
  }
}

const EXPIRED = { type: 'error', code: 'token_expired', message: '', retryable: false };

/** Sockets to a model server. Each of `faults` is a probability a frame. */
export class LossyNetwork {
  faults;
  #server;
  #clock;
  #random;
  #sockets = new Set();

  constructor({ server, clock, random, faults }) {
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
    this.faults = faults;
  }

  /** Open a socket, as `new WebSocket` does. */
  open = () => {
    const socket = {
      isOpen: false,
      send: (text) => this.#deliver(() => this.#serve(socket, JSON.parse(text))),
      close: () => this.#sockets.delete(socket),
    };
    this.#sockets.add(socket);
    this.#later(() => (this.#happens('refuse') ? this.#end(socket) : this.#accept(socket)));
    return socket;
  };

  /** Who is connected. */
  get connected() {
    return [...this.#sockets].filter((socket) => socket.isOpen);
  }

  /** Send frames to one who is connected. */
  tell(socket, frames) {
    this.#post(socket, frames);
  }

  /** Send frames to all who are connected. */
  broadcast(frames) {
    for (const socket of this.#sockets) if (socket.isOpen) this.#post(socket, frames);
  }

  /** Cut everyone off; what is on its way may still arrive at the server. */
  cut() {
    for (const socket of [...this.#sockets]) this.#end(socket);
  }

  #accept(socket) {
    if (!this.#sockets.has(socket)) return;
    socket.isOpen = true;
    socket.onopen?.();
  }

  #end(socket) {
    if (this.#sockets.delete(socket)) socket.onclose?.({ code: 1006 });
  }

  #serve(socket, frame) {
    if (this.#happens('fail')) {
      this.#post(socket, [{ message: 'Internal server error' }]);
      return;
    }
    if (this.#happens('expire')) {
      this.#post(socket, [{ ...EXPIRED, messageId: frame.messageId }]);
      return;
    }
    const [toCaller, toUser] = this.#server.handle(frame);
    this.#post(socket, toCaller);
    this.broadcast(toUser);
    if (this.#happens('cut')) this.#end(socket);
  }

  #post(socket, frames) {
    for (const frame of frames) {
      const text = JSON.stringify(frame);
      this.#deliver(() => socket.isOpen && this.#sockets.has(socket) && socket.onmessage?.({ data: text }));
    }
  }

  #deliver(arrive) {
    if (this.#happens('lose')) return;
    this.#later(arrive);
    if (this.#happens('double')) this.#later(arrive);
  }

  #later(act) {
    this.#clock.setTimeout(act, this.#random() * (this.#happens('delay') ? 3_000 : 60));
  }

  #happens(fault) {
    return this.#random() < (this.faults[fault] ?? 0);
  }
}
