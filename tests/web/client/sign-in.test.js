import { RoundTrip, SignIn, SignInFailed } from '../../../web-client/client/sign-in/sign-in.js';
import { challengeTo, randomText } from '../../../web-client/client/sign-in/pkce.js';
import { claimsOf } from '../../../web-client/client/sign-in/jwt.js';
import { equal, ok, test } from '../harness.js';
import { FakeClock, FakeStorage } from './fakes.js';
import { FakeProvider, ISSUER, jwt, PAGE, SETTINGS } from './fake-provider.js';

function begin({ storage = new FakeStorage(), settings = SETTINGS, ...more } = {}) {
  const clock = new FakeClock();
  const provider = new FakeProvider(clock);
  const [visited, forgotten] = [[], []];
  const signIn = new SignIn({
    settings, storage, redirectUri: PAGE, fetch: provider.fetch, clock, random: () => 0,
    navigate: (address) => visited.push(new URL(address)), forget: () => forgotten.push(true),
    locks: null, ...more,
  });
  return { signIn, provider, storage, visited, forgotten, clock };
}

/** Go to the provider, which then answers so. */
async function left(parts) {
  await parts.signIn.begin('/chat?tab=1#end');
  const asked = Object.fromEntries(parts.visited.at(-1).searchParams);
  parts.provider.nonce = asked.nonce;
  return asked;
}

async function signedIn(options) {
  const parts = begin(options);
  const { state } = await left(parts);
  await parts.signIn.complete({ state, code: 'c1' });
  return parts;
}

async function codeOf(promise) {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof SignInFailed, `threw ${error.stack}`);
    return error.code;
  }
  return 'nothing';
}

test('the challenge to a verifier is that of RFC 7636, appendix B', async () => {
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
  equal(await challengeTo(verifier, crypto), 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
});

test('random texts are 43 characters that any address may hold, and never the same', () => {
  const texts = Array.from({ length: 100 }, () => randomText(crypto));
  ok(texts.every((text) => /^[\w-]{43}$/.test(text)));
  equal(new Set(texts).size, 100);
});

test('what is no JWT has no claims, and a name in any script is read', () => {
  for (const text of [undefined, null, '', 'opaque', 'a.b', 'a.b.c.d', 'a.!.c', 'a.bnVsbA.c', 5]) {
    equal(claimsOf(text), null, String(text));
  }
  equal(claimsOf(jwt({ name: 'Ána 🙂 שלום' })).name, 'Ána 🙂 שלום');
});

test('a person leaves for the provider with a question that only this tab can use', async () => {
  const parts = begin();
  const asked = await left(parts);
  const { state, nonce, code_challenge: challenge, ...rest } = asked;
  equal(rest, {
    tenant: '1', audience: 'https://api.example', response_type: 'code', client_id: 'page',
    redirect_uri: PAGE, scope: 'openid', code_challenge_method: 'S256',
  });
  const kept = JSON.parse(parts.storage.getItem('parley.signIn.trip'));
  equal([kept.state, kept.nonce], [state, nonce]);
  equal(await challengeTo(kept.verifier, crypto), challenge);
  ok(!parts.visited[0].href.includes(kept.verifier), 'the verifier stays here');
});

test('parameters of the deployment cannot replace what the standards want', async () => {
  const parts = begin({ settings: { ...SETTINGS, parameters: 'state=x&response_type=token&nonce=y' } });
  const asked = await left(parts);
  equal(asked.response_type, 'code');
  ok(asked.state !== 'x' && asked.nonce !== 'y');
});

test('the code is exchanged with the verifier, and the access token is the credential', async () => {
  const { signIn, provider, storage } = await signedIn();
  const [{ code_verifier: verifier, ...form }] = provider.forms;
  equal(form, {
    audience: 'https://api.example', grant_type: 'authorization_code', code: 'c1',
    redirect_uri: PAGE, client_id: 'page',
  });
  ok(/^[\w-]{43}$/.test(verifier));
  equal(signIn.person, 'Ana');
  equal(claimsOf(await signIn.credential()).aud, 'api');
  equal(storage.getItem('parley.signIn.trip'), null);
});

test('the id token is the credential where the deployment says so', async () => {
  const { signIn } = await signedIn({ settings: { ...SETTINGS, token: 'id' } });
  equal(claimsOf(await signIn.credential()).aud, 'page');
});

test('an answer counts once, and in the tab alone that asked', async () => {
  const parts = begin();
  const { state } = await left(parts);
  equal(await codeOf(parts.signIn.complete({ state: 'other', code: 'c' })), 'unknown_answer');
  equal(await codeOf(parts.signIn.complete({ code: 'c' })), 'unknown_answer');
  equal(await codeOf(begin().signIn.complete({ state, code: 'c' })), 'unknown_answer');
  equal(parts.provider.forms, []);
  await parts.signIn.complete({ state, code: 'c' });
  equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'unknown_answer');
  equal(parts.provider.forms.length, 1);
});

