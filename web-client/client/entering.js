import { guestId } from './guest.js';
import { NOBODY, OVER, RoundTrip, SignIn } from './sign-in/sign-in.js';

/**
 * The shortest way in, without a word to the person: whoever must sign in, or again, is sent to do
 * so, and comes back; without a sign-in service everyone is a guest.
 *
 * Call it before anything else: it takes the provider's answer out of the address.
 * @param {object} options
 * @param {() => Promise<{url: string, signIn: ?object}>} options.readConfig
 * @param {import('./tab-storage.js').TabStorage} options.storage
 * @param {Window} options.window
 * @returns {Promise<{url: string, credential: string | Function, signIn: ?SignIn}>} what a
 *   ChatClient takes; it may never come, where the page is left
 * @throws {SignInFailed}
 */
export async function enter({ readConfig, storage, window }) {
  const answer = new RoundTrip(storage).takeAnswer(window);
  const { url, signIn: settings } = await readConfig();
  if (settings === null) return { url, credential: guestId(storage), signIn: null };
  const { origin, pathname, href } = window.location;
  const signIn = new SignIn({
    settings,
    redirectUri: `${origin}${pathname}`,
    storage,
    forget: () => storage.removeAll('parley.'),
  });
  await signIn.restore();
  if (answer !== null) await signIn.complete(answer);
  if ([NOBODY, OVER].includes(signIn.stage)) {
    await signIn.begin(href.slice(origin.length));
    return new Promise(() => {});
  }
  return { url, credential: signIn.credential, signIn };
}
