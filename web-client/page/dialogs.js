import { MAX_TITLE_CHARACTERS } from '../client/limits.js';
import { byId } from './elements.js';

/** Ask for a title; null when the person thought better of it. */
export function askTitle(present) {
  const dialog = byId('rename-dialog');
  const input = byId('rename-title');
  input.value = present;
  const answer = ask(dialog, () => {
    const title = Array.from(input.value.trim()).slice(0, MAX_TITLE_CHARACTERS).join('');
    return title === '' ? null : title;
  });
  input.select();
  return answer;
}

/** Ask whether a conversation is really to be deleted. */
export async function confirmDeletion(name) {
  byId('delete-title').textContent = name;
  return (await ask(byId('delete-dialog'), () => true)) === true;
}

/** Ask whether to sign out though messages wait to be sent. */
export async function confirmSignOut(count) {
  byId('sign-out-text').textContent = count === 1
    ? 'A message is not sent yet, and will be lost.'
    : `${count} messages are not sent yet, and will be lost.`;
  return (await ask(byId('sign-out-dialog'), () => true)) === true;
}

/** Show a dialog until it is answered; the browser keeps the focus in it and gives it back. */
function ask(dialog, read) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const { signal } = over;
    let answer = null;
    const cancel = () => dialog.close();
    const submit = (event) => {
      event.preventDefault();
      answer = read();
      dialog.close();
    };
    const close = () => {
      over.abort();
      resolve(answer);
    };
    dialog.querySelector('form').addEventListener('submit', submit, { signal });
    dialog.querySelector('[data-cancel]').addEventListener('click', cancel, { signal });
    dialog.addEventListener('close', close, { signal });
    dialog.showModal();
  });
}