test('an answer from another issuer is not exchanged', async () => {
  const parts = begin();
  const { state } = await left(parts);
  const answer = { state, code: 'c', iss: 'https://evil.example' };
  equal(await codeOf(parts.signIn.complete(answer)), 'wrong_provider');
  equal(parts.provider.forms, []);
});

test('a provider that promises to name itself in its answer must do so', async () => {
  const parts = begin();
  parts.provider.document.authorization_response_iss_parameter_supported = true;
  const { state } = await left(parts);
  equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'wrong_provider');
  const again = await left(parts);
  await parts.signIn.complete({ state: again.state, code: 'c', iss: ISSUER });
});

test('errors of the provider are told apart', async () => {
  const meanings = {
    access_denied: 'denied', login_required: 'denied', server_error: 'unavailable',
    temporarily_unavailable: 'unavailable', invalid_scope: 'refused', constructor: 'refused',
  };
  for (const [error, code] of Object.entries(meanings)) {
    const parts = begin();
    const { state } = await left(parts);
    equal(await codeOf(parts.signIn.complete({ state, error })), code, error);
    equal(parts.signIn.stage, 'nobody');
  }
});

test('a code that is too old is told apart from a request that is refused', async () => {
  for (const [error, code] of [['invalid_grant', 'expired'], ['invalid_client', 'refused']]) {
    const parts = begin();
    const { state } = await left(parts);
    parts.provider.failure = { error };
    equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), code);
  }
});

test('after a provider that could not be reached the same answer may be tried again', async () => {
  const parts = begin();
  const { state } = await left(parts);
  parts.provider.down = true;
  equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'unreachable');
  parts.provider.down = false;
  parts.provider.failure = { status: 503 };
  equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'unreachable');
  parts.provider.failure = null;
  await parts.signIn.complete({ state, code: 'c' });
  equal(parts.signIn.stage, 'valid');
});

test('an id token that is not meant for this page, or this question, ends the sign-in', async () => {
  const good = { iss: ISSUER, aud: 'page', sub: 'ana', exp: 2e9, iat: 1 };
  const bad = {
    'another nonce': { ...good, nonce: 'other' },
    'no nonce': good,
    'another audience': { ...good, aud: 'other' },
    'other audiences': { ...good, aud: ['a', 'b'] },
    'no audience': { ...good, aud: undefined },
    'another party': { ...good, aud: ['page', 'x'], azp: 'x' },
    'another issuer': { ...good, iss: 'https://evil.example' },
    'no subject': { ...good, sub: '' },
  };
  for (const [why, claims] of Object.entries(bad)) {
    const parts = begin();
    const { state, nonce } = await left(parts);
    const idToken = jwt(why === 'another nonce' || why === 'no nonce' ? claims : { ...claims, nonce });
    parts.provider.more = { id_token: idToken };
    equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'bad_answer', why);
    equal(parts.storage.getItem('parley.signIn.tokens'), null, why);
  }
});

test('a token that no backend can check is refused with a reason', async () => {
  const parts = begin();
  const { state } = await left(parts);
  parts.provider.more = { access_token: 'opaque' };
  equal(await codeOf(parts.signIn.complete({ state, code: 'c' })), 'opaque_token');
});

test('a provider that is not who it should be, or not safe, is not gone to', async () => {
  const spoilt = [
    ['wrong_provider', (document) => { document.issuer = `${ISSUER}/`; }],
    ['wrong_provider', (document) => { delete document.authorization_endpoint; }],
    ['insecure_provider', (document) => { document.authorization_endpoint = 'http://id.example/a'; }],
    ['insecure_provider', (document) => { document.authorization_endpoint = 'javascript:alert(1)'; }],
    ['insecure_provider', (document) => { document.authorization_endpoint = 'http://localhost/a'; }],
    ['no_pkce', (document) => { document.code_challenge_methods_supported = ['plain']; }],
  ];
  for (const [code, spoil] of spoilt) {
    const parts = begin();
    spoil(parts.provider.document);
    equal(await codeOf(parts.signIn.begin()), code);
    equal(parts.visited, []);
  }
});

