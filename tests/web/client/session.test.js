import { NoCredential } from '../../../web-client/client/chat-client.js';
import { renewalOf } from '../../../web-client/client/sign-in/lifetime.js';
import { SignIn } from '../../../web-client/client/sign-in/sign-in.js';
import { holdAlone } from '../../../web-client/client/sign-in/sole-holder.js';
import { equal, ok, test } from '../harness.js';
import { FakeClock, FakeStorage } from './fakes.js';
import { FakeProvider, jwt, PAGE, settled, SETTINGS } from './fake-provider.js';

const MINUTE = 60_000;

function make({ storage = new FakeStorage(), clock = new FakeClock(), provider, ...more } = {}) {
  const its = provider ?? new FakeProvider(clock);
  const visited = [];
  const signIn = new SignIn({
    settings: SETTINGS, storage, redirectUri: PAGE, fetch: its.fetch, clock, random: () => 0,
    navigate: (address) => visited.push(new URL(address)), locks: null, ...more,
  });
  const events = [];
  signIn.addEventListener('renewed', () => events.push('renewed'));
  signIn.addEventListener('change', () => events.push(signIn.stage));
  return { signIn, provider: its, storage, clock, visited, events };
}

async function signedIn({ rotates = true, lifetime = 3_600, ...options } = {}) {
  const parts = make(options);
  Object.assign(parts.provider, { rotates, lifetime });
  await parts.signIn.begin();
  const { state, nonce } = Object.fromEntries(parts.visited[0].searchParams);
  parts.provider.nonce = nonce;
  await parts.signIn.complete({ state, code: 'c' });
  parts.provider.forms.length = 0;
  return parts;
}

/** A reload: the same storage, another page. */
async function reloaded({ storage, clock, provider }, more = {}) {
  const parts = make({ storage, clock, provider, ...more });
  await parts.signIn.restore();
  return parts;
}

async function pass({ clock }, milliseconds) {
  await clock.advance(milliseconds);
  await settled();
}

async function until(isSo) {
  while (!(await isSo())) await settled();
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error instanceof NoCredential ? 'none' : error.code;
  }
  return 'granted';
}

test('tokens are renewed at three quarters of their life, or a minute before its end', () => {
  const after = (seconds) => renewalOf({ receivedAt: 0, expiresAt: seconds * 1_000 }) / 1_000;
  equal([after(3_600), after(240), after(200), after(100), after(10)], [2_700, 180, 140, 50, 5]);
});

test('tokens are renewed in time, again and again, each time with the newest refresh token', async () => {
  const parts = await signedIn();
  const first = await parts.signIn.credential();
  await pass(parts, 44 * MINUTE);
  equal(parts.provider.forms, []);
  await pass(parts, 2 * MINUTE);
  await pass(parts, 46 * MINUTE);
  equal(parts.provider.forms.map((form) => form.refresh_token), ['refresh-1', 'refresh-2']);
  equal(parts.provider.forms[0].grant_type, 'refresh_token');
  equal(parts.provider.forms[0].client_id, 'page');
  equal(parts.events, ['valid', 'renewed', 'renewed']);
  ok((await parts.signIn.credential()) !== first);
});

test('a provider that gives no new refresh token wants the old one again', async () => {
  const parts = await signedIn();
  parts.provider.rotates = false;
  await pass(parts, 46 * MINUTE);
  await pass(parts, 46 * MINUTE);
  equal(parts.provider.forms.map((form) => form.refresh_token), ['refresh-1', 'refresh-1']);
});

test('a renewal that brings no name leaves the name', async () => {
  const parts = await signedIn();
  parts.provider.more = { id_token: undefined };
  await pass(parts, 46 * MINUTE);
  equal([parts.events.at(-1), parts.signIn.person], ['renewed', 'Ana']);
});

test('a reload goes on with the tokens of the tab and renews them when it is time', async () => {
  const parts = await signedIn();
  const again = await reloaded(parts);
  equal([again.signIn.stage, again.signIn.person], ['valid', 'Ana']);
  equal(await again.signIn.credential(), await parts.signIn.credential());
  await pass(again, 46 * MINUTE);
  ok(again.events.includes('renewed'));
});

