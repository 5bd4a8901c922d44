/** The runs of back ticks in a text: a span of code ends at the next run as long as its first. */
export class BackTicks {
  #text;
  #starts = null;

  constructor(text) {
    this.#text = text;
  }

  /**
   * The span that begins here: its content, or null when no run ends it, and where to go on.
   * @param {boolean} isOpen more text may come: in the last line, a span may end there
   */
  spanAt(at, isOpen) {
    this.#starts ??= this.#find();
    let from = at;
    while (this.#text[from] === '`') from += 1;
    const end = this.#next(from - at, from);
    if (end !== undefined) {
      return { content: contentOf(this.#text.slice(from, end)), end: end + from - at };
    }
    const rest = this.#text.slice(from);
    if (!isOpen || rest === '' || rest.includes('\n')) return { content: null, end: from };
    return { content: contentOf(rest), end: this.#text.length };
  }

  /** Where the runs of each length begin, the last one first. */
  #find() {
    const starts = new Map();
    for (const { 0: run, index } of [...this.#text.matchAll(/`+/g)].reverse()) {
      if (!starts.has(run.length)) starts.set(run.length, []);
      starts.get(run.length).push(index);
    }
    return starts;
  }

  #next(length, from) {
    const starts = this.#starts.get(length);
    while (starts?.at(-1) < from) starts.pop();
    return starts?.at(-1);
  }
}

/** White space that keeps back ticks apart from their run is not part of the code. */
function contentOf(source) {
  const text = source.replaceAll('\n', ' ');
  const isPadded = text.startsWith(' ') && text.endsWith(' ') && /[^ ]/.test(text);
  return isPadded ? text.slice(1, -1) : text;
}
