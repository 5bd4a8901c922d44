import { ChatClient } from '../client/chat-client.js';
import { guestId, keptGuestId, randomUuid } from '../client/guest.js';
import { RoundTrip, SignIn } from '../client/sign-in/sign-in.js';
import { TabStorage } from '../client/tab-storage.js';
import { Account } from './account.js';
import { bringAlong } from './bringing-along.js';
import { readConfig } from './config.js';
import { Chat } from './chat.js';
import { byId } from './elements.js';
import { Entrance } from './entrance.js';
import { Gate } from './gate.js';
import { drawIcons } from './icons.js';
import { ALL, moveKept } from './kept.js';
import { Notices } from './notices.js';
import { watchPresence } from './presence.js';
import { StatusView } from './status-view.js';

/** A person who waits is served sooner than a page in the background. */
const longestWait = () => (document.hidden ? 30_000 : 10_000);
const CONFIG_RETRY_MS = 5_000;

const storage = new TabStorage(() => window.sessionStorage);
const answer = new RoundTrip(storage).takeAnswer(window);
drawIcons();
const gate = new Gate();
const notices = new Notices(byId('notices'));
const status = new StatusView({
  status: byId('status'),
  explanation: byId('explanation'),
  text: byId('explanation-text'),
  tryNow: byId('try-now'),
});
boot();

async function boot() {
  let config;
  try {
    config = await readConfig();
  } catch (error) {
    status.fail(error.message);
    const again = new AbortController();
    const retry = () => {
      again.abort();
      clearTimeout(timer);
      boot();
    };
    const timer = setTimeout(retry, CONFIG_RETRY_MS);
    byId('try-now').addEventListener('click', retry, { signal: again.signal });
    return;
  }
  await begin(config);
}

async function begin({ url, guests, signIn: settings }) {
  const signIn = settings === null ? null : new SignIn({
    settings,
    redirectUri: `${location.origin}${location.pathname}`,
    storage,
    // What was never brought along is the guest's still.
    forget: () => keptGuestId(storage) ?? storage.removeAll(ALL),
  });
  const account = new Account({ signIn, gate, notices });
  const isUser = await new Entrance({ signIn, guests, gate, account, status }).enter(answer);
  account.show();
  const keep = (moved) => moveKept(storage, moved);
  if (isUser) {
    const { credential } = signIn;
    await bringAlong({ url, credential, storage, keep, status, gate, longestWait });
  }
  const credential = isUser ? signIn.credential : guestId(storage);
  const client = new ChatClient({ url, credential, storage, longestWait });
  const chat = new Chat({ client, storage, status, notices, newId: randomUuid });
  account.attach(client);
  chat.begin();
  client.start();
  watchPresence(client, signIn);
}
