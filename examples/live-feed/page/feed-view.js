import { byId, make, setText } from '../page/elements.js';

const AT_END = 40;
const count = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** The rows of a feed, oldest first, and the newest price of each symbol. */
export class FeedView {
  #log = byId('log');
  #rows = byId('rows');
  #toLatest = byId('to-latest');
  #latest = new Map();
  #turns = [];
  #follows = true;
  #top = 0;
  #told = 0;

  /** @param {{scrolled: () => void}} options `scrolled` is told that something else shows */
  constructor({ scrolled }) {
    this.#log.addEventListener('scroll', () => {
      // Only who scrolls up leaves the end: a log that got smaller says so after it has scrolled.
      const { scrollTop } = this.#log;
      if (scrollTop < this.#top) this.#follows = this.#isAtEnd;
      else this.#follows ||= this.#isAtEnd;
      this.#top = scrollTop;
      if (this.#follows) this.#toLatest.hidden = true;
      scrolled();
    }, { passive: true });
    this.#toLatest.addEventListener('click', () => {
      this.#goToEnd();
      this.#log.focus({ preventScroll: true });
    });
    new ResizeObserver(() => this.#follows && this.#goToEnd()).observe(this.#log);
  }

  /** Whether the newest price is in sight. */
  get showsEnd() {
    return this.#follows;
  }

  /** Whether the oldest one is nearly. */
  get isNearStart() {
    return this.#log.scrollTop < this.#log.clientHeight;
  }

  /** What is shown next is another feed, whatever its numbers. */
  begin() {
    this.#turns = [];
  }

  /**
   * Show these turns, an unbroken run.
   * @param {number} read the newest that was seen before
   * @param {?number} olderThan where what is not here yet ends; null where nothing is
   */
  show(turns, read, olderThan) {
    const first = this.#turns[0]?.seq;
    const isSame = turns.length > 0 && turns[0].seq <= first && turns.at(-1).seq >= this.#turns.at(-1).seq;
    const height = this.#log.scrollHeight;
    this.#showStart(turns[0]?.seq ?? 1, olderThan);
    if (isSame) this.#grow(turns, first);
    else this.#beginWith(turns);
    const grew = (turns.at(-1)?.seq ?? 0) > (this.#turns.at(-1)?.seq ?? 0);
    if (isSame && turns[0].seq < first && !this.#follows) {
      this.#log.scrollTop += this.#log.scrollHeight - height;
    }
    this.#turns = turns;
    this.#mark(read);
    this.#showLatest();
    if (this.#follows) this.#goToEnd();
    else if (grew) this.#toLatest.hidden = false;
  }

  /** Before the end is gone to, for it is above the rows. */
  #showStart(oldest, olderThan) {
    byId('earlier').hidden = olderThan === null;
    byId('start').hidden = olderThan !== null || oldest === 1;
    setText(byId('start'), `What was before number ${count.format(oldest)} has expired.`);
  }

  #beginWith(turns) {
    this.#rows.replaceChildren(...turns.map((turn) => rowOf(turn)));
    this.#latest.clear();
    byId('latest').replaceChildren();
    this.#told = 0;
  }

  #grow(turns, first) {
    const own = turns[0].seq;
    const last = this.#turns.at(-1).seq;
    this.#rows.prepend(...turns.slice(0, first - own).map((turn) => rowOf(turn)));
    // A turn is another object only where it changed: a price lapses.
    for (let seq = first; seq <= last; seq += 1) {
      const turn = turns[seq - own];
      if (turn !== this.#turns[seq - first]) this.#rows.children[seq - own].replaceWith(rowOf(turn));
    }
    this.#rows.append(...turns.slice(last - own + 1).map((turn) => rowOf(turn)));
  }

  #mark(read) {
    for (let row = this.#rows.lastElementChild; row !== null; row = row.previousElementSibling) {
      const isUnread = Number(row.dataset.seq) > read;
      if (!isUnread && !row.classList.contains('is-unread')) break;
      row.classList.toggle('is-unread', isUnread);
    }
  }

  #showLatest() {
    const told = this.#told - (this.#turns[0]?.seq ?? 0) + 1;
    for (const { content } of this.#turns.slice(Math.max(0, told))) {
      if (typeof content?.price !== 'number') continue;
      this.#latest.set(content.symbol, this.#boxOf(content, this.#latest.get(content.symbol)));
    }
    this.#told = this.#turns.at(-1)?.seq ?? 0;
    const boxes = [...this.#latest.keys()].sort().map((symbol) => this.#latest.get(symbol).box);
    const list = byId('latest');
    if (list.children.length !== boxes.length) list.replaceChildren(...boxes);
  }

  #boxOf({ symbol, price, change }, known) {
    const value = known?.value ?? make('dd');
    const box = known?.box ?? make('div', {}, make('dt', { textContent: symbol }), value);
    setText(value, price.toFixed(2));
    value.className = change < 0 ? 'is-down' : 'is-up';
    return { box, value };
  }

  #goToEnd() {
    this.#follows = true;
    this.#toLatest.hidden = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
  }

  get #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < AT_END;
  }
}

function rowOf({ seq, content, reply, createdAt }) {
  const when = make('time', { dateTime: createdAt, textContent: clock.format(new Date(createdAt)) });
  const row = make('li', { className: 'row', data: { seq } }, when);
  if (typeof content?.price !== 'number') {
    row.classList.add('is-gone');
    row.append(make('span', { textContent: reply || 'no longer shown' }));
    return row;
  }
  const { symbol, price, change } = content;
  row.dataset.number = content.number;
  row.append(
    make('span', { className: 'symbol', textContent: symbol }),
    make('span', { textContent: price.toFixed(2) }),
    make('span', {
      className: change < 0 ? 'is-down' : 'is-up',
      textContent: `${change < 0 ? '▼' : '▲'} ${Math.abs(change).toFixed(2)}`,
    }),
  );
  return row;
}
