import { OutboxFull } from '../../../web-client/client/chat-client.js';
import { MovedConversations } from '../../../web-client/client/moved-conversations.js';
import { Outbox } from '../../../web-client/client/outbox.js';
import { equal, ok, test, throws } from '../harness.js';
import { begin, connected } from './clients.js';
import { FakeStorage, NOTHING, snapshot, turn, turnFrame } from './fakes.js';

const messages = (network) => network.latest.of('message');
const seqs = (conversation) => conversation.turns.map(({ seq }) => seq);
const FORK = { forkOf: 'main', forkAt: 2, forkEpoch: 'e1' };

/** A client that shows a conversation of four turns. */
async function shown(options) {
  const parts = await connected(options);
  parts.network.latest.receive(snapshot(1, 4, { reset: true }));
  await parts.clock.advance(200);
  parts.network.latest.receive(snapshot(5, 4, { head: 4, more: false }));
  return parts;
}

/** The turn that a message to a fork became. */
function answer({ messageId, conversationId, text }, seq, more = {}) {
  return { ...turnFrame(seq, { messageId, text, ...more }, 'f1'), conversationId };
}

function made(conversationId, more = {}) {
  return {
    ...snapshot(3, 2, { epoch: 'f1', read: 2, more: false, forkOf: 'main', forkAt: 2, ...more }),
    conversationId,
  };
}

const error = (code, more) => ({ type: 'error', code, message: '', retryable: false, ...more });

test('a turn is replied to once more in a conversation that begins as this one did', async () => {
  const { client, network, conversation } = await shown();
  const id = client.regenerate('main', 3);
  const branch = client.open(id);
  equal(messages(network), [{
    action: 'message', messageId: 'id2', conversationId: id, text: 'text 3', after: 2, ...FORK,
  }]);
  equal(branch.turns, conversation.turns.slice(0, 2), 'shown at once');
  equal([branch.title, branch.fork], ['A title', { forkOf: 'main', forkAt: 2 }]);
  network.latest.receive(answer(messages(network)[0], 3, { reply: 'another' }));
  equal(branch.turns.map(({ reply }) => reply), ['reply 1', 'reply 2', 'another']);
  equal([branch.epoch, branch.unmade, branch.behind], ['f1', null, false]);
  equal(seqs(conversation), [1, 2, 3, 4], 'what was there stays as it is');
  equal(client.unsent(id), []);
});

test('an edited turn is the same with another text', async () => {
  const { client, network } = await shown();
  client.edit('main', 1, 'Better');
  const [{ text, forkAt, after }] = messages(network);
  equal([text, forkAt, after], ['Better', 0, 0]);
});

test('a new conversation, which shares nothing, is no branch', async () => {
  const { client } = await shown();
  const branch = client.open(client.regenerate('main', 1));
  equal([branch.turns, branch.fork, branch.head], [[], null, 0]);
});

test('an answer that the branch is not there yet empties nothing', async () => {
  const { client, network } = await shown();
  const id = client.regenerate('main', 3);
  const branch = client.open(id);
  network.latest.receive({ ...NOTHING, conversationId: id });
  equal([seqs(branch), branch.behind], [[1, 2], false]);
});

test('what of a branch is not known is asked for when its first frame has named its epoch', async () => {
  const { client, network, clock } = await shown();
  const id = client.regenerate('main', 3);
  const branch = client.open(id);
  network.latest.receive(answer({ messageId: 'other', conversationId: id, text: 'x' }, 5));
  equal(seqs(branch), [1, 2]);
  await clock.advance(200);
  // The answer to the first question, which came before the branch was made.
  network.latest.receive({ ...NOTHING, conversationId: id });
  await clock.advance(6_000);
  const { after, epoch } = network.latest.of('resume').at(-1);
  equal([after, epoch], [2, 'f1']);
  network.latest.receive({ ...snapshot(3, 5, { epoch: 'f1', more: false }), conversationId: id });
  equal(seqs(branch), [1, 2, 3, 4, 5]);
});

test('a turn that has not come whole is not shown as a part of the branch', async () => {
  const { client, network } = await shown();
  network.latest.receive(turnFrame(5, { reply: 'abc', replyLength: 9 }));
  network.latest.receive(turnFrame(6));
  const branch = client.open(client.regenerate('main', 6));
  equal([seqs(branch), branch.head, branch.olderThan], [[], 5, null]);
  network.latest.receive({
    ...answer({ messageId: 'm', conversationId: branch.id, text: 'x' }, 6),
  });
  equal([seqs(branch), branch.olderThan], [[6], 6], 'history brings the rest');
});

