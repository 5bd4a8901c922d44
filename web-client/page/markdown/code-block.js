import { make, setText } from '../elements.js';

const SAID_FOR_MS = 2_000;

/** A block of code with its language and a button that copies it. */
export function makeCodeBlock() {
  const code = make('code', { dir: 'ltr' }, '');
  const copy = make('button', { type: 'button', className: 'copy', textContent: 'Copy' });
  copy.addEventListener('click', () => copyFrom(code, copy));
  return make('div', { className: 'code-block' },
    make('div', { className: 'code-head' }, make('span', { className: 'language' }), copy),
    make('pre', { tabIndex: 0 }, code));
}

/** Show this code; what was shown of it already stays in place. */
export function dressCodeBlock(element, { language, text }) {
  setText(element.querySelector('.language'), language);
  setData(element.querySelector('code'), text);
}

/** Make this the text of an element, or of a text node; one that only grew is not replaced. */
export function setData(node, text) {
  const words = node.nodeType === Node.TEXT_NODE ? node : textIn(node);
  const { data } = words;
  if (text === data) return;
  if (text.startsWith(data)) words.appendData(text.slice(data.length));
  else words.data = text;
}

function textIn(element) {
  if (element.firstChild === null) element.append(new Text(''));
  return element.firstChild;
}

async function copyFrom(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    say(button, 'Copied');
  } catch {
    // Not allowed here: what is selected can be copied by hand.
    getSelection().selectAllChildren(code);
    say(button, 'Selected');
  }
}

function say(button, text) {
  setText(button, text);
  setTimeout(() => setText(button, 'Copy'), SAID_FOR_MS);
}
