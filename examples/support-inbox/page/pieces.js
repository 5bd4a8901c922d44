/** @typedef {import('./talk-view.js').Piece} Piece */

const BOT = 'Bot';
const MARKS = new Set(['joined', 'left']);
const JOIN = '/join';
const LEAVE = '/leave';

/** What a customer sees of a turn of their own conversation. @returns {Piece[]} */
export function piecesForCustomer(turn) {
  if (turn.author !== 'backend') return [said(turn, 'You'), ...replied(turn, BOT)];
  const { kind, name } = turn.content ?? {};
  const base = { key: `turn ${turn.seq}`, text: turn.reply, at: turn.createdAt };
  if (MARKS.has(kind)) return [{ ...base, side: 'mark' }];
  return [{ ...base, side: 'theirs', speaker: name ?? 'Support' }];
}

/** What an operator sees of a turn of a case. @returns {Piece[]} */
export function piecesForOperator(turn) {
  if (turn.author !== 'backend') return [ownDoing(turn), ...replied(turn, 'Desk')];
  const { kind, name } = turn.content ?? {};
  const base = { key: `turn ${turn.seq}`, text: turn.reply, at: turn.createdAt };
  if (MARKS.has(kind)) return [{ ...base, side: 'mark' }];
  if (kind === 'waiting') return [{ ...base, side: 'mark', text: 'A person was asked for' }];
  if (kind === 'replied') return [{ ...base, side: 'mine', speaker: BOT, isBot: true }];
  if (kind === 'wrote') return [{ ...base, side: 'mine', speaker: name }];
  return [{ ...base, side: 'theirs', speaker: 'Customer' }];
}

/** A message that is on its way. @returns {Piece} */
export function unsentPiece({ messageId, text, createdAt, state }) {
  const command = commandIn(text);
  if (command !== null) return { key: `unsent ${messageId}`, side: 'mark', text: `${command}…` };
  const note = state === 'failed' ? 'not delivered' : 'on its way';
  return { key: `said ${messageId}`, side: 'mine', text, speaker: 'You', at: createdAt, note };
}

function ownDoing(turn) {
  const command = commandIn(turn.text);
  if (command === null) return said(turn, 'You');
  return { key: `turn ${turn.seq}`, side: 'mark', text: command };
}

function commandIn(text) {
  if (text.trim() === JOIN) return 'You take over';
  return text.trim() === LEAVE ? 'You hand back to the bot' : null;
}

function said({ messageId, text, createdAt }, speaker) {
  return { key: `said ${messageId}`, side: 'mine', text, speaker, at: createdAt };
}

/** A reply; none where the bot is silent, since a person has the conversation. */
function replied({ seq, status, reply, completedAt }, speaker) {
  const isBusy = status === 'pending';
  if (reply === '' && status !== 'failed') return [];
  const note = status === 'failed' ? 'broke off, please write again' : '';
  const base = { key: `reply ${seq}`, side: 'theirs', isBot: true, speaker, text: reply };
  return [{ ...base, at: completedAt, note, isBusy }];
}