test('tokens of another provider or client are not taken up', async () => {
  const parts = await signedIn();
  for (const settings of [{ ...SETTINGS, clientId: 'b' }, { ...SETTINGS, issuer: 'https://b.example' }]) {
    equal((await reloaded(parts, { settings })).signIn.stage, 'nobody');
  }
});

test('tokens that were tampered with are not taken up', async () => {
  for (const text of ['', '{', 'null', '[]', '{"issuer":"https://id.example","clientId":"page"}']) {
    const storage = new FakeStorage([['parley.signIn.tokens', text]]);
    const parts = make({ storage });
    await parts.signIn.restore();
    equal(parts.signIn.stage, 'nobody', text);
  }
});

test('a machine that slept through the end gets a fresh token at the first question', async () => {
  const parts = await signedIn();
  parts.provider.down = true;
  await pass(parts, 120 * MINUTE);
  equal(await refusal(parts.signIn.credential()), 'unreachable');
  parts.provider.down = false;
  equal(await refusal(parts.signIn.credential()), 'granted');
  equal(parts.signIn.stage, 'valid');
});

test('a provider that is down is asked again, ever more slowly, and the token goes on', async () => {
  const parts = await signedIn();
  let tries = 0;
  const { fetch } = parts.provider;
  await pass(parts, 44 * MINUTE);
  parts.provider.failure = { status: 503 };
  await pass(parts, 14 * MINUTE);
  tries = parts.provider.forms.length;
  ok(tries > 3, `${tries} tries`);
  equal(await refusal(parts.signIn.credential()), 'granted');
  parts.provider.failure = null;
  parts.signIn.wake();
  await settled();
  equal(parts.events.at(-1), 'renewed');
  ok(fetch === parts.provider.fetch);
});

test('a refused renewal ends with the token, and a person is told before', async () => {
  const parts = await signedIn();
  parts.provider.failure = { error: 'invalid_grant' };
  await pass(parts, 46 * MINUTE);
  await pass(parts, 11 * MINUTE);
  equal(parts.provider.forms.length, 1, 'it is not asked again');
  equal([parts.signIn.stage, await refusal(parts.signIn.credential())], ['valid', 'granted']);
  await pass(parts, 2 * MINUTE);
  equal([parts.signIn.stage, await refusal(parts.signIn.credential())], ['ending', 'granted']);
  await pass(parts, 2 * MINUTE);
  equal([parts.signIn.stage, await refusal(parts.signIn.credential())], ['over', 'none']);
  equal(parts.events, ['valid', 'ending', 'over']);
  equal((await reloaded(parts)).signIn.stage, 'over', 'and stays so after a reload');
});

test('without a refresh token a person is told before the end', async () => {
  const parts = await signedIn({ rotates: false, lifetime: 60 });
  await pass(parts, 46_000);
  equal(parts.signIn.stage, 'ending');
  await pass(parts, 15_000);
  equal(parts.events, ['valid', 'ending', 'over']);
  equal(parts.clock.waiting, 0);
});

test('a renewal for someone else is no renewal', async () => {
  const parts = await signedIn();
  const before = await parts.signIn.credential();
  parts.provider.person = { sub: 'ben', name: 'Ben' };
  await pass(parts, 46 * MINUTE);
  equal([await parts.signIn.credential(), parts.signIn.person], [before, 'Ana']);
});

test('questions asked at once make one renewal', async () => {
  const parts = await signedIn();
  parts.provider.down = true;
  await pass(parts, 61 * MINUTE);
  parts.provider.down = false;
  const answers = await Promise.all([1, 2, 3].map(() => parts.signIn.credential()));
  equal(new Set(answers).size, 1);
  equal(parts.provider.forms.length, 1);
});

test('a token that the backend calls expired is renewed, whatever the clock here says', async () => {
  const parts = await signedIn();
  const expired = await parts.signIn.credential();
  const fresh = await parts.signIn.credential({ expired });
  ok(fresh !== expired);
  equal(await parts.signIn.credential({ expired }), fresh, 'the old one is old news');
  equal(parts.provider.forms.length, 1);
});

