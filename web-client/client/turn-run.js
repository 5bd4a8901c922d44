import { ReplyParts } from './reply-parts.js';

const PENDING = 'pending';

/**
 * An unbroken run of turns, and what has come from beyond a gap: that is held until the gap is
 * filled. Replies that come in parts are put together here. Every turn and every part may come any
 * number of times, in any order.
 */
export class TurnRun {
  #turns = new Map();
  #parts = new Map();
  #pending = new Set();
  /** What was seen of replies that now come once more, whole, in parts: it stays in sight. */
  #seen = new Map();
  #first;
  #last;
  /** The run as it was shown last, and which turns of it are others by now. */
  #shown = [];
  #shownFrom;
  #stale = new Set();

  /** Begin an empty run. @param {number} first the `seq` it begins at */
  constructor(first) {
    this.#first = this.#shownFrom = first;
    this.#last = first - 1;
  }

  /** Where the run begins. */
  get first() {
    return this.#first;
  }

  /** Where the run ends: one before `first` while it is empty. */
  get last() {
    return this.#last;
  }

  /** Whether the reply to the last turn is being written. */
  get replying() {
    return this.#turns.get(this.#last)?.status === PENDING;
  }

  /**
   * The turns of the run, oldest first, with as much of their replies as has come. The list is
   * never changed, and a turn that is as it was before is the same object.
   */
  get turns() {
    const length = this.#last - this.#first + 1;
    if (this.#shown.length === length && this.#stale.size === 0) return this.#shown;
    if (this.#shownFrom !== this.#first) this.#shown = [];
    const shown = this.#shown.slice();
    for (const seq of this.#stale) {
      if (seq >= this.#first && seq - this.#first < shown.length) {
        shown[seq - this.#first] = this.#view(seq);
      }
    }
    while (shown.length < length) shown.push(this.#view(this.#first + shown.length));
    this.#shownFrom = this.#first;
    this.#stale.clear();
    this.#shown = shown;
    return shown;
  }

  /** The lowest `seq` whose reply lacks what was sent already, be it a part or its end, if any. */
  get firstIncomplete() {
    let found;
    // A turn is only followed by another when it has ended.
    for (const seq of this.#pending) if (this.has(seq + 1) && !(found < seq)) found = seq;
    for (const [seq, parts] of this.#parts) {
      const isCut = this.#turns.get(seq)?.replyLength !== undefined;
      if ((isCut || parts.hasHole) && !(found < seq)) found = seq;
    }
    return found;
  }

  /** Whether a turn is here, in the run or beyond a gap. */
  has(seq) {
    return this.#turns.has(seq);
  }

  /** Take a turn. A finished one never becomes pending again. */
  put(turn) {
    const known = this.#turns.get(turn.seq);
    if (known !== undefined && known.status !== PENDING && turn.status === PENDING) return;
    this.#stale.add(turn.seq);
    this.#turns.set(turn.seq, turn);
    if (turn.status === PENDING) this.#pending.add(turn.seq);
    else this.#finish(turn, known);
    this.#extend();
  }

  /** Take a part of a reply. */
  addDelta({ seq, attempt, offset, text }) {
    this.#stale.add(seq);
    const turn = this.#turns.get(seq);
    if (turn === undefined || turn.status === PENDING) {
      this.#partsOf(seq).add(attempt, offset, text);
    } else if (turn.replyLength !== undefined) {
      this.#complete(turn, attempt, offset, text);
    }
  }

  #finish(turn, known) {
    this.#pending.delete(turn.seq);
    const wasCut = known?.replyLength !== undefined;
    const isCut = turn.replyLength !== undefined;
    // A turn too large for one frame: its reply is cut, the rest follows in deltas. Where the whole
    // is here already, the turn came again for what else it says.
    if (isCut && !wasCut && known?.status === turn.status) {
      this.#putWhole(turn, known.reply);
      return;
    }
    if (isCut && !wasCut) this.#keepInSight(turn);
    if (!isCut || !wasCut) this.#parts.delete(turn.seq);
    if (isCut) this.#complete(turn, attemptOf(turn), 0, turn.reply);
  }

  #complete(turn, attempt, offset, text) {
    if (attempt !== attemptOf(turn)) return; // a late delta of a writer that died
    const parts = this.#partsOf(turn.seq);
    parts.add(attempt, offset, text);
    if (parts.length < turn.replyLength) return;
    this.#putWhole(turn, parts.text);
    this.#parts.delete(turn.seq);
  }

  #keepInSight({ seq, reply }) {
    const { text = '' } = this.#parts.get(seq) ?? {};
    if (text.startsWith(reply)) this.#seen.set(seq, text);
  }

  #putWhole({ replyLength: _, attempt: __, ...turn }, reply) {
    this.#seen.delete(turn.seq);
    this.#turns.set(turn.seq, { ...turn, reply });
  }

  #partsOf(seq) {
    if (!this.#parts.has(seq)) this.#parts.set(seq, new ReplyParts());
    return this.#parts.get(seq);
  }

  #extend() {
    while (this.#turns.has(this.#last + 1)) this.#last += 1;
    while (this.#turns.has(this.#first - 1)) this.#first -= 1;
  }

  #view(seq) {
    const turn = this.#turns.get(seq);
    const texts = [this.#parts.get(seq)?.text ?? '', this.#seen.get(seq) ?? ''];
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a));
    return longest.length > (turn.reply ?? '').length ? { ...turn, reply: longest } : turn;
  }
}

/** Which attempt at its reply a cut turn shows. */
function attemptOf({ attempt = 1 }) {
  return attempt;
}
