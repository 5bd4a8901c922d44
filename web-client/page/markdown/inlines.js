import { BackTicks } from './code-spans.js';
import { runAt } from './delimiters.js';
import { resolveEmphasis } from './emphasis.js';
import { bareAddress, bracketedAddress, isHalfTarget, linkTo, targetAt } from './links.js';

const SPECIAL = /[\\`*_~[\]<]|!\[|https?:\/\//gi;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
/** What formatting can span: it bounds the work for a paragraph that never ends. */
const LONGEST = 8_192;

/**
 * Read a text as inline nodes. What is complete is read once while the text around it grows.
 * @param {string} text
 * @param {{isOpen: boolean, work: import('./work.js').Work}} options
 */
export function inlinesOf(text, { isOpen, work }) {
  const nodes = [];
  let start = 0;
  for (; text.length - start > LONGEST; ) {
    const part = text.slice(start, endOfPart(text, start));
    nodes.push(...work.once(`inline ${part}`, () => new InlineReader(part, false, work).read()));
    start += part.length;
  }
  const rest = text.slice(start);
  const read = () => new InlineReader(isOpen ? withoutLoose(rest) : rest, isOpen, work).read();
  nodes.push(...(isOpen ? read() : work.once(`inline ${rest}`, read)));
  return nodes;
}

function endOfPart(text, start) {
  const part = text.slice(start, start + LONGEST);
  for (let end = LONGEST; end > LONGEST / 2; end -= 1) {
    if (/\s/.test(part[end - 1])) return start + end;
  }
  return start + (/[\ud800-\udbff]$/.test(part) ? LONGEST - 1 : LONGEST);
}

/** Signs at the end may open, close or be nothing: what comes next will tell. */
function withoutLoose(text) {
  let end = text.length;
  while (end > 0 && '*_~`\\<['.includes(text[end - 1])) end -= 1;
  if (text[end] === '[' && text[end - 1] === '!') end -= 1;
  return text.slice(0, end).trimEnd();
}

class InlineReader {
  #text;
  #isOpen;
  #work;
  #ticks;
  #at = 0;
  #items = [];
  #brackets = [];
  /** Brackets opened before this item enclose a link, and so are none themselves. */
  #floor = 0;

  constructor(text, isOpen, work) {
    this.#text = text;
    this.#isOpen = isOpen;
    this.#work = work;
    this.#ticks = new BackTicks(text);
  }

  read() {
    const text = this.#text;
    while (this.#at < text.length) {
      SPECIAL.lastIndex = this.#at;
      const match = SPECIAL.exec(text);
      const start = match?.index ?? text.length;
      this.#work.step(1 + start - this.#at);
      if (start > this.#at) this.#add(text.slice(this.#at, start), start);
      if (match !== null) this.#readSign(match[0]);
    }
    return this.#resolve(this.#items, this.#isOpen);
  }

  #readSign(sign) {
    if (sign === '\\') this.#escape();
    else if (sign === '`') this.#code();
    else if (sign === '[' || sign === '![') this.#openBracket(sign);
    else if (sign === ']') this.#closeBracket();
    else if (sign === '<') this.#address(bracketedAddress(this.#text, this.#at), sign);
    else if (sign.length > 1) this.#address(bareAddress(this.#text, this.#at, this.#isOpen), sign);
    else {
      const run = runAt(this.#text, this.#at);
      this.#add(run, this.#at + run.length);
    }
  }

  #add(item, end) {
    this.#items.push(item);
    this.#at = end;
  }

  #escape() {
    const next = this.#text[this.#at + 1] ?? '';
    if (next === '\n') this.#add('', this.#at + 1);
    else if (ESCAPABLE.test(next)) this.#add(next, this.#at + 2);
    else this.#add('\\', this.#at + 1);
  }

  #code() {
    const { content, end } = this.#ticks.spanAt(this.#at, this.#isOpen);
    const run = this.#text.slice(this.#at, end);
    this.#add(content === null ? run : { type: 'codeSpan', children: [content] }, end);
  }

  #address(found, sign) {
    const { nodes, end } = found ?? { nodes: [sign], end: this.#at + sign.length };
    this.#work.step(end - this.#at);
    this.#items.push(...nodes);
    this.#at = end;
  }

  #openBracket(sign) {
    this.#brackets.push({ index: this.#items.length, isImage: sign === '![' });
    this.#add(sign, this.#at + sign.length);
  }

  #closeBracket() {
    const opener = this.#brackets.pop();
    const isUsable = opener !== undefined && (opener.isImage || opener.index >= this.#floor);
    const target = isUsable ? targetAt(this.#text, this.#at + 1, this.#work) : null;
    if (target !== null) this.#close(opener, target);
    else if (isUsable && this.#isOpen && isHalfTarget(this.#text, this.#at + 1)) {
      this.#items[opener.index] = ''; // The label alone, until the address is whole.
      this.#at = this.#text.length;
    } else this.#add(']', this.#at + 1);
  }

  #close({ index, isImage }, { address, end }) {
    const label = this.#resolve(this.#items.splice(index + 1), false);
    this.#items.pop();
    this.#items.push(...linkTo(address, label, isImage));
    this.#at = end;
    if (!isImage) this.#floor = this.#items.length;
  }

  #resolve(items, isOpen) {
    return resolveEmphasis(items, { isOpen, work: this.#work });
  }
}
