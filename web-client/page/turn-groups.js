import { arrange, make } from './elements.js';
import { ReplyView, TextView } from './half-view.js';
import { dayOf } from './times.js';

/** Turns a group: small enough to be gone through at every word, and not too many groups. */
const SIZE = 32;

/**
 * Turns as elements, in groups. Only a group that is another than before is gone through, and the
 * style sheet has the browser neither lay out nor paint those that are out of sight: what is said
 * at the end costs the same however long the conversation is.
 */
export class TurnGroups {
  #container;
  #actions;
  #groups = new Map();
  #halves = new Map();
  #marks = new Map();

  constructor(container, actions) {
    this.#container = container;
    this.#actions = actions;
  }

  /** The groups' elements, oldest first. */
  get elements() {
    return [...this.#container.children];
  }

  /**
   * Show these.
   * @param {object} shown
   * @param {object[]} shown.turns an unbroken run
   * @param {object[]} shown.unsent messages behind them
   * @param {string} shown.waiting what these wait for
   * @param {number} [shown.forkAt] the last turn that is another conversation's too
   */
  show({ turns, unsent, waiting, forkAt }) {
    const newest = unsent.length > 0 ? undefined : turns.at(-1);
    const today = new Date().toDateString();
    const wanted = new Map();
    for (const part of split(turns)) {
      const { number, own, before } = part;
      const isNewest = newest !== undefined && own.at(-1) === newest;
      const unsentHere = part.isLast ? unsent : [];
      // Its height would be remembered as none, when there is something in it too.
      if (own.length + unsentHere.length === 0) continue;
      const group = this.#group(number);
      wanted.set(number, group);
      if (unsentHere.length > 0) group.looks = null;
      const looks = [before, ...own, isNewest, forkAt, today];
      if (isSame(group.looks, looks)) continue;
      group.looks = unsentHere.length > 0 ? null : looks;
      const children = this.#children(own, before, isNewest, forkAt);
      arrange(group.element, [...children, ...this.#unsent(unsentHere, waiting)]);
    }
    this.#groups = wanted;
    arrange(this.#container, [...wanted.values()].map(({ element }) => element));
  }

  /** What was replied in a turn, or else what was said. @returns {Element | undefined} */
  find({ seq, messageId }) {
    return (this.#halves.get(`reply ${seq}`) ?? this.#halves.get(`text ${messageId}`))?.element;
  }

  clear() {
    this.#groups.clear();
    this.#halves.clear();
    this.#marks.clear();
    this.#container.replaceChildren();
  }

  #group(number) {
    return this.#groups.get(number) ?? { element: makeGroup(), looks: null };
  }

  #children(turns, before, isNewest, forkAt) {
    const children = [];
    let day = before === undefined ? '' : dayOf(before.createdAt);
    for (const turn of turns) {
      const itsDay = dayOf(turn.createdAt);
      if (itsDay !== day) children.push(this.#mark(`day ${turn.seq}`, itsDay));
      day = itsDay;
      children.push(...this.#halvesOf(turn, isNewest && turn === turns.at(-1)));
      if (turn.seq === forkAt) children.push(this.#mark('fork', 'The branch begins here'));
    }
    return children;
  }

  #halvesOf(turn, isNewest) {
    const halves = [];
    if (turn.author !== 'backend') {
      const text = this.#half(`text ${turn.messageId}`, () => new TextView(this.#actions));
      text.showTurn(turn);
      halves.push(text.element);
    }
    if (turn.reply || turn.status !== 'done') {
      const reply = this.#half(`reply ${turn.seq}`, () => new ReplyView(this.#actions));
      reply.showTurn(turn, isNewest);
      halves.push(reply.element);
    }
    return halves;
  }

  #unsent(entries, waiting) {
    return entries.map((entry) => {
      const half = this.#half(`text ${entry.messageId}`, () => new TextView(this.#actions));
      half.showUnsent(entry, waiting);
      return half.element;
    });
  }

  #half(key, build) {
    if (!this.#halves.has(key)) this.#halves.set(key, build());
    return this.#halves.get(key);
  }

  #mark(key, name) {
    if (this.#marks.get(key)?.textContent !== name) {
      this.#marks.set(key, make('div', { className: 'mark', textContent: name }));
    }
    return this.#marks.get(key);
  }
}

/** A group is laid out once, in sight or not, so that its height is known when it is not. */
function makeGroup() {
  const element = make('div', { className: 'group is-new' });
  requestAnimationFrame(() => requestAnimationFrame(() => element.classList.remove('is-new')));
  return element;
}

/** Turns by groups, which begin at the same `seq` whatever is put before them. */
function* split(turns) {
  const first = turns[0]?.seq ?? 0;
  const end = first + turns.length;
  let at = first;
  do {
    const number = Math.floor(at / SIZE);
    const next = Math.min((number + 1) * SIZE, end);
    const own = turns.slice(at - first, next - first);
    yield { number, own, before: turns[at - first - 1], isLast: next === end };
    at = next;
  } while (at < end);
}

function isSame(before, now) {
  return before !== null && before.length === now.length && now.every((it, i) => it === before[i]);
}
