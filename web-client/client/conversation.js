import { ReplyParts } from './reply-parts.js';

const PENDING = 'pending';
/** Turns that came before the first snapshot; more than these the snapshot will bring. */
const MAX_EARLY = 100;

/**
 * One conversation as this client knows it: an unbroken run of turns, and what is known to be
 * missing. It takes frames in any order and any number of times, and does no I/O.
 *
 * Turns beyond a gap are kept but not shown. Anything that casts doubt on what is shown (a frame of
 * another epoch, a `reset` nobody asked for) only makes it `behind`: the answer to the next
 * `resume` settles it.
 */
export class Conversation {
  #id;
  #epoch = '';
  #title = '';
  #read = 0;
  #head = 0;
  #turns = new Map();
  #parts = new Map();
  #first = 1;
  #last = 0;
  #older = false;
  #ended = false;
  #loaded = false;
  #doubted = false;
  #asked = false;
  #early = [];
  #buried = new Set();
  #shown = null;

  constructor(id) {
    this.#id = id;
  }

  get id() {
    return this.#id;
  }

  get epoch() {
    return this.#epoch;
  }

  get title() {
    return this.#title;
  }

  /** The newest `seq` this user has seen, on any device. */
  get read() {
    return this.#read;
  }

  /** The newest `seq` known to exist. */
  get head() {
    return this.#head;
  }

  /** The end of the unbroken run. */
  get last() {
    return this.#last;
  }

  /** Whether a first snapshot has come. */
  get loaded() {
    return this.#loaded;
  }

  /** The oldest `seq` held, when older turns can be asked for; else null. */
  get olderThan() {
    return this.#loaded && this.#older ? this.#first : null;
  }

  /** Whether a reply is being written. */
  get replying() {
    return this.#turns.get(this.#last)?.status === PENDING;
  }

  /** Whether turns, or parts of replies, are missing: time for a `resume`. */
  get behind() {
    return (
      !this.#loaded || this.#doubted || this.#head > this.#last ||
      this.#firstIncomplete() !== undefined
    );
  }

  /** What a message first sent now must carry; null while nothing is known. */
  get position() {
    return this.#loaded ? { after: this.#head, epoch: this.#epoch } : null;
  }

