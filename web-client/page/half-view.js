import { FAILED } from '../client/chat-client.js';
import { pictureButton, textButton } from './buttons.js';
import { make, setText } from './elements.js';
import { failureWords } from './failure-words.js';
import { Renderer } from './markdown/renderer.js';
import { inWords, referenceOf } from './notices.js';
import { TextEditor } from './text-editor.js';
import { timeOfDay } from './times.js';

/**
 * One half of a turn: what a person wrote, or what was replied. The article holds the words alone;
 * what is said about them (time, state, buttons) stands beside it.
 */
class HalfView {
  element;
  #article;
  #write;
  #meta;

  /** @param {(text: string, isOpen: boolean) => void} write puts words into the article */
  constructor(className, article, write) {
    this.#article = article;
    this.#write = write;
    this.#meta = make('div', { className: 'meta' });
    this.element = make('div', { className: `half ${className}` }, this.#article, this.#meta);
  }

  show({ speaker, text, at, busy = false }) {
    this.#write(text, busy);
    this.#article.setAttribute('aria-label', [speaker, timeOfDay(at)].filter(Boolean).join(', '));
    if (busy) this.#article.setAttribute('aria-busy', 'true');
    else this.#article.removeAttribute('aria-busy');
    this.element.classList.toggle('is-busy', busy);
  }

  /** What is in the article, as a person sees it. */
  get words() {
    return this.#article.innerText;
  }

  /** Replace what stands beside the words, when it differs by `key` from what is there. */
  annotate(key, build) {
    if (this.#meta.dataset.key === key) return;
    this.#meta.dataset.key = key;
    this.#meta.replaceChildren(...build());
  }
}

/** What a person wrote, on its way or arrived. */
export class TextView extends HalfView {
  #actions;
  #turn = null;
  #editor = null;

  /**
   * @param {object} actions `retry(messageId)`, `discard(messageId)`, and `edit(seq, text)`, which
   *   says whether it took the text
   */
  constructor(actions) {
    const words = make('p', { dir: 'auto' });
    const article = make('article', { className: 'words' }, words);
    super('is-user', article, (text) => setText(words, text));
    this.#actions = actions;
  }

  showTurn(turn) {
    if (turn === this.#turn) return;
    this.#turn = turn;
    const { text, createdAt } = turn;
    this.show({ speaker: 'You', text, at: createdAt });
    this.element.classList.remove('is-unsent', 'is-failed');
    this.annotate('sent', () => [
      pictureButton('pencil', 'Edit', () => this.#edit(), { className: 'branching' }),
    ]);
  }

  /** @param {string} waiting what it waits for */
  showUnsent({ messageId, text, createdAt, state, problem }, waiting) {
    this.#turn = null;
    const failed = state === FAILED;
    this.show({ speaker: 'You', text, at: createdAt });
    this.element.classList.add('is-unsent');
    this.element.classList.toggle('is-failed', failed);
    const { code, correlationId } = problem ?? {};
    const kind = `failed ${code} ${correlationId}`;
    if (failed) this.annotate(kind, () => this.#failure(messageId, problem ?? {}));
    else this.annotate(waiting, () => [waiting]);
  }

  #edit() {
    const { seq, text } = this.#turn;
    this.#editor = new TextEditor(text, {
      save: (edited) => this.#actions.edit(seq, edited) && this.#endEditing(),
      cancel: () => this.#endEditing(),
    });
    this.element.classList.add('is-editing');
    this.element.append(this.#editor.element);
    this.#editor.begin();
  }

  #endEditing() {
    const hadFocus = this.#editor.element.contains(document.activeElement);
    this.#editor.element.remove();
    this.element.classList.remove('is-editing');
    if (hadFocus) this.element.querySelector('.branching')?.focus();
  }

  #failure(messageId, problem) {
    const { retry, discard } = this.#actions;
    return [
      make('span', { className: 'failure' }, `Not delivered. ${inWords(problem)}`),
      ...referenceOf(problem),
      textButton('Retry', () => retry(messageId)),
      textButton('Discard', () => discard(messageId)),
    ];
  }
}

/** What was replied: Markdown, as models write it. */
export class ReplyView extends HalfView {
  #actions;
  #turn = null;
  #isNewest = false;
  #isWatched = false;

