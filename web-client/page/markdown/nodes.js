import { make, setText } from '../elements.js';
import { dressCodeBlock, makeCodeBlock, setData } from './code-block.js';

/**
 * How each type of node is shown: its tag, or how its element is made; what its element says beyond
 * its children; where these go. Nothing else ever becomes an element, or an attribute.
 */
const KINDS = {
  paragraph: { tag: 'p', dress: dressText },
  // The first heading is the page's own.
  heading: { tag: ({ level }) => `h${Math.min(level + 1, 6)}`, dress: dressText },
  quote: { tag: 'blockquote', dress: setDirection },
  rule: { tag: 'hr' },
  list: { tag: ({ start }) => (start === null ? 'ul' : 'ol'), dress: dressList },
  item: { tag: 'li', dress: dressItem },
  box: { tag: 'span', dress: dressBox },
  codeBlock: { make: makeCodeBlock, dress: dressCodeBlock },
  table: { make: makeTable, slot: (element) => element.firstElementChild },
  head: { tag: 'thead' },
  body: { tag: 'tbody' },
  row: { tag: 'tr' },
  headCell: { tag: 'th', dress: dressCell },
  cell: { tag: 'td', dress: dressCell },
  strong: { tag: 'strong' },
  emphasis: { tag: 'em' },
  strike: { tag: 'del' },
  codeSpan: { tag: 'code' },
  link: { tag: 'a', dress: dressLink },
  host: { tag: 'bdi', dress: (element) => set(element, 'class', 'host') },
};

/**
 * Make the children of an element, from the one at `offset` on, show `after` where they show
 * `before`, and touch nothing that stays the same.
 */
export function patch(parent, before, after, offset = 0) {
  let child = parent.childNodes[offset] ?? null;
  for (const [index, node] of after.entries()) {
    const old = before[index];
    if (child === null) parent.append(build(node, parent));
    else {
      if (!isAlike(old, node)) child = replace(child, build(node, parent));
      else if (old !== node) update(child, old, node, parent);
      child = child.nextSibling;
    }
  }
  for (let surplus = before.length - after.length; surplus > 0; surplus -= 1) {
    parent.lastChild.remove();
  }
}

function build(node, parent) {
  if (typeof node === 'string') return new Text(node);
  const element = KINDS[node.type].make?.() ?? make(tagOf(node));
  update(element, { children: [] }, node, parent);
  return element;
}

function update(shown, old, node, parent) {
  if (typeof node === 'string') {
    setData(shown, node);
    return;
  }
  const { dress, slot } = KINDS[node.type];
  // The children first: a browser looks for an automatic direction at every child that comes.
  patch(slot?.(shown) ?? shown, old.children, node.children);
  dress?.(shown, node, parent);
}

function isAlike(old, node) {
  if (typeof old === 'string' || typeof node === 'string') return typeof old === typeof node;
  return old.type === node.type && tagOf(old) === tagOf(node);
}

function tagOf({ type, ...node }) {
  const { tag } = KINDS[type];
  return typeof tag === 'function' ? tag(node) : tag;
}

function replace(child, element) {
  child.replaceWith(element);
  return element;
}

/** Set an attribute only where it differs; an empty one is none. */
function set(element, name, value) {
  if (value === '') element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function setDirection(element) {
  set(element, 'dir', 'auto');
}

/** A list or a quotation finds its direction in the texts inside that have none of their own. */
function dressText(element, _, parent) {
  if (parent.localName !== 'li' && parent.localName !== 'blockquote') setDirection(element);
}

function dressList(element, { start, isLoose }) {
  setDirection(element);
  set(element, 'start', start ?? '');
  set(element, 'class', isLoose ? 'is-loose' : '');
}

function dressItem(element, { isTask }) {
  set(element, 'class', isTask ? 'is-task' : '');
}

function dressBox(element, { isDone }) {
  set(element, 'class', 'box');
  set(element, 'role', 'img');
  set(element, 'aria-label', isDone ? 'Done' : 'To do');
  setText(element, isDone ? '☑' : '☐');
}

function makeTable() {
  const frame = make('div', { className: 'table', tabIndex: 0, aria: { label: 'Table' } });
  set(frame, 'role', 'group');
  frame.append(make('table'));
  return frame;
}

function dressCell(element, { align }) {
  setDirection(element);
  set(element, 'class', align === null ? '' : `is-${align}`);
}

function dressLink(element, { href, title }) {
  setDirection(element);
  set(element, 'href', href);
  set(element, 'rel', 'noopener noreferrer nofollow');
  set(element, 'target', '_blank');
  set(element, 'title', title);
}