  /** The unbroken run, oldest first: turns with as much of their reply as has come. */
  get turns() {
    this.#shown ??= Array.from({ length: this.#last - this.#first + 1 }, (_, index) =>
      this.#view(this.#first + index),
    );
    return this.#shown;
  }

  /** The `resume` that would bring what is missing; also fit to ask whether anything is. */
  resumeFrame() {
    this.#asked = true;
    if (this.#ended) this.#older = true;
    this.#ended = false;
    const frame = { action: 'resume', conversationId: this.#id };
    if (!this.#loaded || this.#epoch === '') return frame;
    const pending = this.replying ? this.#last : undefined;
    const incomplete = this.#firstIncomplete() ?? pending ?? Infinity;
    return { ...frame, after: Math.min(this.#last, incomplete - 1), epoch: this.#epoch };
  }

  /** Forget that an answer is due: the connection it would have come by is gone. */
  disconnected() {
    this.#asked = false;
  }

  /** Take a `snapshot`. */
  applySnapshot(frame) {
    const expected = this.#asked;
    this.#asked = false;
    this.#shown = null;
    if (frame.reset) this.#replace(frame, expected);
    else if (this.#buried.has(frame.epoch)) this.#disinter(frame, expected);
    else if (!this.#loaded || (expected && this.#startsAfresh(frame))) this.#load(frame, expected);
    else if (this.#knows(frame.epoch)) this.#merge(frame);
  }

  /** Take a `turn`. */
  applyTurn({ epoch, turn }) {
    if (!this.#loaded) {
      if (this.#early.length < MAX_EARLY) this.#early.push({ epoch, turn });
      return;
    }
    if (!this.#knows(epoch)) return;
    this.#shown = null;
    this.#put(turn);
    this.#extend();
  }

  /** Take a `delta`. */
  applyDelta({ seq, attempt, offset, text }) {
    if (!this.#loaded || seq < this.#first) return;
    this.#shown = null;
    const turn = this.#turns.get(seq);
    if (turn === undefined || turn.status === PENDING) {
      this.#head = Math.max(this.#head, seq);
      this.#partsOf(seq).add(attempt, offset, text);
    } else if (turn.replyLength !== undefined) {
      this.#complete(turn, attempt, offset, text);
    }
  }

  /** Take an `accepted` for a message of this client. */
  applyAccepted({ seq, messageId }, { text, createdAt }) {
    if (!this.#loaded || this.#turns.has(seq)) return;
    this.applyTurn({
      epoch: this.#epoch,
      turn: { seq, messageId, author: 'user', text, reply: '', status: PENDING, createdAt },
    });
  }

  /** Take it, until the next `resume`, that nothing older can be had: a page came empty. */
  endOfHistory() {
    this.#ended = this.#older;
    this.#older = false;
  }

  /** Whether a frame of this epoch may be applied; if not, whether it casts doubt. */
  #knows(epoch) {
    if (epoch === this.#epoch) return true;
    // Written before the conversation began: a late frame, no news.
    if (epoch === '') return false;
    if (this.#epoch === '' && !this.#buried.has(epoch)) {
      this.#epoch = epoch;
      return true;
    }
    this.#doubted = true;
    return false;
  }

  /** Whether this shows a conversation of which nothing is held. */
  #startsAfresh({ turns, epoch }) {
    return turns.length > 0 && this.#last < this.#first && epoch !== '';
  }

  #load(frame, expected) {
    if (frame.turns.length === 0 && frame.head > 0 && !expected) {
      this.#describe(frame);
      return;
    }
    this.#begin(frame);
    for (const early of this.#early.splice(0)) this.applyTurn(early);
  }

  #replace(frame, expected) {
    if (this.#epoch !== '' && this.#epoch !== frame.epoch) this.#buried.add(this.#epoch);
    this.#buried.delete(frame.epoch);
    this.#title = '';
    this.#read = this.#head = 0;
    this.#begin(frame);
    // It may be a late or doubled one, and what came after it is dropped now: make sure.
    this.#doubted = !expected;
    this.#early = [];
  }

  /** An epoch thought gone: a late frame of it, or the `reset` that ended it was the late one. */
  #disinter(frame, expected) {
    if (expected) this.#replace(frame, false);
    else this.#doubted = true;
  }

  #begin(frame) {
    this.#turns.clear();
    this.#parts.clear();
    this.#epoch = frame.epoch;
    this.#first = frame.turns.length > 0 ? frame.turns[0].seq : frame.head + 1;
    this.#last = this.#first - 1;
    this.#foundEnd(frame);
    this.#loaded = true;
    this.#doubted = false;
    this.#describe(frame);
    for (const turn of frame.turns) this.#put(turn);
    this.#extend();
  }

  #merge(frame) {
    this.#doubted = false;
    this.#describe(frame);
    const first = this.#first;
    for (const turn of frame.turns) this.#put(turn);
    this.#extend();
    if (this.#first < first) this.#foundEnd(frame);
  }

  /** The run begins elsewhere now, with this frame's first turn. */
  #foundEnd({ turns, more }) {
    this.#older = this.#first > 1;
    this.#ended = false;
    // Expired, that says; or it is a late frame that filled a gap, and then says nothing.
    if (turns.length > 0 && !more) this.endOfHistory();
  }

  #describe({ title, head, read }) {
    if (typeof title === 'string' && title !== '') this.#title = title;
    this.#head = Math.max(this.#head, head);
    this.#read = Math.max(this.#read, read);
  }

  #put(turn) {
    this.#head = Math.max(this.#head, turn.seq);
    const known = this.#turns.get(turn.seq);
    if (known !== undefined && known.status !== PENDING && turn.status === PENDING) return;
    this.#turns.set(turn.seq, turn);
    if (turn.status === PENDING) return;
    if (turn.replyLength === undefined) this.#parts.delete(turn.seq);
    else this.#putCut(turn, known);
  }

  /** A turn too large for one frame: its reply is cut, the rest follows in deltas. */
  #putCut(turn, known) {
    if (known?.status === turn.status && known.replyLength === undefined) {
      // The whole is here already; the turn came again for what else it says.
      const { replyLength: _, ...rest } = turn;
      this.#turns.set(turn.seq, { ...rest, reply: known.reply });
      return;
    }
    if (known?.replyLength === undefined) this.#parts.delete(turn.seq);
    this.#complete(turn, 1, 0, turn.reply);
  }

  #complete(turn, attempt, offset, text) {
    if (attempt !== 1) return; // a late delta of the writing, not of this sending
    const parts = this.#partsOf(turn.seq);
    parts.add(attempt, offset, text);
    if (parts.length < turn.replyLength) return;
    const { replyLength: _, ...rest } = turn;
    this.#turns.set(turn.seq, { ...rest, reply: parts.text });
    this.#parts.delete(turn.seq);
  }

  #partsOf(seq) {
    if (!this.#parts.has(seq)) this.#parts.set(seq, new ReplyParts());
    return this.#parts.get(seq);
  }

  #extend() {
    while (this.#turns.has(this.#last + 1)) this.#last += 1;
    while (this.#turns.has(this.#first - 1)) this.#first -= 1;
  }

  #firstIncomplete() {
    let found;
    for (const [seq, parts] of this.#parts) {
      const cut = this.#turns.get(seq)?.replyLength !== undefined;
      if ((cut || parts.hasHole) && !(found < seq)) found = seq;
    }
    return found;
  }

  #view(seq) {
    const turn = this.#turns.get(seq);
    const parts = this.#parts.get(seq);
    return parts === undefined || parts.text.length < (turn.reply ?? '').length
      ? turn
      : { ...turn, reply: parts.text };
  }
}
