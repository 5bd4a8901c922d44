import { Conversation } from '../../../web-client/client/conversation.js';
import { equal, ok, test } from '../harness.js';
import { begin, connected } from './clients.js';
import { NOTHING, snapshot, turn, turnFrame } from './fakes.js';

const delta = (seq, offset, text, attempt = 1) => ({
  type: 'delta', conversationId: 'main', seq, attempt, offset, text,
});
const accepted = (messageId, seq) => ({ type: 'accepted', conversationId: 'main', messageId, seq });
const pendingTurn = (seq, more = {}) =>
  turn(seq, { status: 'pending', reply: '', completedAt: null, ...more });
const pending = (seq, more = {}) => ({ ...turnFrame(seq), turn: pendingTurn(seq, more) });
const gap = (seq) =>
  snapshot(1, 0, { head: seq, more: false, turns: [pendingTurn(seq)] });
const resumes = (network) => network.latest.of('resume');
const messages = (network) => network.latest.of('message');
const replies = (conversation) => conversation.turns.map(({ reply }) => reply);

/** A client that sees the reply to turn 1 being written. */
async function replying(options) {
  const parts = await connected(options);
  parts.network.latest.receive(pending(1));
  return parts;
}

function loaded() {
  const conversation = new Conversation('main');
  conversation.resumeFrame();
  conversation.applySnapshot(snapshot(1, 3));
  return conversation;
}

test('accepted, the pending turn and the first deltas may come in any order', () => {
  const taken = { messageId: 'm4', text: 'text 4', createdAt: 'now' };
  const frames = [
    (it) => it.applyAccepted({ seq: 4, messageId: 'm4' }, taken),
    (it) => it.applyTurn(pending(4)),
    (it) => it.applyDelta(delta(4, 0, 'one ')),
    (it) => it.applyDelta(delta(4, 4, 'two')),
  ];
  for (const order of permutations(frames)) {
    const conversation = loaded();
    for (const apply of order) apply(conversation);
    equal(conversation.turns[3].reply, 'one two');
    ok(conversation.replying && !conversation.behind);
  }
});

test('deltas that come before the first snapshot are not lost', async () => {
  const { network, conversation, clock } = begin();
  network.latest.accept();
  network.latest.receive(delta(4, 0, 'early '));
  network.latest.receive({ ...snapshot(1, 3), head: 4, turns: [...[1, 2, 3].map((s) => turn(s)), pendingTurn(4)] });
  network.latest.receive(delta(4, 6, 'and late'));
  await clock.advance(0);
  equal(conversation.turns[3].reply, 'early and late');
  ok(!conversation.behind);
});

test('a part that comes twice, or overlaps, changes nothing', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  for (const [offset, text] of [[0, 'ab🙂'], [0, 'ab🙂'], [1, 'b🙂c'], [0, 'a'], [4, 'd']]) {
    conversation.applyDelta(delta(4, offset, text));
  }
  equal(conversation.turns[3].reply, 'ab🙂cd');
});

test('another attempt replaces what the one before showed, and late parts of that are no news', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  conversation.applyDelta(delta(4, 0, 'the first writer'));
  conversation.applyDelta(delta(4, 0, 'the sec', 2));
  conversation.applyDelta(delta(4, 16, ' goes on'));
  conversation.applyDelta(delta(4, 7, 't'));
  conversation.applyDelta(delta(4, 7, 'ond', 2));
  equal(conversation.turns[3].reply, 'the second');
});

test('the turn ends it, with what there was of a reply that was stopped or that failed', () => {
  for (const status of ['done', 'stopped', 'failed']) {
    const conversation = loaded();
    conversation.applyTurn(pending(4));
    conversation.applyDelta(delta(4, 0, 'half of i', 2));
    conversation.applyTurn(turnFrame(4, { status, reply: 'half', failure: 'timed_out' }));
    conversation.applyDelta(delta(4, 9, 't', 2));
    conversation.applyTurn(pending(4));
    equal([conversation.turns[3].reply, conversation.turns[3].status], ['half', status]);
    ok(!conversation.replying);
  }
});

test('a reply too long for one frame stays in sight while it comes whole', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  conversation.applyDelta(delta(4, 0, 'abcdefghi', 2));
  conversation.applyTurn(turnFrame(4, { reply: 'abc', replyLength: 9 }));
  equal(conversation.turns[3].reply, 'abcdefghi');
  conversation.applyDelta(delta(4, 3, 'def'));
  equal(conversation.turns[3].reply, 'abcdefghi');
  conversation.applyDelta(delta(4, 6, 'ghi'));
  equal([conversation.turns[3].reply, conversation.behind], ['abcdefghi', false]);
});

