/** How far a person has read, said only forward, and again on each connection until it is heard. */
export class ReadMarks {
  #send;
  #wanted = new Map();

  /** @param {{send: (frame: object) => boolean}} options */
  constructor({ send }) {
    this.#send = send;
  }

  /** Everything up to `seq` was seen; up to `known`, the server has been told. */
  set(conversationId, seq, known) {
    if (seq <= Math.max(known, this.#wantedIn(conversationId))) return;
    this.#wanted.set(conversationId, seq);
    this.#say(conversationId, seq);
  }

  /** There is a connection: what was not heard is said again. */
  connected() {
    for (const [conversationId, seq] of this.#wanted) this.#say(conversationId, seq);
  }

  /** A `snapshot` came, which tells what was heard. */
  answered({ conversationId, read, reset }) {
    if (reset || read >= this.#wantedIn(conversationId)) this.forget(conversationId);
  }

  /** Stop saying it: the conversation is gone, or was never there. */
  forget(conversationId) {
    this.#wanted.delete(conversationId);
  }

  #wantedIn(conversationId) {
    return this.#wanted.get(conversationId) ?? 0;
  }

  #say(conversationId, seq) {
    this.#send({ action: 'read', conversationId, seq });
  }
}
