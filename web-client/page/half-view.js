import { FAILED } from '../client/chat-client.js';
import { make, setText } from './elements.js';
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

  /** @param {{retry(messageId: string): void, discard(messageId: string): void}} actions */
  constructor(actions) {
    const words = make('p', { dir: 'auto' });
    const article = make('article', { className: 'words' }, words);
    super('is-user', article, (text) => setText(words, text));
    this.#actions = actions;
  }

  showTurn({ text, createdAt }) {
    this.show({ speaker: 'You', text, at: createdAt });
    this.element.classList.remove('is-unsent', 'is-failed');
    this.annotate('sent', () => []);
  }

  showUnsent({ messageId, text, createdAt, state, problem }, isConnected) {
    const failed = state === FAILED;
    this.show({ speaker: 'You', text, at: createdAt });
    this.element.classList.add('is-unsent');
    this.element.classList.toggle('is-failed', failed);
    if (failed) this.annotate(`failed ${problem?.code}`, () => this.#failure(messageId, problem));
    else if (isConnected) this.annotate('sending', () => ['Sending…']);
    else this.annotate('waiting', () => ['Waiting for a connection']);
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

const ENDS = { stopped: 'Stopped', failed: 'The reply broke off' };

/** What was replied: Markdown, as models write it. */
export class ReplyView extends HalfView {
  #rate;

  /** @param {(seq: number, rating: ?string) => void} rate */
  constructor(rate) {
    const article = make('article', { className: 'words markdown' });
    const renderer = new Renderer(article);
    super('is-reply', article, (text, isOpen) => renderer.render(text, { isOpen }));
    this.#rate = rate;
  }

  showTurn(turn) {
    const busy = turn.status === 'pending' || turn.replyLength !== undefined;
    const at = turn.completedAt ?? turn.createdAt;
    this.show({ speaker: 'Parley', text: turn.reply, at, busy });
    this.element.classList.toggle('is-failed', turn.status === 'failed');
    if (busy) this.annotate('busy', () => []);
    else this.annotate(`${turn.status} ${turn.feedback}`, () => this.#footer(turn));
  }

  #footer({ seq, status, feedback, completedAt, createdAt }) {
    const thumb = (rating, name, label) => {
      const isGiven = feedback === rating;
      return make('button', {
        type: 'button', className: 'thumb', title: label,
        aria: { label, pressed: String(isGiven) },
        onclick: () => this.#rate(seq, isGiven ? null : rating),
      }, icon(name));
    };
    const end = ENDS[status] ? [make('span', { className: 'end', textContent: ENDS[status] })] : [];
    return [
      ...end,
      clockLabel(completedAt ?? createdAt),
      thumb('up', 'up_thumb', 'Good reply'),
      thumb('down', 'down_thumb', 'Bad reply'),
    ];
  }
}

/** A time beside an article that says it already to those who listen. */
function clockLabel(iso) {
  return make('time', { dateTime: iso ?? '', aria: { hidden: 'true' } }, timeOfDay(iso));
}

function textButton(name, onclick) {
  return make('button', { type: 'button', className: 'text-button', textContent: name, onclick });
}
