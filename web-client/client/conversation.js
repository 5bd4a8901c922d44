import { Epochs } from './epochs.js';
import { forkIn } from './frames.js';
import { TurnRun } from './turn-run.js';

/** Frames that came before the first snapshot; what is missing beyond these is asked for. */
const MAX_EARLY = 500;

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
  #epochs = new Epochs();
  #title = '';
  #read = 0;
  #head = 0;
  #rumour = 0;
  #run = new TurnRun(1);
  #early = [];
  #isLoaded = false;
  #isDoubted = false;
  #isAsked = false;
  #isHistoryOver = false;
  #fork;

  /**
   * @param {?import('./outbox.js').Fork} [fork] what it is being made a fork of. It begins with
   *   these turns then, which may be the newest of them only, and its epoch is still to be told.
   */
  constructor(id, { fork = null, turns = [], title = '' } = {}) {
    this.#id = id;
    this.#fork = fork;
    if (fork !== null) this.#beginAsFork(fork.forkAt, turns, title);
  }

  get id() {
    return this.#id;
  }

  get epoch() {
    return this.#epochs.present;
  }

  get title() {
    return this.#title;
  }

  /** What it is a fork of, `{forkOf, forkAt}`, or null. */
  get fork() {
    return this.#fork === null ? null : forkIn(this.#fork);
  }

  /** What its next message must carry, since the backend may not have made it yet; else null. */
  get unmade() {
    return this.epoch === '' ? this.#fork : null;
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
    return this.#run.last;
  }

  /** The unbroken run, oldest first: turns with as much of their reply as has come. */
  get turns() {
    return this.#run.turns;
  }

  /** Whether a reply is being written. */
  get replying() {
    return this.#run.replying;
  }

  /** Whether a first snapshot has come. */
  get loaded() {
    return this.#isLoaded;
  }

  /** Whether turns, or parts of replies, are missing: time for a `resume`. */
  get behind() {
    return (
      !this.#isLoaded || this.#isDoubted || Math.max(this.#head, this.#rumour) > this.#run.last ||
      this.#run.firstIncomplete !== undefined
    );
  }

  /**
   * Whether the reply that is being written has a hole. Its writer alone has the missing part, and
   * gives it to a new connection.
   */
  get torn() {
    return this.replying && this.#run.firstIncomplete === this.#run.last;
  }

  /** The oldest `seq` held, when older turns can be asked for; else null. */
  get olderThan() {
    const { first } = this.#run;
    return this.epoch !== '' && first > 1 && !this.#isHistoryOver ? first : null;
  }

  /** Whether the answer to a `resume` is due. */
  get asked() {
    return this.#isAsked;
  }

  /** What a message first sent now must carry; null while nothing is known. */
  get position() {
    return this.#isLoaded ? { after: this.#head, epoch: this.epoch } : null;
  }

  /** The `resume` that would bring what is missing; also fit to ask whether anything is. */
  resumeFrame() {
    this.#isAsked = true;
    this.#isHistoryOver = false;
    const frame = { action: 'resume', conversationId: this.#id };
    if (!this.#isLoaded || this.epoch === '') return frame;
    const { last, replying, firstIncomplete = replying ? last : Infinity } = this.#run;
    return { ...frame, after: Math.min(last, firstIncomplete - 1), epoch: this.epoch };
  }

  /** Forget that an answer is due: the connection it would have come by is gone. */
  disconnected() {
    this.#isAsked = false;
  }

  /** Take a `snapshot`. */
  applySnapshot(frame) {
    const isExpected = this.#isAsked;
    this.#isAsked = false;
    if (frame.reset) this.#replace(frame, isExpected);
    else if (this.#epochs.isBuried(frame.epoch)) this.#disinter(frame, isExpected);
    else if (!this.#isLoaded) this.#load(frame, isExpected);
    else if (isExpected && this.#startsAfresh(frame)) this.#begin(frame);
    else if (this.#knows(frame.epoch)) this.#merge(frame);
  }

  /** Take a `turn`. */
  applyTurn({ epoch, turn }) {
    if (!this.#isLoaded) this.#keepEarly(() => this.applyTurn({ epoch, turn }));
    else if (this.#knows(epoch)) this.#put(turn);
  }

  /** Take a `delta`. */
  applyDelta(delta) {
    if (!this.#isLoaded) {
      this.#keepEarly(() => this.applyDelta(delta));
      return;
    }
    const isOurs = delta.epoch === undefined || this.#epochs.admits(delta.epoch);
    if (!isOurs || delta.seq < this.#run.first) return;
    // It may be ahead of a turn that is never written: no proof that there is one.
    this.#rumour = Math.max(this.#rumour, delta.seq);
    this.#run.addDelta(delta);
  }

  /** Take an `accepted` for a message of this client. */
  applyAccepted({ seq, messageId }, { text, createdAt }) {
    if (!this.#isLoaded || this.#run.has(seq)) return;
    this.#put({
      seq, messageId, author: 'user', text, reply: '', status: 'pending', createdAt,
    });
  }

  /** What it was to begin with is not there: nothing of it is made, and it is empty. */
  orphan() {
    if (this.unmade === null) return;
    this.#fork = null;
    this.#title = '';
    this.#head = this.#read = 0;
    this.#run = new TurnRun(1);
  }

  /** Take it, until the next `resume`, that nothing older can be had: a page came empty. */
  endOfHistory() {
    this.#isHistoryOver = true;
  }

  #beginAsFork(forkAt, turns, title) {
    this.#run = new TurnRun(forkAt + 1);
    for (const turn of turns) this.#run.put(turn);
    this.#head = this.#read = forkAt;
    this.#title = title;
    this.#isLoaded = true;
  }

  /** Whether a frame of this epoch may be applied; if not, whether it casts doubt. */
  #knows(epoch) {
    const isKnown = this.#epochs.admits(epoch);
    // Written before the conversation began, it is a late frame and no news.
    if (!isKnown && epoch !== '') this.#isDoubted = true;
    return isKnown;
  }

  /** Whether this shows a conversation of which nothing is held. */
  #startsAfresh({ turns, epoch }) {
    return turns.length > 0 && this.#run.turns.length === 0 && epoch !== '';
  }

  #load(frame, isExpected) {
    if (frame.turns.length === 0 && frame.head > 0 && !isExpected) {
      this.#describe(frame); // the answer to another tab's `read` or `rename`
      return;
    }
    this.#begin(frame);
    for (const apply of this.#early.splice(0)) apply();
  }

  #keepEarly(apply) {
    if (this.#early.length < MAX_EARLY) this.#early.push(apply);
  }

  #replace(frame, isExpected) {
    this.#epochs.replace(frame.epoch);
    this.#title = '';
    this.#fork = null;
    this.#read = this.#head = 0;
    this.#early = [];
    this.#begin(frame);
    // It may be a late or doubled one, and what came after it is dropped now: make sure.
    this.#isDoubted = !isExpected;
  }

  /** An epoch thought gone: a late frame of it, or the `reset` that ended it was the late one. */
  #disinter(frame, isExpected) {
    if (isExpected) this.#replace(frame, false);
    else this.#isDoubted = true;
  }

  #begin(frame) {
    this.#epochs.enter(frame.epoch);
    this.#run = new TurnRun(frame.turns[0]?.seq ?? frame.head + 1);
    this.#isLoaded = true;
    this.#foundStart(frame);
    this.#take(frame);
  }

  #merge(frame) {
    const { first } = this.#run;
    this.#take(frame);
    if (this.#run.first < first) this.#foundStart(frame);
  }

  #take(frame) {
    this.#isDoubted = false;
    this.#rumour = 0;
    this.#describe(frame);
    for (const turn of frame.turns) this.#put(turn);
  }

  /** The run begins elsewhere now, with this frame's first turn. */
  #foundStart({ turns, more }) {
    // Expired, that says; or it is a late frame that filled a gap, and then says nothing.
    this.#isHistoryOver = turns.length > 0 && !more;
  }

  #describe({ title, head, read, ...frame }) {
    this.#fork = forkIn(frame) ?? this.#fork;
    if (typeof title === 'string' && title !== '') this.#title = title;
    this.#head = Math.max(this.#head, head);
    this.#read = Math.max(this.#read, read);
  }

  #put(turn) {
    this.#head = Math.max(this.#head, turn.seq);
    this.#run.put(turn);
  }
}
