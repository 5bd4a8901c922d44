/**
 * Session storage that never throws: where the browser refuses it (blocked, full), memory takes
 * over, and only a reload forgets.
 */
export class TabStorage {
  #storage;
  #memory = new Map();

  /** @param {() => Storage} open may throw, as `window.sessionStorage` does where it is blocked */
  constructor(open) {
    try {
      this.#storage = open();
    } catch {
      this.#storage = null;
    }
  }

  getItem(key) {
    if (this.#memory.has(key)) return this.#memory.get(key);
    try {
      return this.#storage?.getItem(key) ?? null;
    } catch {
      return null;
    }
  }

  setItem(key, value) {
    try {
      if (this.#storage === null) throw new Error('no session storage');
      this.#storage.setItem(key, value);
      this.#memory.delete(key);
    } catch {
      this.#memory.set(key, value);
    }
  }

  /** Remove whatever has a key that begins so. */
  removeAll(prefix) {
    for (const key of this.#keys()) if (key.startsWith(prefix)) this.removeItem(key);
  }

  removeItem(key) {
    this.#memory.delete(key);
    try {
      this.#storage?.removeItem(key);
    } catch {
      // What cannot be reached cannot be removed.
    }
  }

  #keys() {
    try {
      return [...this.#memory.keys(), ...Object.keys(this.#storage ?? {})];
    } catch {
      return [...this.#memory.keys()];
    }
  }
}
