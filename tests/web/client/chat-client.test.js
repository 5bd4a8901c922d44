import { ChatClient, NoCredential, OutboxFull } from '../../../web-client/client/chat-client.js';
import { equal, ok, test, throws } from '../harness.js';
import { begin, connected } from './clients.js';
import { FakeClock, FakeStorage, NOTHING, snapshot, turn, turnFrame } from './fakes.js';

/** The answer to a message, as the server sends it. */
function answer(frame, seq, more = {}) {
  return { ...turnFrame(seq, { messageId: frame.messageId, text: frame.text, ...more }) };
}

const messages = (network) => network.latest.of('message');
const retryable = (code, messageId, more = {}) => ({
  type: 'error', code, message: code, retryable: true, messageId, conversationId: 'main', ...more,
});

test('the credential goes as a subprotocol behind chat.v1', () => {
  const offers = [];
  const client = new ChatClient({
    url: 'ws://x', credential: 'me', storage: new FakeStorage(), clock: new FakeClock(),
    createSocket: (...offer) => { offers.push(offer); return {}; },
  });
  client.start();
  equal(offers, [['ws://x', ['chat.v1', 'me']]]);
});

test('a message waits for the first snapshot, then says what was seen', async () => {
  const { client, network, clock } = begin();
  client.send('main', 'hello');
  network.latest.accept();
  equal(messages(network), []);
  network.latest.receive(snapshot(1, 4));
  equal(messages(network), [{
    action: 'message', messageId: 'id1', conversationId: 'main', text: 'hello', after: 4, epoch: 'e1',
  }]);
  await clock.advance(0);
});

test('messages of one conversation go one after the other, conversations side by side', async () => {
  const { client, network } = await connected();
  client.send('main', 'one');
  client.send('main', 'two');
  client.send('other', 'three');
  network.latest.receive({ ...NOTHING, conversationId: 'other' });
  equal(messages(network).map(({ text }) => text), ['one', 'three']);
  network.latest.receive(answer(messages(network)[0], 1));
  equal(messages(network).map(({ text }) => text), ['one', 'three', 'two']);
  equal(messages(network)[2].after, 1);
});

test('a message is sent again after a lost connection exactly as it was', async () => {
  const { client, network, clock } = await connected();
  network.latest.receive(turnFrame(1));
  client.send('main', 'hello');
  const first = messages(network)[0];
  network.latest.receive(turnFrame(2));
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  equal(messages(network), [first]);
  equal(first.after, 1);
});

test('a message is sent again after a reload exactly as it was', async () => {
  const { client, network, storage } = await connected();
  network.latest.receive(turnFrame(1));
  client.send('main', 'hello');
  const first = messages(network)[0];
  client.stop();
  const again = begin({ storage });
  again.network.latest.accept();
  equal(messages(again.network), [first]);
});

test('a copied outbox sends the same message from both tabs', async () => {
  const { client, network, storage } = await connected();
  client.send('main', 'hello');
  const copy = begin({ storage: storage.copy() });
  copy.network.latest.accept();
  equal(messages(copy.network), messages(network));
  copy.network.latest.receive(answer(messages(copy.network)[0], 1));
  equal(copy.client.unsent('main'), []);
});

test('a message leaves the outbox by its turn, by accepted and by a snapshot that has it', async () => {
  const ways = {
    turn: (frame) => answer(frame, 1),
    accepted: ({ messageId }) => ({ type: 'accepted', conversationId: 'main', messageId, seq: 1 }),
    snapshot: ({ messageId }) => snapshot(1, 1, { turns: [turn(1, { messageId })] }),
  };
  for (const [way, frame] of Object.entries(ways)) {
    const { client, network, storage } = await connected();
    client.send('main', 'hello');
    network.latest.receive(frame(messages(network)[0]));
    equal(client.unsent('main'), [], way);
    equal(storage.getItem('parley.outbox'), null, way);
  }
});

test('an accepted message shows as a turn whose reply is being written', async () => {
  const { client, network, conversation } = await connected();
  client.send('main', 'hello');
  client.send('main', 'and more');
  network.latest.receive({ type: 'accepted', conversationId: 'main', messageId: 'id1', seq: 1 });
  equal([conversation.turns[0].text, conversation.replying], ['hello', true]);
  equal(messages(network).length, 1, 'the next waits for the end of the reply');
  network.latest.receive(answer(messages(network)[0], 1));
  equal(messages(network).length, 2);
});

