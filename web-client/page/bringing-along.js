import { Adoption, AdoptionRefused } from '../client/adoption.js';
import { OFFLINE, SIGNED_OUT } from '../client/chat-client.js';
import { inWords, referenceWords } from './notices.js';

const WITHOUT = 'Go on without them';
const WORDS = {
  [OFFLINE]: 'No connection. Your conversations are brought along as soon as there is one.',
  [SIGNED_OUT]: 'Your conversations are brought along when you have signed in again.',
};

/** Bring along what was said in this tab as a guest, before the chat of who signed in begins. */
export async function bringAlong({ url, credential, storage, keep, status, gate, longestWait }) {
  const changed = (state) => status.wait(WORDS[state] ?? 'Bringing your conversations along…', state);
  const adoption = new Adoption({ url, credential, storage, keep, changed, longestWait });
  const isOver = new AbortController();
  for (const sign of ['online', 'focus']) {
    window.addEventListener(sign, () => adoption.wake(), { signal: isOver.signal });
  }
  while (adoption.isDue) await attempt(adoption, gate);
  isOver.abort();
}

async function attempt(adoption, gate) {
  try {
    await adoption.run();
  } catch (error) {
    if (!(error instanceof AdoptionRefused)) throw error;
    const choice = await gate.ask({
      heading: 'Your conversations as a guest',
      text: `They could not be brought along. ${inWords(error)} ${referenceWords(error)}`.trimEnd(),
      choices: ['Try again', WITHOUT],
    });
    if (choice === WITHOUT) adoption.renounce();
  }
}