test('http is for providers on this machine alone', async () => {
  for (const issuer of ['http://localhost:9000', 'http://127.0.0.1:9000', 'http://id.localhost']) {
    const parts = begin({ settings: { ...SETTINGS, issuer } });
    parts.provider.document = { issuer, authorization_endpoint: `${issuer}/a` };
    await parts.signIn.begin();
    equal(parts.visited.length, 1, issuer);
  }
  for (const issuer of ['http://id.example', 'http://localhost.example', 'ftp://localhost', 'id']) {
    const parts = begin({ settings: { ...SETTINGS, issuer } });
    const code = await codeOf(parts.signIn.begin());
    equal(code, issuer === 'id' ? 'wrong_provider' : 'insecure_provider', issuer);
    equal(parts.provider.gets, []);
  }
});

test('a page without cryptography says so before anything is asked', async () => {
  const bare = { getRandomValues: (array) => crypto.getRandomValues(array) };
  const parts = begin({ crypto: bare });
  equal(await codeOf(parts.signIn.begin()), 'insecure_page');
  equal(parts.provider.gets, []);
});

test('a provider without an answer is given up after ten seconds', async () => {
  const never = (_, { signal }) => new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  const parts = begin({ fetch: never });
  const code = codeOf(parts.signIn.begin());
  while (parts.clock.waiting === 0) await new Promise((next) => setTimeout(next, 0));
  await parts.clock.advance(10_000);
  equal(await code, 'unreachable');
});

test('signing out forgets all and ends the session at the provider', async () => {
  const { signIn, storage, visited, forgotten } = await signedIn();
  await signIn.signOut();
  const { origin, pathname, searchParams } = visited.at(-1);
  equal(`${origin}${pathname}`, `${ISSUER}/logout`);
  equal(Object.fromEntries(searchParams), {
    client_id: 'page', post_logout_redirect_uri: PAGE,
  });
  equal([signIn.stage, signIn.person, forgotten.length], ['nobody', '', 1]);
  equal(storage.getItem('parley.signIn.tokens'), null);
});

test('signing out works without the provider, and with one that has no place for it', async () => {
  const parts = await signedIn();
  const again = begin({ storage: parts.storage });
  await again.signIn.restore();
  again.provider.down = true;
  await again.signIn.signOut();
  equal(again.visited.at(-1).href, PAGE);
  const other = begin();
  delete other.provider.document.end_session_endpoint;
  await other.signIn.signOut();
  equal(other.visited.at(-1).href, PAGE);
});

test('Cognito is signed out of in its own words', async () => {
  const issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_X';
  const parts = begin({ settings: { ...SETTINGS, issuer } });
  parts.provider.document.issuer = issuer;
  await parts.signIn.signOut();
  equal(Object.fromEntries(parts.visited.at(-1).searchParams), { client_id: 'page', logout_uri: PAGE });
});

test('who signs in where someone else was does not get what that one left', async () => {
  const { storage } = await signedIn();
  const again = begin({ storage });
  await again.signIn.restore();
  const first = await left(again);
  equal(first.login_hint, 'ana@example.com');
  await again.signIn.complete({ state: first.state, code: 'c' });
  equal(again.forgotten.length, 0, 'the same person');
  const { state } = await left(again);
  again.provider.person = { sub: 'ben', name: 'Ben' };
  await again.signIn.complete({ state, code: 'c' });
  equal([again.forgotten.length, again.signIn.person], [1, 'Ben']);
});

function visit(storage, address) {
  const replaced = [];
  const location = { href: `https://page.example${address}` };
  const history = { state: null, replaceState: (_state, _title, to) => replaced.push(to) };
  return [new RoundTrip(storage).takeAnswer({ location, history }), replaced];
}

test('the answer is taken out of the address, and the page is where it was', async () => {
  const parts = begin();
  const { state } = await left(parts);
  const [answer, replaced] = visit(parts.storage, `/chat?code=c&state=${state}&iss=${ISSUER}`);
  equal(answer, { state, code: 'c', iss: ISSUER, error: undefined });
  equal(replaced, ['/chat?tab=1#end']);
});

test('an answer nobody asked for is taken out too, and the rest of the address stays', () => {
  const [answer, replaced] = visit(new FakeStorage(), '/chat?a=1&error=access_denied&state=s&b=2#x');
  equal(answer.error, 'access_denied');
  equal(replaced, ['/chat?a=1&b=2#x']);
});

test('an address without an answer is left as it is', () => {
  for (const address of ['/', '/?code=SUMMER', '/?state=CA', '/?error=404', '/#code=a&state=b']) {
    equal(visit(new FakeStorage(), address), [null, []], address);
  }
});