test('busy is tried again for as long as it takes', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  for (let i = 1; i <= 20; i += 1) {
    network.latest.receive(retryable('busy', 'id1'));
    await clock.advance(15_000);
    equal(messages(network).length, i + 1);
  }
  equal(client.unsent('main')[0].state, 'waiting');
});

test('rate_limited is tried again no sooner than asked', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  network.latest.receive(retryable('rate_limited', 'id1', { retryAfterMs: 7_000 }));
  await clock.advance(6_900);
  equal(messages(network).length, 1);
  await clock.advance(1_000);
  equal(messages(network).length, 2);
});

test('a backend that keeps failing ends in a failed message, and a retry is the same message', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  for (let i = 0; i < 6; i += 1) {
    network.latest.receive(retryable('internal_error', 'id1'));
    await clock.advance(16_000);
  }
  equal(client.unsent('main')[0].state, 'failed');
  const sent = messages(network);
  client.retry('id1');
  equal(messages(network).length, sent.length + 1);
  equal(messages(network).at(-1), sent[0]);
});

test('a failure is kept with what the logs know it by, if that can be such an id', async () => {
  const { client, network } = await connected();
  client.send('main', 'bad');
  const refusal = { ...retryable('internal_error', 'id1'), retryable: false };
  network.latest.receive({ ...refusal, correlationId: 'req-1=' });
  equal(client.unsent('main')[0].problem.correlationId, 'req-1=');
  for (const correlationId of [undefined, 7, {}, 'x'.repeat(129)]) {
    client.retry('id1');
    network.latest.receive({ ...refusal, correlationId });
    equal(client.unsent('main')[0].problem, { code: 'internal_error', message: 'internal_error' });
  }
});

test('a question that is refused says what the logs know that by', async () => {
  const { client, network } = await connected();
  const failed = client.rename('main', 'else').catch((error) => error);
  network.latest.receive({
    type: 'error', code: 'not_found', message: '', retryable: false, conversationId: 'main',
    correlationId: 'req-2=',
  });
  equal((await failed).correlationId, 'req-2=');
});

test('what cannot be retried fails at once and lets the next message pass', async () => {
  const { client, network } = await connected();
  client.send('main', 'bad');
  client.send('main', 'good');
  network.latest.receive({ ...retryable('internal_error', 'id1'), retryable: false });
  equal(client.unsent('main').map(({ state }) => state), ['failed', 'waiting']);
  equal(messages(network).map(({ text }) => text), ['bad', 'good']);
  client.discard('id1');
  equal(client.unsent('main').length, 1);
});

test('an error frame of API Gateway itself has the message sent again, not for ever', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  for (let i = 0; i < 12; i += 1) {
    network.latest.receive({ message: 'Internal server error', connectionId: 'a', requestId: 'b' });
    await clock.advance(16_000);
  }
  ok(messages(network).length > 2 && messages(network).length < 8);
  equal(client.unsent('main')[0].state, 'failed');
  equal(client.unsent('main')[0].problem.correlationId, 'b', 'API Gateway names the request itself');
});

test('an answer that is lost has the message sent again', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  for (let second = 0; second < 40; second += 1) {
    await clock.advance(1_000);
    network.latest.receive({ type: 'pong' });
  }
  equal(messages(network).length, 2);
});

test('a message that gets the connection closed for its size is not sent for ever', async () => {
  for (const code of [1009, 1003]) {
    const { client, network, clock } = await connected();
    client.send('main', 'hello');
    network.latest.end(code);
    await clock.advance(1_000);
    network.latest.accept();
    equal(messages(network), [], String(code));
    equal(client.unsent('main')[0].state, 'failed');
  }
});

test('a gap among turns is asked for after a moment and shown whole', async () => {
  const { network, clock, conversation } = await connected();
  network.latest.receive(turnFrame(1));
  network.latest.receive(turnFrame(3));
  await clock.advance(50);
  equal(network.latest.of('resume').length, 1, 'often the rest is only milliseconds behind');
  await clock.advance(100);
  equal(network.latest.of('resume')[1], {
    action: 'resume', conversationId: 'main', after: 1, epoch: 'e1',
  });
  network.latest.receive(snapshot(2, 3, { more: false }));
  equal(conversation.turns.map(({ seq }) => seq), [1, 2, 3]);
});

