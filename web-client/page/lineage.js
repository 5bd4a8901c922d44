import { byId, setText } from './elements.js';

/** Says of a branch what it branched from, and leads back there. */
export class Lineage {
  #line = byId('lineage');
  #link = byId('parent-link');
  #name = byId('parent-name');
  #fork = null;

  /** @param {{open: (conversationId: string, seq: number) => void}} options */
  constructor({ open }) {
    this.#link.addEventListener('click', (event) => {
      event.preventDefault();
      open(this.#fork.forkOf, this.#fork.forkAt);
    });
  }

  /**
   * @param {?{forkOf: string, forkAt: number}} fork
   * @param {?string} name what it branched from; null where that is not known, or gone
   */
  show(fork, name) {
    this.#fork = fork;
    this.#line.hidden = fork === null;
    if (fork === null) return;
    this.#link.href = `#${fork.forkOf}`;
    this.#link.hidden = name === null;
    this.#name.hidden = name !== null;
    if (name !== null) setText(this.#link, name);
  }
}
