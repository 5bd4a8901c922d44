// What the provider remembers, beyond the changes of its configuration: sessions, codes, tokens.

const kept = new Map();

/** The adapter of one kind of thing; what has run out is known to the provider by its own `exp`. */
export class Memory {
  #kind;

  constructor(kind) {
    this.#kind = kind;
  }

  async upsert(id, entry) {
    kept.set(this.#key(id), entry);
  }

  async find(id) {
    return kept.get(this.#key(id));
  }

  async findByUid(uid) {
    return [...kept.values()].find((entry) => entry.kind === this.#kind && entry.uid === uid);
  }

  async consume(id) {
    kept.get(this.#key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    kept.delete(this.#key(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, entry] of kept) {
      if (entry.grantId === grantId) kept.delete(key);
    }
  }

  #key(id) {
    return `${this.#kind}:${id}`;
  }
}