test('a gap too long for one answer is asked for in several', async () => {
  const { network, conversation, clock } = await connected();
  network.latest.receive(turnFrame(1));
  network.latest.receive(turnFrame(9));
  await clock.advance(200);
  network.latest.receive(snapshot(2, 4, { head: 9, more: true, next: 4 }));
  equal(network.latest.of('resume').at(-1).after, 4);
  network.latest.receive(snapshot(5, 9, { head: 9, more: false }));
  equal(conversation.last, 9);
  ok(!conversation.behind);
});

test('a lost answer to resume is asked for again, ever more slowly', async () => {
  const { client, network, clock } = begin();
  network.latest.accept();
  for (let second = 0; second < 120; second += 1) {
    await clock.advance(1_000);
    network.latest.receive({ type: 'pong' });
  }
  const asked = network.latest.of('resume').length;
  ok(asked > 3 && asked < 20, `${asked} times in two minutes`);
  client.stop();
});

test('an answer that leaves a gap is followed by another question, not at once', async () => {
  const { network, clock } = await connected();
  network.latest.receive(turnFrame(1));
  network.latest.receive(turnFrame(4));
  await clock.advance(200);
  const asked = network.latest.of('resume').length;
  network.latest.receive(snapshot(2, 2, { head: 4, more: false }));
  equal(network.latest.of('resume').length, asked);
  await clock.advance(2_000);
  equal(network.latest.of('resume').length, asked + 1);
  equal(network.latest.of('resume').at(-1).after, 2);
});

test('history, rename, rating and deletion answer when their frame comes', async () => {
  const { client, network, clock, conversation } = await connected();
  network.latest.receive(snapshot(1, 0, { reset: true, head: 0, epoch: '' }));
  await clock.advance(200);
  network.latest.receive(snapshot(31, 40));
  const history = client.history('main');
  equal(network.latest.of('history')[0].before, 31);
  network.latest.receive(snapshot(1, 0, { head: 40, read: 9 }));
  network.latest.receive(snapshot(11, 30, { head: 40, read: 9 }));
  equal(await history, true);
  equal(conversation.olderThan, 11);
  const rename = client.rename('main', 'Better');
  network.latest.receive(snapshot(1, 0, { head: 40, title: 'Better' }));
  await rename;
  equal(client.conversations[0].title, 'Better');
  const rating = client.rate('main', 40, 'up');
  network.latest.receive(turnFrame(40, { feedback: 'up' }));
  await rating;
  const removal = client.remove('main');
  network.latest.receive({ ...NOTHING, reset: true });
  await removal;
  equal(client.conversations, []);
});

test('a question fails when the connection is lost, at an error and after a time', async () => {
  const { client, network, clock } = await connected();
  const codes = [];
  const note = (error) => codes.push(error.code);
  client.rename('main', 'a').catch(note);
  network.latest.receive({ type: 'error', code: 'not_found', message: '', conversationId: 'main' });
  client.rename('main', 'b').catch(note);
  for (let second = 0; second < 31; second += 1) {
    await clock.advance(1_000);
    network.latest.receive({ type: 'pong' });
  }
  client.rename('main', 'c').catch(note);
  network.latest.end();
  client.rename('main', 'd').catch(note);
  await clock.advance(0);
  equal(codes, ['not_found', 'timeout', 'offline', 'offline']);
});

test('the list shows unread turns of other conversations, and all pages of it', async () => {
  const { client, network, clock } = await connected();
  const entry = (id, updatedAt) => ({ conversationId: id, title: id, updatedAt, head: 3, read: 1 });
  equal(network.latest.of('conversations')[0].cursor, null);
  network.latest.receive({ type: 'conversations', conversations: [entry('a', '2026-01-01')], cursor: 'x' });
  await clock.advance(0);
  equal(network.latest.of('conversations')[1].cursor, 'x');
  network.latest.receive({ type: 'conversations', conversations: [entry('b', '2026-01-02')], cursor: null });
  await clock.advance(0);
  equal(client.conversations.map((e) => e.conversationId), ['b', 'a']);
  network.latest.receive({ ...turnFrame(4, { createdAt: '2026-01-03' }), conversationId: 'a' });
  equal(client.conversations[0], { ...entry('a', '2026-01-03'), head: 4 });
});

