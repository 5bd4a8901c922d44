import { fits, wellFormed } from '../client/limits.js';
import { setText } from './elements.js';
import { draftKey } from './kept.js';
import { grow, isComposing, isFinishing, roomFor } from './text-box.js';

/** Where a person writes. A draft is kept for each conversation, across reloads. */
export class Composer {
  #form;
  #text;
  #send;
  #stop;
  #counter;
  #storage;
  #submit;
  #draftKey = '';

  /** @param {{submit: (text: string) => boolean}} options `submit` says whether it took the text */
  constructor({ form, text, send, stop, counter, storage, submit, stopReply }) {
    this.#form = form;
    this.#text = text;
    this.#send = send;
    this.#stop = stop;
    this.#counter = counter;
    this.#storage = storage;
    this.#submit = submit;
    this.#listen(stopReply);
  }

  /** Change to a conversation, and what was begun there. */
  show(conversationId) {
    this.#draftKey = draftKey(conversationId);
    this.#text.value = this.draftIn(conversationId);
    this.#changed();
  }

  /** What was begun in a conversation. */
  draftIn(conversationId) {
    return this.#storage.getItem(draftKey(conversationId)) ?? '';
  }

  /** Let a person have a text again, before what they have begun since. */
  giveBack(conversationId, text) {
    const key = draftKey(conversationId);
    const draft = this.draftIn(conversationId);
    this.#storage.setItem(key, draft === '' ? text : `${text}\n\n${draft}`);
    if (key === this.#draftKey) this.show(conversationId);
  }

  /** Forget what was begun in a conversation. */
  forget(conversationId) {
    this.#storage.removeItem(draftKey(conversationId));
  }

  focus() {
    this.#text.focus();
  }

  /** A reply is being written, or not. */
  set replying(replying) {
    if (this.#stop.hidden === !replying) return;
    if (!replying && document.activeElement === this.#stop) this.focus();
    this.#stop.hidden = !replying;
  }

  #listen(stopReply) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#trySubmit();
    });
    this.#text.addEventListener('input', () => this.#changed());
    this.#text.addEventListener('keydown', (event) => this.#pressed(event, stopReply));
    this.#stop.addEventListener('click', stopReply);
  }

  #pressed(event, stopReply) {
    if (isComposing(event)) return;
    if (isFinishing(event)) {
      event.preventDefault();
      this.#trySubmit();
    }
    if (event.key === 'Escape' && !this.#stop.hidden) stopReply();
  }

  #trySubmit() {
    const text = wellFormed(this.#text.value);
    if (!fits(text) || !this.#submit(text)) return;
    this.#text.value = '';
    this.#changed();
    this.#text.focus();
  }

  #changed() {
    const text = this.#text.value;
    if (text === '') this.#storage.removeItem(this.#draftKey);
    else this.#storage.setItem(this.#draftKey, text);
    this.#send.disabled = !fits(wellFormed(text));
    this.#count(text);
    grow(this.#text);
  }

  #count(text) {
    const { words, isOver, isNear } = roomFor(text);
    this.#counter.hidden = !isNear;
    this.#counter.classList.toggle('is-over', isOver);
    this.#text.setAttribute('aria-invalid', String(isOver));
    setText(this.#counter, words);
  }
}