test('a token that the backend calls expired and nothing can renew is over', async () => {
  const parts = await signedIn({ rotates: false });
  const expired = await parts.signIn.credential();
  equal(await refusal(parts.signIn.credential({ expired })), 'none');
  equal(parts.signIn.stage, 'over');
});

test('handshakes that keep failing have the token renewed, not more often than once a minute', async () => {
  const parts = await signedIn();
  const first = await parts.signIn.credential({ failures: 9 });
  equal(parts.provider.forms.length, 0);
  await pass(parts, 2 * MINUTE);
  equal(await parts.signIn.credential({ failures: 2 }), first);
  ok((await parts.signIn.credential({ failures: 3 })) !== first);
  await parts.signIn.credential({ failures: 4 });
  equal(parts.provider.forms.length, 1);
});

test('failing handshakes and a provider that is down leave a token that is good as it is', async () => {
  const parts = await signedIn();
  await pass(parts, 2 * MINUTE);
  const first = await parts.signIn.credential();
  parts.provider.down = true;
  equal(await parts.signIn.credential({ failures: 5 }), first);
});

test('nobody has no credential, before signing in and after signing out', async () => {
  equal(await refusal(make().signIn.credential()), 'none');
  const parts = await signedIn();
  await parts.signIn.signOut();
  equal(await refusal(parts.signIn.credential()), 'none');
  await pass(parts, 120 * MINUTE);
  equal(parts.provider.forms, [], 'and nothing is renewed');
  equal(parts.clock.waiting, 0);
});

test('a renewal that comes after signing out is dropped', async () => {
  const parts = await signedIn();
  const expired = await parts.signIn.credential();
  const renewal = refusal(parts.signIn.credential({ expired }));
  await parts.signIn.signOut();
  equal(await renewal, 'none');
  equal(parts.storage.getItem('parley.signIn.tokens'), null);
});

test('the clock of this machine may be wrong by hours', async () => {
  const parts = make();
  await parts.signIn.begin();
  const { state, nonce } = Object.fromEntries(parts.visited[0].searchParams);
  parts.provider.nonce = nonce;
  const now = parts.clock.now() / 1_000 - 9_000;
  const claims = { iss: SETTINGS.issuer, sub: 'ana', iat: now, exp: now + 600 };
  parts.provider.more = { access_token: jwt(claims), expires_in: undefined };
  await parts.signIn.complete({ state, code: 'c' });
  equal(parts.signIn.stage, 'valid');
  await pass(parts, 440_000);
  equal(parts.provider.forms.length, 1);
  await pass(parts, 20_000);
  equal(parts.provider.forms.length, 2);
});

test('a duplicated tab lets the first one renew: a refresh token must not be used by two', async () => {
  const parts = await signedIn({ locks: navigator.locks });
  const { id } = JSON.parse(parts.storage.getItem('parley.signIn.tokens'));
  await until(async () => (await navigator.locks.query()).held.some(({ name }) => name.endsWith(id)));
  const copy = reloaded({ ...parts, storage: parts.storage.copy() }, { locks: navigator.locks });
  await parts.clock.advance(2_000);
  const { signIn, storage } = await copy;
  equal([signIn.stage, await refusal(signIn.credential())], ['valid', 'granted']);
  ok(!storage.getItem('parley.signIn.tokens').includes('refresh-'));
  await pass(parts, 46 * MINUTE);
  equal(parts.provider.forms.length, 1);
});

test('a page that is reloaded waits for its former self to let go', async () => {
  const clock = new FakeClock();
  let letGo;
  let former;
  await new Promise((granted) => {
    former = navigator.locks.request('parley.test', () => new Promise((done) => {
      letGo = done;
      granted();
    }));
  });
  const held = holdAlone('parley.test', navigator.locks, clock);
  await settled();
  letGo();
  await former;
  equal(await held, true);
  equal(clock.waiting, 0);
});