test('a conversation deleted elsewhere while away leaves the list', async () => {
  const { client, network, clock } = await connected();
  const page = (...ids) => ({
    type: 'conversations', cursor: null,
    conversations: ids.map((id) => ({ conversationId: id, title: id, updatedAt: '2026', head: 1, read: 1 })),
  });
  network.latest.receive(page('a', 'b'));
  await clock.advance(0);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  network.latest.receive(page('b'));
  await clock.advance(0);
  equal(client.conversations.map((e) => e.conversationId), ['b']);
});

/** Shows the turns 31 to 40, and asks for older ones. */
function leafing() {
  const parts = begin();
  parts.network.latest.accept();
  parts.network.latest.receive(snapshot(31, 40));
  const page = parts.client.history('main');
  return { ...parts, page, nothing: snapshot(1, 0, { head: 40 }) };
}

test('that nothing is missing at the end does not mean that nothing older is there', async () => {
  const { client, conversation, network, clock, page, nothing } = leafing();
  client.wake();
  network.latest.receive(nothing); // the answer to `resume`
  await clock.advance(0);
  equal([conversation.olderThan, network.latest.of('history').length], [31, 1]);
  network.latest.receive(snapshot(1, 30, { head: 40 }));
  equal([await page, conversation.turns.length, conversation.olderThan], [true, 40, null]);
});

test('a page without turns is believed when it comes again: a `read` is answered alike', async () => {
  const { conversation, network, clock, page, nothing } = leafing();
  network.latest.receive(nothing); // the answer to another tab's `read`
  await clock.advance(0);
  equal([conversation.olderThan, network.latest.of('history').length], [31, 2]);
  network.latest.receive(snapshot(11, 30, { head: 40 }));
  equal([await page, conversation.olderThan], [true, 11]);
  network.latest.receive(nothing);
  network.latest.receive(nothing);
  equal(conversation.olderThan, 11);
});

test('what has expired is over once that was said twice', async () => {
  const { conversation, network, clock, page, nothing } = leafing();
  network.latest.receive(nothing);
  await clock.advance(0);
  network.latest.receive(nothing);
  equal([await page, conversation.olderThan], [true, null]);
});

test('a list of many pages is asked for page by page, and complete after the last', async () => {
  const { client, network, clock } = await connected();
  const asked = () => network.latest.of('conversations').length;
  const receive = async (id, cursor) => {
    const entry = { conversationId: id, title: id, updatedAt: '2026', head: 1, read: 1 };
    network.latest.receive({ type: 'conversations', conversations: [entry], cursor });
    await clock.advance(0);
  };
  network.latest.receive({ ...turnFrame(1), conversationId: 'deleted-elsewhere' });
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  for (let page = 1; page <= 10; page += 1) {
    client.listMore();
    equal(asked(), page, 'one at a time');
    await receive(`c${page}`, 'on');
  }
  equal([asked(), client.hasMoreConversations, client.conversations.length], [10, true, 11]);
  client.listMore();
  await receive('c11', null);
  const ids = client.conversations.map((each) => each.conversationId);
  equal([client.hasMoreConversations, ids.length, ids.includes('deleted-elsewhere')], [false, 11, false]);
});

test('a conversation begun anew while away is listed as it is now', async () => {
  const { client, network, clock } = await connected();
  const page = (head, read, title) => ({
    type: 'conversations', cursor: null,
    conversations: [{ conversationId: 'a', title, updatedAt: '2026', head, read }],
  });
  for (const [head, read, title] of [[9, 5, 'Old'], [2, 0, ''], [3, 3, 'New'], [7, 1, 'Newer']]) {
    network.latest.receive(page(head, read, title));
    await clock.advance(0);
    equal(client.conversations, page(head, read, title).conversations);
    network.latest.end();
    await clock.advance(1_000);
    network.latest.accept();
  }
});

test('what was read is said once, only forward, and again after a lost connection', async () => {
  const { client, network, clock } = await connected();
  network.latest.receive(turnFrame(1));
  network.latest.receive(turnFrame(2));
  client.markRead('main', 2);
  client.markRead('main', 1);
  client.markRead('main', 2);
  equal(network.latest.of('read').length, 1);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  equal(network.latest.of('read').map(({ seq }) => seq), [2]);
  network.latest.receive(snapshot(1, 0, { head: 2, read: 2 }));
  network.latest.end();
  await clock.advance(2_000);
  network.latest.accept();
  equal(network.latest.of('read'), []);
});

