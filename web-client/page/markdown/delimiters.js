/** The longest run of signs that can mean something. */
const LONGEST_RUN = 12;
const RUN = /([*_~])\1*/y;
const SPACE = /^\s?$/u;
const SIGN = /^[\p{P}\p{S}]$/u;
/** Written without spaces, so that signs stand right beside the words. */
const UNSPACED =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]$/u;

/** The run of `*`, `_` or `~` here: a delimiter, or text. */
export function runAt(text, at) {
  RUN.lastIndex = at;
  const run = RUN.exec(text)[0];
  const [before, after] = [pointBefore(text, at), pointAt(text, at + run.length)];
  const opens = leans(after, before);
  const closes = leans(before, after);
  const isWord = run[0] === '_';
  const canOpen = opens && (!isWord || !closes || SIGN.test(before));
  const canClose = closes && (!isWord || !opens || SIGN.test(after));
  const isPlain = run.length > LONGEST_RUN || (run[0] === '~' && run.length !== 2);
  return new Delimiter(run, !isPlain && canOpen, !isPlain && canClose);
}

/** Whether signs lean on the text on their one side rather than on the other. */
function leans(on, other) {
  if (SPACE.test(on)) return false;
  return !SIGN.test(on) || SPACE.test(other) || SIGN.test(other) || UNSPACED.test(other);
}

const pointAt = (text, at) => String.fromCodePoint(text.codePointAt(at) ?? 32);

function pointBefore(text, at) {
  if (at === 0) return ' ';
  return Array.from(text.slice(Math.max(0, at - 2), at)).at(-1);
}

/** A run of signs, of which emphasis takes some and leaves the others as text. */
export class Delimiter {
  constructor(run, canOpen, canClose) {
    this.sign = run[0];
    this.length = run.length; // As emphasis counts it: what a text has, so that both measure alike.
    this.left = run.length;
    this.canOpen = canOpen;
    this.canClose = canClose;
  }

  get text() {
    return this.sign.repeat(this.left);
  }
}