test('a message to a branch is sent again as it was, after a reload too', async () => {
  const { client, network, clock, storage } = await shown();
  const id = client.regenerate('main', 3);
  const [first] = messages(network);
  network.latest.end();
  await clock.advance(1_000);
  network.latest.accept();
  equal(messages(network), [first]);
  client.stop();
  const again = begin({ storage });
  const branch = again.client.open(id);
  again.network.latest.accept();
  equal(messages(again.network), [first]);
  again.network.latest.receive(answer(first, 3));
  equal([seqs(branch), branch.olderThan, branch.behind], [[3], 3, false]);
});

test('a branch that had been made before the reload comes as any conversation', async () => {
  const { client, network, storage } = await shown();
  const id = client.regenerate('main', 3);
  const [first] = messages(network);
  client.stop();
  const again = begin({ storage });
  const branch = again.client.open(id);
  again.network.latest.accept();
  again.network.latest.receive({
    ...snapshot(1, 4, { epoch: 'f1', forkOf: 'main', forkAt: 2, more: false }), conversationId: id,
  });
  again.network.latest.receive(answer(first, 3));
  equal([seqs(branch), branch.fork.forkAt], [[1, 2, 3, 4], 2]);
});

test('what is written before a branch is made goes there too, made by whichever comes first', async () => {
  const { client, network } = await shown();
  const id = client.regenerate('main', 3);
  client.send(id, 'and then?');
  client.discard('id2');
  equal(messages(network).at(-1), {
    action: 'message', messageId: 'id3', conversationId: id, text: 'and then?', after: 2, ...FORK,
  });
  network.latest.receive(answer(messages(network).at(-1), 3));
  client.send(id, 'on');
  equal([messages(network).at(-1).forkOf, messages(network).at(-1).after], [undefined, 3]);
});

test('where there is nothing to branch from, what was written is given back', async () => {
  const { client, network, storage } = await shown();
  const returned = [];
  client.addEventListener('returned', ({ detail }) => returned.push(detail));
  const id = client.edit('main', 3, 'Better');
  const branch = client.open(id);
  client.send(id, 'and then?');
  const refusal = error('not_found', { messageId: 'id2', conversationId: id });
  network.latest.receive(refusal);
  network.latest.receive(refusal);
  equal(returned, [{ conversationId: id, texts: ['Better', 'and then?'] }]);
  equal([client.unsentCount, storage.getItem('parley.outbox')], [0, null]);
  equal([branch.turns, branch.fork, branch.title, branch.position.after], [[], null, '', 0]);
  client.send(id, 'Better');
  equal(Object.keys(messages(network).at(-1)).includes('forkOf'), false, 'a new conversation');
  equal(messages(network).length, 2);
});

test('a branch that must wait does, and another failure is a person\'s to retry', async () => {
  const { client, network, clock } = await shown();
  const id = client.regenerate('main', 3);
  const [first] = messages(network);
  const reference = { messageId: 'id2', conversationId: id };
  network.latest.receive({ ...error('busy', reference), retryable: true });
  await clock.advance(1_000);
  equal(messages(network), [first, first]);
  network.latest.receive(error('internal_error', reference));
  equal(client.unsent(id)[0].state, 'failed');
  client.retry('id2');
  equal(messages(network)[2], first);
});

test('only a turn that is there and ended can be replied to once more', async () => {
  const { client, network } = await shown();
  network.latest.receive(turnFrame(5, { author: 'backend', text: '' }));
  network.latest.receive(turnFrame(6, { status: 'pending', reply: '' }));
  for (const seq of [0, 5, 6, 7]) throws(() => client.regenerate('main', seq), Error);
  throws(() => client.regenerate('unheard', 1), Error);
  equal(messages(network), []);
});

test('a full outbox begins no branch', async () => {
  const { client, network } = await shown();
  for (let i = 0; i < 50; i += 1) client.send('main', 'x');
  throws(() => client.edit('main', 2, 'y'), OutboxFull);
  equal(client.unsentCount, 50);
  equal(messages(network).filter(({ forkOf }) => forkOf), []);
});

test('a branch without a message is made by the backend and then shown at once', async () => {
  const { client, network } = await shown();
  const promise = client.fork('main', 2);
  const [frame] = network.latest.of('fork');
  equal(frame, { action: 'fork', conversationId: frame.conversationId, ...FORK });
  network.latest.receive(made(frame.conversationId));
  const branch = client.open(await promise);
  equal([branch.id, seqs(branch), branch.epoch], [frame.conversationId, [1, 2], 'f1']);
  equal(network.latest.of('resume').at(-1).after, 2, 'and no turn is asked for twice');
  const { forkOf, forkAt, title } = client.conversations.find((e) => e.forkOf);
  equal([forkOf, forkAt, title], ['main', 2, 'A title']);
});