test('someone who comes back has the connection and the conversation checked', async () => {
  const { client, network } = await connected();
  client.wake();
  equal(network.latest.of('ping').length, 1);
  equal(network.latest.of('resume').length, 2);
});

test('a full outbox refuses and changes nothing', () => {
  const { client } = begin();
  for (let i = 0; i < 50; i += 1) client.send('main', 'x');
  throws(() => client.send('main', 'x'), OutboxFull);
  equal(client.unsent('main').length, 50);
});

test('an expired credential loses nothing', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'hello');
  network.latest.receive({ type: 'error', code: 'token_expired', message: '', retryable: false });
  network.latest.end(1000);
  await clock.advance(1_000);
  network.latest.accept();
  equal(messages(network).length, 1);
});

/** A client whose credential is asked for each time: what was asked, and what it says. */
async function withTokens(say = (count) => `token${count}`) {
  const asked = [];
  const credential = (doubts) => { asked.push(doubts); return say(asked.length); };
  const parts = begin({ credential });
  await parts.clock.advance(0);
  return { ...parts, asked };
}

const EXPIRED = { type: 'error', code: 'token_expired', message: '', retryable: false };

test('a credential is asked for at every connect, and told how the last ones fared', async () => {
  const { network, clock, asked } = await withTokens();
  network.latest.end();
  await clock.advance(1_000);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  network.latest.end();
  await clock.advance(1_000);
  equal(asked.map(({ failures }) => failures), [0, 1, 2, 0]);
  equal(network.offers.map(([, [, token]]) => token), ['token1', 'token2', 'token3', 'token4']);
});

test('after token_expired the client is back at once with a fresh credential', async () => {
  const { client, network, clock, asked } = await withTokens();
  network.latest.accept();
  network.latest.receive(NOTHING);
  await clock.advance(10_000);
  client.send('main', 'hello');
  network.latest.receive({ ...EXPIRED, messageId: 'id1', conversationId: 'main' });
  ok(network.sockets[0].isClosed, 'it does not wait for the server to close');
  equal(client.unsent('main')[0].state, 'waiting');
  await clock.advance(300);
  equal(asked[1], { expired: 'token1', failures: 0 });
  network.latest.accept();
  equal(messages(network).map(({ text }) => text), ['hello']);
});

test('a backend to which every token is expired is not met with a hot loop', async () => {
  const { network, clock, asked } = await withTokens();
  for (let step = 0; step < 600; step += 1) {
    if (network.latest.onopen) {
      network.latest.accept();
      network.latest.receive(EXPIRED);
    }
    await clock.advance(100);
  }
  ok(asked.length < 12, `${asked.length} connections in a minute`);
});

test('where no credential can be had nothing is tried, and nothing written is lost', async () => {
  const { client, network, clock, asked } = await withTokens(() => { throw new NoCredential(); });
  equal([client.state, client.retryAt], ['signed-out', null]);
  client.send('main', 'hello');
  client.networkLost();
  client.wake();
  await clock.advance(600_000);
  equal([asked.length, network.sockets.length, client.state], [1, 0, 'signed-out']);
  equal(client.unsent('main').length, 1);
});

test('after someone signed in again the client goes on', async () => {
  let token = null;
  const { client, network, clock } = await withTokens(() => {
    if (token === null) throw new NoCredential();
    return token;
  });
  client.send('main', 'hello');
  token = 'fresh';
  client.reconnect();
  await clock.advance(0);
  network.latest.accept();
  network.latest.receive(NOTHING);
  equal(messages(network).length, 1);
});

test('a credential that cannot be had now is asked for again', async () => {
  const { client, network, clock, asked } = await withTokens((count) => {
    if (count < 3) throw new Error('the provider is down');
    return 'token';
  });
  equal(client.state, 'offline');
  await clock.advance(5_000);
  equal([asked.length, network.sockets.length], [3, 1]);
});

test('a credential that comes too late for its try is not used', async () => {
  const resolves = [];
  const { client, network, clock } = await withTokens(() => new Promise((resolve) => resolves.push(resolve)));
  await clock.advance(16_000);
  equal(resolves.length, 2, 'the first was given up');
  resolves[0]('late');
  await clock.advance(0);
  equal(network.sockets.length, 0);
  client.stop();
  resolves[1]('later');
  await clock.advance(0);
  equal(network.sockets.length, 0);
});

