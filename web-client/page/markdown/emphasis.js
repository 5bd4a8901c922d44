import { Delimiter } from './delimiters.js';

/** Emphasis inside emphasis; what is nested deeper is shown as it was written. */
const MAX_DEPTH = 8;

/**
 * Make nodes of text, nodes and delimiters, as CommonMark pairs these.
 * @param {{isOpen: boolean, work: import('./work.js').Work}} options `isOpen`: what is open at the
 *   end is emphasis too
 */
export function resolveEmphasis(items, { isOpen, work }) {
  const pairing = new Pairing(work);
  for (const item of items) {
    work.step();
    if (item instanceof Delimiter) pairing.addDelimiter(item);
    else pairing.add(item, 0);
  }
  if (isOpen) pairing.closeAll();
  return tidy(pairing.out);
}

class Pairing {
  out = [];
  #work;
  #openers = [];
  #order = 0;
  /** For each kind of closer, the opener up to which none fits. */
  #floors = new Map();

  constructor(work) {
    this.#work = work;
  }

  add(node, depth) {
    this.out.push(node);
    const top = this.#openers.at(-1);
    if (top) top.depth = Math.max(top.depth, depth);
  }

  addDelimiter(run) {
    if (run.canClose) this.#close(run);
    if (run.left === 0) return;
    if (run.canOpen) {
      this.#openers.push({ run, at: this.out.length, depth: 0, order: (this.#order += 1) });
    }
    this.out.push(run);
  }

  /** Close what is open, the last first, as what follows may. */
  closeAll() {
    while (this.#openers.length > 0 && this.#openers.at(-1).depth < MAX_DEPTH) {
      const opener = this.#openers.at(-1);
      const isEmpty = this.out.length === opener.at + 1;
      if (isEmpty || opener.run.left > 3) this.#drop();
      else this.#wrap(opener, opener.run.left === 1 ? 1 : 2);
    }
  }

  #close(run) {
    while (run.left > 0) {
      const index = this.#find(run);
      if (index < 0) return;
      while (this.#openers.length > index + 1) this.#drop();
      const width = run.left > 1 && this.#openers[index].run.left > 1 ? 2 : 1;
      run.left -= width;
      this.#wrap(this.#openers[index], width);
    }
  }

  #find(run) {
    const kind = `${run.sign} ${run.canOpen} ${run.length % 3}`;
    const floor = this.#floors.get(kind) ?? 0;
    let deepest = 0;
    for (let index = this.#openers.length - 1; index >= 0; index -= 1) {
      const opener = this.#openers[index];
      if (opener.order <= floor) break;
      this.#work.step();
      deepest = Math.max(deepest, opener.depth);
      if (deepest >= MAX_DEPTH) break;
      if (fit(opener.run, run)) return index;
    }
    this.#floors.set(kind, this.#order);
    return -1;
  }

  /** Let the last opener be text. */
  #drop() {
    const { depth } = this.#openers.pop();
    const top = this.#openers.at(-1);
    if (top) top.depth = Math.max(top.depth, depth);
  }

  /** Put what stands behind the last opener into a node. */
  #wrap(opener, width) {
    const children = tidy(this.out.splice(opener.at + 1));
    const depth = opener.depth + 1;
    opener.run.left -= width;
    opener.depth = 0;
    if (opener.run.left === 0) {
      this.out.pop();
      this.#openers.pop();
    }
    this.add({ type: typeOf(opener.run.sign, width), children }, depth);
  }
}

function typeOf(sign, width) {
  if (sign === '~') return 'strike';
  return width === 2 ? 'strong' : 'emphasis';
}

/** CommonMark's rule of three keeps runs that could do both from pairing oddly. */
function fit(opener, closer) {
  if (opener.sign !== closer.sign) return false;
  if (!opener.canClose && !closer.canOpen) return true;
  const sum = opener.length + closer.length;
  return sum % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}

/** Delimiters that paired with nothing are text, and texts side by side are one. */
function tidy(items) {
  const nodes = [];
  for (const item of items) {
    const node = item instanceof Delimiter ? item.text : item;
    if (node === '') continue;
    const isText = typeof node === 'string' && typeof nodes.at(-1) === 'string';
    if (isText) nodes[nodes.length - 1] += node;
    else nodes.push(node);
  }
  return nodes;
}
