import { ChatClient, CONNECTED } from '../client/chat-client.js';
import { guestId, randomUuid } from '../client/guest.js';
import { TabStorage } from '../client/tab-storage.js';
import { readConfig } from './config.js';
import { Chat } from './chat.js';
import { byId } from './elements.js';
import { drawIcons } from './icons.js';
import { StatusView } from './status-view.js';

/** A person who waits is served sooner than a page in the background. */
const longestWait = () => (document.hidden ? 30_000 : 10_000);
const CONFIG_RETRY_MS = 5_000;
/** Signs of a person's presence end a wait for the connection, but not more often than this. */
const WAKE_MS = 2_000;

drawIcons();
const storage = new TabStorage(() => window.sessionStorage);
const status = new StatusView({
  status: byId('status'),
  explanation: byId('explanation'),
  text: byId('explanation-text'),
  tryNow: byId('try-now'),
});
boot();

async function boot() {
  try {
    const { url } = await readConfig();
    begin(url);
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
  }
}

function begin(url) {
  const client = new ChatClient({ url, credential: guestId(storage), storage, longestWait });
  const chat = new Chat({ client, storage, status, newId: randomUuid });
  chat.begin();
  client.start();
  watchPresence(client);
}

function watchPresence(client) {
  let lastWake = 0;
  const wake = () => {
    if (Date.now() - lastWake < WAKE_MS) return;
    lastWake = Date.now();
    client.wake();
  };
  document.addEventListener('visibilitychange', () => document.hidden || wake());
  window.addEventListener('focus', wake);
  window.addEventListener('online', () => client.wake());
  window.addEventListener('offline', () => client.networkLost());
  window.addEventListener('pageshow', (event) => event.persisted && client.reconnect());
  byId('try-now').addEventListener('click', () => client.wake());
  const ifWaiting = () => client.state === CONNECTED || wake();
  document.addEventListener('keydown', ifWaiting);
  document.addEventListener('pointerdown', ifWaiting);
}