test('a branch whose answer is lost is asked for again, the same', async () => {
  const { client, network, clock } = await shown();
  const promise = client.fork('main', 2);
  for (let second = 0; second < 31; second += 1) {
    await clock.advance(1_000);
    network.latest.receive({ type: 'pong' });
  }
  const [first, second] = network.latest.of('fork');
  equal(first, second);
  network.latest.receive(made(first.conversationId));
  equal(await promise, first.conversationId);
});

test('a branch that cannot be made leaves nothing behind', async () => {
  const { client, network, clock } = await shown();
  const codes = [];
  client.fork('main', 2).catch(({ code }) => codes.push(code));
  const [{ conversationId }] = network.latest.of('fork');
  network.latest.receive(error('not_found', { conversationId }));
  client.fork('main', 9).catch(({ code }) => codes.push(code));
  network.latest.end();
  client.fork('main', 2).catch(({ code }) => codes.push(code));
  await clock.advance(0);
  equal(codes.sort(), ['not_found', 'not_found', 'offline']);
  equal(client.open(conversationId).turns, []);
});

test('nothing is said of reading in a conversation that is not there yet', async () => {
  const { client, network } = await shown();
  const id = client.regenerate('main', 3);
  client.markRead(id, 2);
  equal(network.latest.of('read'), []);
  network.latest.receive(answer(messages(network)[0], 3));
  client.markRead(id, 3);
  equal(network.latest.of('read').map(({ seq }) => seq), [3]);
});

test('a branch made on another device appears in the list, and from when it is is asked', async () => {
  const { client, network, clock } = await shown();
  network.latest.receive({ type: 'conversations', conversations: [], cursor: null });
  await clock.advance(0);
  const asked = network.latest.of('conversations').length;
  network.latest.receive(made('theirs'));
  equal(client.conversations.find((e) => e.conversationId === 'theirs').forkOf, 'main');
  equal(network.latest.of('conversations').length, asked + 1);
  network.latest.receive(made('theirs', { read: 3 }));
  equal(network.latest.of('conversations').length, asked + 1, 'once');
});

test('a deleted branch is none any more', async () => {
  const { client, network } = await shown();
  const id = client.regenerate('main', 3);
  const branch = client.open(id);
  network.latest.receive(answer(messages(network)[0], 3));
  network.latest.receive({ ...NOTHING, reset: true, conversationId: id });
  equal([branch.turns, branch.fork, branch.unmade], [[], null, null]);
});

test('a guest who signs in keeps branches that were still to be made', () => {
  const storage = new FakeStorage([['parley.userId', 'g']]);
  const outbox = new Outbox({ storage });
  const entry = { text: 'hi', createdAt: 'now' };
  outbox.add({ messageId: 'a', conversationId: 'branch', ...entry }, FORK);
  outbox.add({ messageId: 'b', conversationId: 'made', ...entry }, { ...FORK, forkOf: 'gone' });
  const moving = new MovedConversations({ storage, keep: () => {}, uuid: () => 'fresh' });
  moving.note(new Map([['main', 'new1'], ['made', 'new2']]));
  moving.settle();
  const moved = new Outbox({ storage });
  const fields = ({ conversationId, forkOf, forkAt, forkEpoch }) =>
    [conversationId, forkOf, forkAt, forkEpoch];
  equal(fields(moved.find('a')), ['fresh', 'new1', 2, 'e1']);
  equal(fields(moved.find('b')), ['new2', 'gone', 2, 'e1']);
});

test('what is no fork in a stored outbox is not sent as one', () => {
  const entry = {
    messageId: 'a', conversationId: 'b', text: 'hi', state: 'waiting', createdAt: 'now',
  };
  for (const broken of [{ forkOf: 7 }, { forkOf: 'main' }, { ...FORK, forkAt: -1 }]) {
    const entries = [{ ...entry, ...broken }];
    const storage = new FakeStorage([['parley.outbox', JSON.stringify({ entries })]]);
    equal(new Outbox({ storage }).size, 0);
  }
  const entries = [{ ...entry, ...FORK }];
  const storage = new FakeStorage([['parley.outbox', JSON.stringify({ entries })]]);
  equal(new Outbox({ storage }).forkOf('b'), FORK);
});

test('a branch of what is not made itself begins where that does', async () => {
  const { client, network } = await shown();
  const id = client.regenerate('main', 3);
  client.regenerate(id, 2);
  const { forkOf, forkAt, forkEpoch } = messages(network).at(-1);
  equal([forkOf, forkAt, forkEpoch], ['main', 1, 'e1']);
});
