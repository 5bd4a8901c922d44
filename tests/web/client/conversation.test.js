import { Conversation } from '../../../web-client/client/conversation.js';
import { equal, ok, seeded, test } from '../harness.js';
import { NOTHING, snapshot, turn, turnFrame } from './fakes.js';

const seqs = (conversation) => conversation.turns.map(({ seq }) => seq);

function loaded(first, last, more) {
  const conversation = new Conversation('main');
  conversation.resumeFrame();
  conversation.applySnapshot(snapshot(first, last, more));
  return conversation;
}

test('a conversation nobody has written to is empty, loaded and not behind', () => {
  const conversation = new Conversation('main');
  ok(conversation.behind);
  equal(conversation.position, null);
  equal(conversation.resumeFrame(), { action: 'resume', conversationId: 'main' });
  conversation.applySnapshot(NOTHING);
  ok(conversation.loaded && !conversation.behind);
  equal(conversation.position, { after: 0, epoch: '' });
  equal(conversation.olderThan, null);
});

test('the first turn of a new conversation brings its epoch', () => {
  const conversation = new Conversation('main');
  conversation.applySnapshot(NOTHING);
  conversation.applyTurn(turnFrame(1));
  equal(seqs(conversation), [1]);
  equal(conversation.position, { after: 1, epoch: 'e1' });
});

test('a turn taken twice changes nothing', () => {
  const conversation = loaded(1, 3);
  const before = JSON.stringify(conversation.turns);
  conversation.applyTurn(turnFrame(3));
  conversation.applySnapshot(snapshot(2, 3));
  equal(JSON.stringify(conversation.turns), before);
});

test('a turn beyond a gap is held back until the gap is filled', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(6));
  equal(seqs(conversation), [1, 2, 3]);
  ok(conversation.behind);
  equal(conversation.resumeFrame().after, 3);
  equal(conversation.resumeFrame().epoch, 'e1');
  conversation.applySnapshot(snapshot(4, 5, { head: 6, more: false }));
  equal(seqs(conversation), [1, 2, 3, 4, 5, 6]);
  ok(!conversation.behind);
});

test('a message is positioned after the newest turn that was seen, gap or not', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(6));
  equal(conversation.position.after, 6);
});

test('turns that come before the first snapshot are not lost', () => {
  const conversation = new Conversation('main');
  conversation.resumeFrame();
  conversation.applyTurn(turnFrame(5));
  conversation.applySnapshot(snapshot(1, 4));
  equal(seqs(conversation), [1, 2, 3, 4, 5]);
});

test('the answer to another tab\'s read does not pass for the first snapshot', () => {
  const conversation = new Conversation('main');
  conversation.applySnapshot(snapshot(1, 0, { head: 5, read: 5 }));
  ok(!conversation.loaded);
  conversation.resumeFrame();
  conversation.applySnapshot(snapshot(1, 0, { head: 5, read: 5 }));
  conversation.applySnapshot(snapshot(1, 5));
  equal(seqs(conversation), [1, 2, 3, 4, 5]);
});

test('history is put before what is there until there is no more', () => {
  const conversation = loaded(41, 50);
  equal(conversation.olderThan, 41);
  conversation.applySnapshot(snapshot(21, 40, { head: 50 }));
  equal(seqs(conversation), Array.from({ length: 30 }, (_, i) => 21 + i));
  equal(conversation.olderThan, 21);
  conversation.applySnapshot(snapshot(5, 20, { head: 50, more: false }));
  equal(conversation.olderThan, null, 'what was before has expired');
});

test('a gap in several frames does not pretend that there is older history', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(9));
  conversation.applySnapshot(snapshot(4, 6, { head: 9, more: true }));
  conversation.applySnapshot(snapshot(7, 9, { head: 9, more: false }));
  equal(conversation.olderThan, null);
  equal(conversation.last, 9);
});

test('only a reset replaces what is shown', () => {
  const conversation = loaded(1, 3);
  conversation.applySnapshot(snapshot(1, 0, { title: 'New', head: 3, read: 2 }));
  equal(seqs(conversation), [1, 2, 3]);
  equal([conversation.title, conversation.read], ['New', 2]);
  conversation.resumeFrame();
  conversation.applySnapshot(snapshot(8, 9, { reset: true, epoch: 'e2' }));
  equal(seqs(conversation), [8, 9]);
  ok(!conversation.behind);
});

test('turns of a deleted conversation that come late are not shown in the next', () => {
  const conversation = loaded(1, 3);
  conversation.applySnapshot({ ...NOTHING, reset: true });
  conversation.applyTurn(turnFrame(4));
  equal(seqs(conversation), []);
  conversation.applyTurn(turnFrame(1, {}, 'e2'));
  conversation.applyTurn(turnFrame(2, {}, 'e1'));
  equal([seqs(conversation), conversation.epoch], [[1], 'e2']);
});

