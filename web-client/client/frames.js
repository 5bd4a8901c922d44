const isText = (value) => typeof value === 'string';
const isCount = (value) => Number.isSafeInteger(value) && value >= 0;
const isSeq = (value) => isCount(value) && value > 0;
const isTurn = (turn) =>
  turn !== null && typeof turn === 'object' && isSeq(turn.seq) && isText(turn.status);

/** What each frame must have before anyone relies on it. Unknown fields are ignored. */
const SHAPES = {
  accepted: (f) => isText(f.conversationId) && isText(f.messageId) && isSeq(f.seq),
  delta: (f) =>
    isText(f.conversationId) && isSeq(f.seq) && isCount(f.attempt) && isCount(f.offset) &&
    isText(f.text),
  turn: (f) => isText(f.conversationId) && isText(f.epoch) && isTurn(f.turn),
  snapshot: (f) =>
    isText(f.conversationId) && isText(f.epoch) && isCount(f.head) && isCount(f.read) &&
    Array.isArray(f.turns) && f.turns.every(isTurn),
  conversations: (f) =>
    Array.isArray(f.conversations) && f.conversations.every((c) => c && isText(c.conversationId)),
  renewed: (f) => isText(f.expiresAt),
  adopted: (f) =>
    Array.isArray(f.conversations) &&
    f.conversations.every((c) => c && isText(c.was) && isText(c.conversationId)),
  event: (f) => isText(f.conversationId) && isText(f.id),
  pong: () => true,
  error: (f) => isText(f.code),
};

/**
 * What a frame, or a conversation in a list, says it is a fork of; null where it is none.
 * @returns {?{forkOf: string, forkAt: number}}
 */
export function forkIn({ forkOf, forkAt }) {
  return isText(forkOf) && isSeq(forkAt) ? { forkOf, forkAt } : null;
}

/** No id that an AWS service gives is longer. */
const MAX_CORRELATION_ID = 128;

/**
 * What the backend's logs know a failed request by, where an `error` says so.
 * @returns {{correlationId?: string}}
 */
export function correlationIn({ correlationId }) {
  const isId = isText(correlationId) && correlationId.length <= MAX_CORRELATION_ID;
  return isId ? { correlationId } : {};
}

/** The `type` given to frames that API Gateway itself sends, which have none. */
export const GATEWAY_ERROR = 'gateway_error';

/**
 * Read one frame from the socket; null for what is no frame of the contract.
 *
 * API Gateway answers on its own behalf with `{"message": "Internal server error", ...}`,
 * `"Endpoint request timed out"`, `"Forbidden"` or a throttling text, and names no message.
 * @param {unknown} text
 */
export function parseFrame(text) {
  const frame = parseObject(text);
  if (frame === null) return null;
  if (!('type' in frame)) {
    if (!isText(frame.message)) return null;
    return { type: GATEWAY_ERROR, message: frame.message, correlationId: frame.requestId };
  }
  const hasShape = Object.hasOwn(SHAPES, frame.type) ? SHAPES[frame.type] : () => false;
  return hasShape(frame) ? frame : null;
}

/** The object in a JSON text, or null: whatever was stored or sent, this never throws. */
export function parseObject(text) {
  if (!isText(text)) return null;
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