test('a fresh token goes to the open connection, and what it missed is asked for', async () => {
  const { client, network } = await connected();
  const resumes = network.latest.of('resume').length;
  const renewed = client.renew('fresh');
  equal(network.latest.of('renew'), [{ action: 'renew', token: 'fresh' }]);
  network.latest.receive({ type: 'renewed', expiresAt: '2026-01-31T10:00:00.000Z' });
  await renewed;
  equal(network.sockets.length, 1);
  equal(network.latest.of('resume').length, resumes + 1);
});

test('a refused token fails its renewal and nothing else', async () => {
  const { client, network, clock } = await connected();
  const codes = [];
  client.rename('main', 'a').catch(({ code }) => codes.push(`rename ${code}`));
  client.renew('stale').catch(({ code }) => codes.push(`renew ${code}`));
  network.latest.receive({ type: 'error', code: 'token_refused', message: '', retryable: false });
  await clock.advance(0);
  equal(codes, ['renew token_refused']);
  equal([client.state, network.sockets.length], ['connected', 1]);
});

test('a renewal without an answer is asked for again, not for ever', async () => {
  const { client, network, clock } = await connected();
  let code = null;
  client.renew('fresh').catch((error) => { code = error.code; });
  for (let second = 0; second < 100; second += 1) {
    await clock.advance(1_000);
    network.latest.receive({ type: 'pong' });
  }
  equal([network.latest.of('renew').length, code], [3, 'timeout']);
});

test('only the conversations that are used are remembered', async () => {
  const { client, network } = await connected();
  for (let i = 0; i < 40; i += 1) client.open(`c${i}`);
  const asked = network.latest.of('resume').length;
  client.open('c0');
  equal(network.latest.of('resume').at(-1).conversationId, 'c0');
  ok(asked === 41);
});

test('what a backend tells those who are there is passed on, and is no turn', async () => {
  const { client, network } = await connected();
  const events = [];
  const before = client.open('main').turns.length;
  client.addEventListener('event', ({ detail }) => events.push(detail));
  const event = { type: 'event', conversationId: 'main', id: 'e1', content: { price: 1 } };
  network.latest.receive(event);
  network.latest.receive({ type: 'event', id: 'of no conversation' });
  equal(events, [event]);
  equal(client.open('main').turns.length, before);
});

test('a followed conversation is kept up to date beside the open one', async () => {
  const { client, network, clock } = await connected();
  const other = { conversationId: 'inbox' };
  const followed = client.follow('inbox');
  const asked = () => network.latest.of('resume').filter((f) => f.conversationId === 'inbox');
  equal(asked(), [{ action: 'resume', ...other }]);
  network.latest.receive({ ...snapshot(1, 1), ...other });
  network.latest.receive({ ...turnFrame(3), ...other });
  await clock.advance(1_000);
  equal(asked().at(-1), { action: 'resume', ...other, after: 1, epoch: 'e1' });
  network.latest.receive({ ...snapshot(2, 3), ...other });
  equal(followed.turns.map(({ seq }) => seq), [1, 2, 3]);
  for (let i = 0; i < 40; i += 1) client.open(`c${i}`);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  equal(asked(), [{ action: 'resume', ...other, after: 3, epoch: 'e1' }]);
});

test('a conversation that begins while one is there has its title at once', async () => {
  const { client, network } = await connected();
  const other = { conversationId: 'other' };
  const titles = () => client.conversations.map(({ title }) => title);
  network.latest.receive({ ...turnFrame(1, { text: '', reply: ' pushed \n words' }), ...other });
  equal(titles(), ['pushed words']);
  network.latest.receive({ ...snapshot(1, 1), ...other, title: 'renamed' });
  network.latest.receive({ ...turnFrame(1), ...other });
  equal(titles(), ['renamed']);
});

test('what was said for a while only is no title any more once the backend says so', async () => {
  const { client, network } = await connected();
  const pushed = turnFrame(1, { text: '', reply: 'Your code is 4711' });
  network.latest.receive({ ...pushed, conversationId: 'codes' });
  network.latest.receive({ ...snapshot(1, 0, { head: 1, title: '' }), conversationId: 'codes' });
  equal(client.conversations.map(({ title }) => title), ['']);
});