test('a reply too long for one frame is put together of the attempt that it names', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  conversation.applyDelta(delta(4, 0, 'abcXXX', 1));
  conversation.applyTurn(turnFrame(4, { reply: 'abc', replyLength: 6, attempt: 2 }));
  conversation.applyDelta(delta(4, 3, 'YYY', 1));
  conversation.applyDelta(delta(4, 3, 'def', 2));
  equal([conversation.turns[3].reply, conversation.behind], ['abcdef', false]);
});

test('a delta of a life that is over changes nothing', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  conversation.applyDelta({ ...delta(4, 0, 'of another life', 9), epoch: 'gone' });
  conversation.applyDelta({ ...delta(4, 0, 'hello'), epoch: conversation.epoch });
  equal(conversation.turns[3].reply, 'hello');
});

test('what another attempt wrote gives way to the reply that counts', () => {
  const conversation = loaded();
  conversation.applyTurn(pending(4));
  conversation.applyDelta(delta(4, 0, 'a lost attempt'));
  conversation.applyTurn(turnFrame(4, { reply: 'abc', replyLength: 6 }));
  equal(conversation.turns[3].reply, 'abc');
  conversation.applyDelta(delta(4, 3, 'def'));
  equal(conversation.turns[3].reply, 'abcdef');
});

test('a late delta of a deleted conversation does not move what a message follows', async () => {
  const { client, network, clock } = await connected();
  network.latest.receive(delta(51, 0, 'late'));
  await clock.advance(200);
  equal(resumes(network).length, 2, 'it is asked about');
  network.latest.receive(NOTHING);
  client.send('main', 'hello');
  equal(messages(network)[0].after, 0);
  await clock.advance(4_000);
  equal(resumes(network).length, 2, 'and that settles it');
});

test('a turn on another device is followed here', async () => {
  const { network, conversation } = await connected();
  network.latest.receive(pending(1, { text: 'from the phone' }));
  network.latest.receive(delta(1, 0, 'hello'));
  equal([conversation.turns[0].text, replies(conversation)], ['from the phone', ['hello']]);
  ok(conversation.replying);
});

test('a silent reply is asked about, ever more rarely, until a word comes', async () => {
  const { network, clock } = await replying();
  const asked = async (milliseconds) => {
    const before = resumes(network).length;
    await clock.advance(milliseconds);
    if (resumes(network).length > before) network.latest.receive(gap(1));
    return resumes(network).length - before;
  };
  equal([await asked(11_900), await asked(200)], [0, 1]);
  equal(resumes(network).at(-1).after, 0, 'so that the turn comes, should it have ended');
  equal([await asked(17_800), await asked(300)], [0, 1]);
  equal([await asked(26_800), await asked(300)], [0, 1]);
  network.latest.receive(delta(1, 0, 'word'));
  equal([await asked(11_900), await asked(200)], [0, 1]);
});

test('a reply that is silent after a reconnect is asked about too', async () => {
  const { network, clock } = await replying();
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  network.latest.receive(gap(1));
  equal(resumes(network).length, 1);
  await clock.advance(12_100);
  equal(resumes(network).length, 2);
});

test('a question whose answer is lost is asked again, whatever else comes meanwhile', async () => {
  const { client, network, clock, conversation } = await connected();
  client.wake();
  network.latest.receive(turnFrame(1));
  network.latest.receive(turnFrame(3));
  ok(conversation.behind);
  const before = resumes(network).length;
  await clock.advance(6_000);
  equal(resumes(network).length, before + 1);
});

test('how long a reply may be silent is a parameter', async () => {
  const { network, clock } = await replying({ replySilence: 1_000 });
  const before = resumes(network).length;
  await clock.advance(1_100);
  equal(resumes(network).length, before + 1);
});

test('a finished reply is not asked about', async () => {
  const { network, clock } = await replying();
  network.latest.receive(turnFrame(1));
  await clock.advance(120_000);
  equal(resumes(network).length, 1);
});

test('after a reconnect the reply is told from its beginning, and nothing is shown twice', async () => {
  const { network, clock, conversation } = await replying();
  network.latest.receive(delta(1, 0, 'one two '));
  network.latest.end();
  equal(replies(conversation), ['one two ']);
  await clock.advance(1_000);
  network.latest.accept();
  equal(resumes(network)[0].after, 0);
  network.latest.receive(gap(1));
  equal(replies(conversation), ['one two ']);
  network.latest.receive(delta(1, 0, 'one two three '));
  network.latest.receive(delta(1, 14, 'four'));
  equal(replies(conversation), ['one two three four']);
});

