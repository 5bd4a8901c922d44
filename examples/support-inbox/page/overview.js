/** How long a case without news stays in the list of those that wait, or are somebody's. */
const KEPT_MS = 7 * 86_400_000;

/**
 * Where each case stands, by the hand-overs that the operators' inbox tells of.
 * @typedef {{isWaiting: boolean, name: ?string, isYours: boolean, words: string}} Standing
 * @param {object[]} turns the inbox, oldest first
 * @returns {Map<string, Standing>}
 */
export function overviewOf(turns) {
  const found = new Map();
  for (const { content, reply, author } of turns) {
    if (author !== 'backend' || typeof content?.case !== 'string') continue;
    const { kind, name = null, yours = false } = content;
    const isJoined = kind === 'joined';
    found.set(content.case, {
      isWaiting: kind === 'waiting', name: isJoined ? name : null, isYours: isJoined && yours,
      words: reply,
    });
  }
  return found;
}

/** Bring the inbox as far back as it still matters. */
export async function bringOverview(client, inbox, now = Date.now()) {
  while (inbox.olderThan !== null) {
    if (now - Date.parse(inbox.turns[0]?.createdAt) > KEPT_MS) return;
    await client.history(inbox.id, 100);
  }
}
