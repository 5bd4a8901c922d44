/** Time that passes when told to. */
export class FakeClock {
  #now = 1_700_000_000_000;
  #timers = new Map();
  #ids = 0;

  now() {
    return this.#now;
  }

  setTimeout(callback, milliseconds) {
    this.#ids += 1;
    this.#timers.set(this.#ids, { callback, due: this.#now + Math.max(0, milliseconds) });
    return this.#ids;
  }

  clearTimeout(id) {
    this.#timers.delete(id);
  }

  get waiting() {
    return this.#timers.size;
  }

  /** Let time pass: every timer that falls due runs, in order, and what waits for it. */
  async advance(milliseconds) {
    const until = this.#now + milliseconds;
    await settle();
    for (;;) {
      const [id, timer] = this.#next() ?? [];
      if (timer === undefined || timer.due > until) break;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
      await settle();
    }
    this.#now = until;
  }

  #next() {
    let next;
    for (const entry of this.#timers) if (!(next?.[1].due <= entry[1].due)) next = entry;
    return next;
  }
}

async function settle() {
  for (let turn = 0; turn < 8; turn += 1) await null;
}

/** Session storage that a test may hand on, as a reload does. */
export class FakeStorage {
  #items;

  constructor(items = []) {
    this.#items = new Map(items);
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }

  get keys() {
    return [...this.#items.keys()].sort();
  }

  /** What a duplicated tab gets. */
  copy() {
    return new FakeStorage(this.#items);
  }
}

/** A socket whose other end is the test. */
export class FakeSocket {
  sent = [];
  isClosed = false;

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  /** The handshake succeeds. */
  accept() {
    this.onopen?.();
  }

  /** A frame arrives. */
  receive(frame) {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) });
  }

  /** The other end, or the network, ends it. */
  end(code = 1006) {
    this.onclose?.({ code });
  }

  /** The frames of one action sent so far. */
  of(action) {
    return this.sent.filter((frame) => frame.action === action);
  }
}

/** The sockets that were opened, oldest first. */
export class FakeNetwork {
  sockets = [];
  offers = [];

  open = (...offer) => {
    this.offers.push(offer);
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  };

  get latest() {
    return this.sockets.at(-1);
  }
}

/** A turn as the server sends it. */
export function turn(seq, more = {}) {
  return {
    seq, messageId: `m${seq}`, author: 'user', text: `text ${seq}`, reply: `reply ${seq}`,
    status: 'done', createdAt: '2026-01-01T00:00:00.000Z', completedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function turnFrame(seq, more = {}, epoch = 'e1') {
  return { type: 'turn', conversationId: 'main', epoch, turn: turn(seq, more) };
}

/** A snapshot frame of the turns from `first` to `last`. */
export function snapshot(first, last, more = {}) {
  const turns = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => turn(first + i));
  return {
    type: 'snapshot', conversationId: 'main', epoch: 'e1', title: 'A title', turns,
    head: Math.max(last, 0), read: 0, more: first > 1, reset: false, ...more,
  };
}

/** What is sent for a conversation that does not exist. */
export const NOTHING = snapshot(1, 0, { epoch: '', title: '', more: false });