/** Let time pass on a network that answers every `resume` with the turn as it is. */
async function answering({ client, network, clock }, milliseconds) {
  for (let passed = 0; passed < milliseconds; passed += 100) {
    const before = resumes(network).length;
    const socket = network.latest;
    await clock.advance(100);
    if (client.state !== 'connected') network.latest.accept();
    else socket.receive(resumes(network).length > before ? gap(1) : { type: 'pong' });
  }
}

test('a hole that no answer fills for some seconds is made whole on a new connection', async () => {
  const parts = await replying();
  const { network, conversation } = parts;
  network.latest.receive(delta(1, 4, 'two'));
  equal(replies(conversation), ['']);
  const asked = resumes(network).length;
  await answering(parts, 4_000);
  equal(network.sockets.length, 1, 'what is late may close it');
  const times = resumes(network).length - asked;
  ok(times > 1 && times < 8, `asked ${times} times`);
  for (let i = 0; i < 80 && network.sockets.length < 2; i += 1) await answering(parts, 100);
  equal(network.sockets.length, 2);
  network.latest.receive(gap(1));
  network.latest.receive(delta(1, 0, 'one two'));
  network.latest.receive(delta(1, 7, ' three'));
  equal([replies(conversation), conversation.behind], [['one two three'], false]);
  equal(network.sockets.length, 2);
});

test('a hole that something late closes costs no connection', async () => {
  const parts = await replying();
  parts.network.latest.receive(delta(1, 4, 'two'));
  await answering(parts, 3_000);
  parts.network.latest.receive(delta(1, 0, 'one '));
  await answering(parts, 60_000);
  equal([replies(parts.conversation), parts.network.sockets.length], [['one two'], 1]);
});

test('a hole that stays is no reason to reconnect again and again', async () => {
  const parts = await replying();
  parts.network.latest.receive(delta(1, 4, 'two'));
  await answering(parts, 300_000);
  const { length } = parts.network.sockets;
  ok(length > 1 && length <= 4, `${length} connections in five minutes`);
});

test('what is written meanwhile waits for the end of the reply', async () => {
  const { client, network } = await replying();
  client.send('main', 'next');
  network.latest.receive(delta(1, 0, 'still'));
  equal(messages(network), []);
  equal(client.unsent('main').map(({ text }) => text), ['next']);
  network.latest.receive(turnFrame(1, { status: 'stopped' }));
  equal(messages(network).map(({ text, after }) => [text, after]), [['next', 1]]);
});

test('a message that was refused as busy goes out again as soon as the reply has ended', async () => {
  const { client, network, clock } = await connected();
  client.send('main', 'mine');
  const busy = { type: 'error', code: 'busy', message: '', retryable: true, messageId: 'id1' };
  for (let tries = 1; tries <= 6; tries += 1) {
    equal(messages(network).length, tries);
    network.latest.receive({ ...busy, conversationId: 'main' });
    if (tries < 6) await clock.advance(15_000);
  }
  network.latest.receive(pending(1, { messageId: 'other' }));
  equal(client.unsent('main').length, 1);
  network.latest.receive(turnFrame(1, { messageId: 'other' }));
  equal(messages(network).length, 7);
  equal(messages(network).at(-1), messages(network)[0], 'the same message');
});

test('a reply is stopped by its turn, while there is a connection', async () => {
  const { client, network } = await replying();
  ok(client.stopReply('main', 1));
  equal(network.latest.of('stop'), [{ action: 'stop', conversationId: 'main', seq: 1 }]);
  network.latest.receive(pending(1));
  network.latest.end();
  ok(!client.stopReply('main', 1));
});

test('a stop that was lost is said again until the reply has ended', async () => {
  const parts = await replying();
  const { client, network, clock } = parts;
  client.stopReply('main', 1);
  client.stopReply('main', 1);
  const stops = () => network.latest.of('stop').length;
  await clock.advance(2_900);
  equal(stops(), 2, 'as often as a person asked');
  await clock.advance(200);
  equal(stops(), 3);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  equal(stops(), 1, 'and on the next connection');
  network.latest.receive(gap(1));
  await answering(parts, 60_000);
  ok(stops() > 3 && stops() < 8, `${stops()} times in a minute`);
  network.latest.receive(turnFrame(1, { status: 'stopped' }));
  const before = stops();
  await answering(parts, 60_000);
  equal(stops(), before);
});

test('a stop does not outlive the conversation that it was meant for', async () => {
  const { client, network, clock } = await replying();
  client.stopReply('main', 1);
  network.latest.receive({ ...NOTHING, reset: true });
  network.latest.receive({ ...pending(1), epoch: 'e2' });
  await clock.advance(10_000);
  equal(network.latest.of('stop').length, 1);
});

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((one) =>
    permutations(list.filter((other) => other !== one)).map((rest) => [one, ...rest]));
}
