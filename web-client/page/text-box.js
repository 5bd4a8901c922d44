import { countCharacters, fits, MAX_TEXT_CHARACTERS, wellFormed } from '../client/limits.js';

const COUNTED_FROM = MAX_TEXT_CHARACTERS - 500;

/** How much room a text leaves: in words, whether it is too long, and whether that is worth saying. */
export function roomFor(text) {
  const count = countCharacters(text);
  const excess = count - MAX_TEXT_CHARACTERS;
  const isTooHeavy = excess <= 0 && text.trim() !== '' && !fits(wellFormed(text));
  const words = isTooHeavy
    ? 'Too long to send'
    : excess > 0
      ? `${excess.toLocaleString()} too many`
      : `${(-excess).toLocaleString()} left`;
  return { words, isOver: excess > 0 || isTooHeavy, isNear: count >= COUNTED_FROM || isTooHeavy };
}

/** Whether a key belongs to an input method, which must not be taken for ours. */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** Whether a key means that the text is finished. */
export function isFinishing(event) {
  return event.key === 'Enter' && !event.shiftKey && !event.altKey;
}

/** Make a box as tall as its text; the style sheet sets the limit. */
export function grow(textarea) {
  textarea.style.height = 'auto';
  textarea.style.height = `${textarea.scrollHeight}px`;
}
