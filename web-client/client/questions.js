/**
 * The questions that can be asked about conversations: each a `frame`, and `isAnswer`, which knows
 * the answer when it sees it.
 * @typedef {{frame: object, isAnswer: (frame: object) => boolean}} Question
 */

/** The turns before those that are held. @returns {Question} */
export function history(conversation, limit) {
  const { id: conversationId, olderThan: before } = conversation;
  // An empty page says nothing new; an answer to `read` or `rename`, empty too, does mostly. To
  // `resume` it does not.
  const isPage = ({ turns, read, title }) =>
    turns.length > 0
      ? turns[0].seq < before
      : !conversation.asked && read === conversation.read && title === conversation.title;
  return {
    frame: { action: 'history', conversationId, before, limit },
    isAnswer: (frame) => isSnapshot(frame, conversationId) && isPage(frame),
  };
}

/** A conversation that begins as another did. @returns {Question} */
export function forking(conversationId, fork) {
  return {
    frame: { action: 'fork', conversationId, ...fork },
    isAnswer: (frame) => isSnapshot(frame, conversationId) && frame.head >= fork.forkAt,
  };
}

/** Another title. @returns {Question} */
export function renaming(conversationId, title) {
  return {
    frame: { action: 'rename', conversationId, title },
    isAnswer: (frame) => isSnapshot(frame, conversationId) && frame.title === title,
  };
}

/** The end of a conversation. @returns {Question} */
export function deletion(conversationId) {
  return {
    frame: { action: 'delete', conversationId },
    isAnswer: (frame) => isSnapshot(frame, conversationId) && frame.reset && frame.head === 0,
  };
}

/** What a reply was worth. @returns {Question} */
export function feedback(conversationId, seq, rating) {
  return {
    frame: { action: 'feedback', conversationId, seq, rating },
    isAnswer: ({ type, conversationId: itsId, turn }) =>
      type === 'turn' && itsId === conversationId &&
      turn.seq === seq && (turn.feedback ?? null) === rating,
  };
}

/** A page of the list of conversations. @returns {Question} */
export function conversations(cursor) {
  return {
    frame: { action: 'conversations', cursor },
    isAnswer: ({ type }) => type === 'conversations',
  };
}

/** More time for this connection, by a fresh token of the same user. @returns {Question} */
export function renewal(token) {
  return {
    frame: { action: 'renew', token },
    isAnswer: ({ type }) => type === 'renewed',
  };
}

function isSnapshot(frame, conversationId) {
  return frame.type === 'snapshot' && frame.conversationId === conversationId;
}
