import { readBlocks } from './blocks.js';
import { linesOf } from './lines.js';
import { patch } from './nodes.js';
import { Work } from './work.js';

/** Shows Markdown in an element: text goes in as text, and no HTML is ever parsed. */
export class Renderer {
  #container;
  #work;
  #text = null;
  #isOpen = false;
  /** The beginning that no further text can change, and how many blocks it is. */
  #settled = '';
  #count = 0;
  #nodes = [];

  /** @param {Element} container an empty element, which is the renderer's from now on */
  constructor(container, work = new Work()) {
    this.#container = container;
    this.#work = work;
  }

  /**
   * Show this text. One that goes on where the last one ended is shown beside it: blocks that are
   * finished are neither read again nor touched.
   * @param {{isOpen?: boolean}} [options] `isOpen`: more may follow
   */
  render(text, { isOpen = false } = {}) {
    if (text === this.#text && isOpen === this.#isOpen) return;
    if (!text.startsWith(this.#settled)) this.#restart();
    this.#text = text;
    this.#isOpen = isOpen;
    const rest = text.slice(this.#settled.length);
    const lines = linesOf(rest, isOpen);
    const blocks = readBlocks(lines, { isOpen, work: this.#work });
    const nodes = blocks.map(({ node }) => node);
    patch(this.#container, this.#nodes, nodes, this.#count);
    this.#nodes = nodes;
    this.#settle(rest, blocks, lines.length - 1);
    this.#work.turn();
  }

  #restart() {
    this.#container.replaceChildren();
    this.#settled = '';
    this.#count = 0;
    this.#nodes = [];
  }

  /** What stands before the last block that begins with a whole line is finished. */
  #settle(rest, blocks, wholeLines) {
    const last = blocks.findLastIndex(({ start, isGuess }) => start < wholeLines && !isGuess);
    if (last <= 0) return;
    let length = 0;
    for (let line = 0; line < blocks[last].start; line += 1) {
      length = rest.indexOf('\n', length) + 1;
    }
    this.#settled = this.#text.slice(0, this.#settled.length + length);
    this.#count += last;
    this.#nodes = this.#nodes.slice(last);
  }
}