test('a reset that nobody asked for is made sure of', () => {
  const conversation = loaded(1, 3);
  conversation.applySnapshot({ ...NOTHING, reset: true });
  ok(conversation.behind, 'it may be a late one');
  equal(conversation.resumeFrame(), { action: 'resume', conversationId: 'main' });
  conversation.applySnapshot(snapshot(4, 9, { epoch: 'e2' }));
  equal(seqs(conversation), [4, 5, 6, 7, 8, 9]);
  ok(!conversation.behind);
});

test('a turn of another epoch is doubted and asked about', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(1, { text: 'other' }, 'e2'));
  equal(conversation.turns[0].text, 'text 1');
  ok(conversation.behind);
  conversation.resumeFrame();
  conversation.applySnapshot(snapshot(1, 1, { epoch: 'e2', reset: true }));
  equal([seqs(conversation), conversation.behind], [[1], false]);
});

test('an answer from before the conversation began does not empty it', () => {
  const conversation = new Conversation('main');
  conversation.applySnapshot(NOTHING);
  conversation.applyTurn(turnFrame(1));
  conversation.applySnapshot(NOTHING);
  equal(seqs(conversation), [1]);
});

test('a finished turn never becomes pending again', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(3, { status: 'pending', reply: '' }));
  equal(conversation.turns[2].reply, 'reply 3');
  ok(!conversation.replying);
});

test('feedback comes and goes with its turn', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(2, { feedback: 'up' }));
  equal(conversation.turns[1].feedback, 'up');
  conversation.applyTurn(turnFrame(2));
  equal(conversation.turns[1].feedback, undefined);
});

const delta = (seq, offset, text, attempt = 1) => ({ seq, attempt, offset, text });

test('a streamed reply grows by its deltas and ends with its turn', () => {
  const conversation = loaded(1, 3);
  conversation.applyAccepted({ seq: 4, messageId: 'm4' }, { text: 'text 4', createdAt: 'now' });
  ok(conversation.replying);
  conversation.applyDelta(delta(4, 6, 'world'));
  equal(conversation.turns[3].reply, '');
  conversation.applyDelta(delta(4, 0, 'hello '));
  equal(conversation.turns[3].reply, 'hello world');
  conversation.applyDelta(delta(4, 0, 'again', 2));
  equal(conversation.turns[3].reply, 'again');
  conversation.applyTurn(turnFrame(4));
  equal([conversation.turns[3].reply, conversation.replying], ['reply 4', false]);
  conversation.applyDelta(delta(4, 0, 'late', 3));
  equal(conversation.turns[3].reply, 'reply 4');
});

test('a delta of a turn that is not known shows that one is missing', () => {
  const conversation = loaded(1, 3);
  conversation.applyDelta(delta(4, 0, 'hello'));
  ok(conversation.behind);
  conversation.applyTurn(turnFrame(4, { status: 'pending', reply: '' }));
  equal([conversation.turns[3].reply, conversation.behind], ['hello', false]);
});

test('a cut reply is put together and asked for again where a part is lost', () => {
  const conversation = loaded(1, 3);
  conversation.applyTurn(turnFrame(4, { reply: 'abc', replyLength: 9 }));
  conversation.applyDelta(delta(4, 6, '🙂hi'));
  ok(conversation.behind);
  equal(conversation.resumeFrame().after, 3);
  conversation.applyDelta(delta(4, 3, 'def'));
  equal(conversation.turns[3].reply, 'abcdef🙂hi');
  equal(conversation.turns[3].replyLength, undefined);
  ok(!conversation.behind);
  conversation.applyTurn(turnFrame(4, { reply: 'abc', replyLength: 9, feedback: 'up' }));
  equal([conversation.turns[3].reply, conversation.turns[3].feedback], ['abcdef🙂hi', 'up']);
});

test('frames of one log in any order and number end in the same list', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = seeded(seed);
    const conversation = new Conversation('main');
    conversation.resumeFrame();
    const whole = Array.from({ length: 30 }, (_, i) => turn(i + 1));
    const frames = [snapshot(8, 12, { head: 12 }), snapshot(1, 7, { head: 12, more: false })];
    for (let seq = 10; seq <= 30; seq += 1) frames.push(turnFrame(seq), turnFrame(seq));
    frames.push(snapshot(11, 30, { head: 30, more: false }));
    const [first, ...rest] = frames;
    conversation.applySnapshot(first);
    for (const frame of rest.sort(() => random() - 0.5)) {
      if (frame.type === 'turn') conversation.applyTurn(frame);
      else conversation.applySnapshot(frame);
      const shown = seqs(conversation);
      ok(shown.every((seq, i) => seq === shown[0] + i), 'what is shown has no gap, ever');
    }
    equal(conversation.turns, whole, `seed ${seed}`);
    ok(!conversation.behind);
  }
});