  /**
   * @param {object} actions `rate(seq, rating)`, `again(text)`, `regenerate(seq)`, `branch(seq)`,
   *   and `speak(text)`, which says what would be said too often by the log itself
   */
  constructor(actions) {
    const article = make('article', { className: 'words markdown' });
    const renderer = new Renderer(article);
    super('is-reply', article, (text, isOpen) => renderer.render(text, { isOpen }));
    this.#actions = actions;
  }

  showTurn(turn, isNewest) {
    if (turn === this.#turn && isNewest === this.#isNewest) return;
    const busy = turn.status === 'pending' || turn.replyLength !== undefined;
    this.#turn = turn;
    this.#isNewest = isNewest;
    const at = turn.completedAt ?? turn.createdAt;
    if (turn.status === 'pending' && !this.#isWatched) this.#watch();
    this.show({ speaker: 'Parley', text: turn.reply, at, busy });
    this.element.classList.toggle('is-failed', turn.status === 'failed');
    if (busy) this.annotate('busy', () => []);
    else this.annotate(`${turn.status} ${turn.feedback} ${isNewest}`, () => this.#footer(turn));
    if (this.#isWatched && !busy) this.#tell(turn);
  }

  /** It is being written before a person's eyes, and not spoken until it is complete. */
  #watch() {
    this.#isWatched = true;
    this.element.setAttribute('aria-live', 'off');
    this.#actions.speak('Parley is writing');
  }

  #tell(turn) {
    this.#isWatched = false;
    this.#actions.speak(`${this.words}\n${endOf(turn)}`.trim());
  }

  #footer(turn) {
    const { status, completedAt, createdAt } = turn;
    return [
      ...this.#end(turn, status === 'failed' ? 'failure' : 'end'),
      clockLabel(completedAt ?? createdAt),
      ...this.#branching(turn),
      ...(turn.reply === '' ? [] : this.#thumbs(turn)),
    ];
  }

  #branching(turn) {
    const { seq, author } = turn;
    const button = (picture, label, act) =>
      pictureButton(picture, label, act, { className: 'branching' });
    const canRegenerate = author !== 'backend' && !this.#canTryAgain(turn);
    return [
      ...(canRegenerate
        ? [button('again', 'Regenerate', () => this.#actions.regenerate(seq))]
        : []),
      button('branch', 'Branch from here', () => this.#actions.branch(seq)),
    ];
  }

  #thumbs({ seq, feedback }) {
    const thumb = (rating, picture, label) => {
      const isGiven = feedback === rating;
      const rate = () => this.#actions.rate(seq, isGiven ? null : rating);
      const aria = { pressed: String(isGiven) };
      return pictureButton(picture, label, rate, { className: 'thumb', aria });
    };
    return [
      thumb('up', 'up_thumb', 'Good reply'),
      thumb('down', 'down_thumb', 'Bad reply'),
    ];
  }

  #end(turn, className) {
    const words = endOf(turn);
    if (words === '') return [];
    const parts = [make('span', { className, textContent: words })];
    if (this.#canTryAgain(turn)) {
      parts.push(textButton('Try again', () => this.#actions.again(turn.text)));
    }
    return parts;
  }

  /** What was said since is what the person cares about now. */
  #canTryAgain({ status, text }) {
    return status === 'failed' && this.#isNewest && Boolean(text);
  }
}

/** How a reply ended, where it is not simply complete. */
function endOf({ status, failure }) {
  if (status === 'failed') return failureWords(failure);
  return status === 'stopped' ? 'Stopped' : '';
}

/** A time beside an article that says it already to those who listen. */
function clockLabel(iso) {
  return make('time', { dateTime: iso ?? '', aria: { hidden: 'true' } }, timeOfDay(iso));
}
