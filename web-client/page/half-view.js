import { FAILED } from '../client/chat-client.js';
import { make, setText } from './elements.js';
import { failureWords } from './failure-words.js';
import { icon } from './icons.js';
import { Renderer } from './markdown/renderer.js';
import { inWords } from './notices.js';
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

  /** @param {{retry(messageId: string): void, discard(messageId: string): void}} actions */
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
    this.annotate('sent', () => []);
  }

  /** @param {string} waiting what it waits for */
  showUnsent({ messageId, text, createdAt, state, problem }, waiting) {
    this.#turn = null;
    const failed = state === FAILED;
    this.show({ speaker: 'You', text, at: createdAt });
    this.element.classList.add('is-unsent');
    this.element.classList.toggle('is-failed', failed);
    if (failed) this.annotate(`failed ${problem?.code}`, () => this.#failure(messageId, problem));
    else this.annotate(waiting, () => [waiting]);
  }

  #failure(messageId, problem) {
    const { retry, discard } = this.#actions;
    return [
      make('span', { className: 'failure' }, `Not delivered. ${inWords(problem ?? {})}`),
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
   * @param {object} actions `rate(seq, rating)`, `again(text)`, and `speak(text)`, which says what
   *   would be said too often by the log itself
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
    const { seq, status, feedback, completedAt, createdAt } = turn;
    const thumb = (rating, name, label) => {
      const isGiven = feedback === rating;
      return make('button', {
        type: 'button', className: 'thumb', title: label,
        aria: { label, pressed: String(isGiven) },
        onclick: () => this.#actions.rate(seq, isGiven ? null : rating),
      }, icon(name));
    };
    return [
      ...this.#end(turn, status === 'failed' ? 'failure' : 'end'),
      clockLabel(completedAt ?? createdAt),
      thumb('up', 'up_thumb', 'Good reply'),
      thumb('down', 'down_thumb', 'Bad reply'),
    ];
  }

  #end(turn, className) {
    const words = endOf(turn);
    if (words === '') return [];
    const parts = [make('span', { className, textContent: words })];
    // What was said since is what the person cares about now.
    const canTryAgain = turn.status === 'failed' && this.#isNewest && turn.text;
    if (canTryAgain) parts.push(textButton('Try again', () => this.#actions.again(turn.text)));
    return parts;
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

function textButton(name, onclick) {
  return make('button', { type: 'button', className: 'text-button', textContent: name, onclick });
}
