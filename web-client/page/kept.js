/** Whatever this page, and the library, keep in the tab begins so. */
export const ALL = 'parley.';
const OPEN_KEY = 'parley.conversationId';
const DEFAULT_ID = 'main';

/** The conversation that this tab has open. */
export function keptOpenId(storage) {
  return storage.getItem(OPEN_KEY) ?? DEFAULT_ID;
}

export function keepOpenId(storage, conversationId) {
  storage.setItem(OPEN_KEY, conversationId);
}

/** Where a draft lies. */
export function draftKey(conversationId) {
  return `parley.draft.${conversationId}`;
}

/**
 * Conversations have other ids now: drafts and the open one go along. Interrupted, it can be done
 * again.
 * @param {Map<string, string>} moved new ids by old ones
 */
export function moveKept(storage, moved) {
  for (const [was, conversationId] of moved) {
    const draft = storage.getItem(draftKey(was));
    if (draft === null) continue;
    storage.setItem(draftKey(conversationId), draft);
    storage.removeItem(draftKey(was));
  }
  const open = moved.get(keptOpenId(storage));
  if (open !== undefined) keepOpenId(storage, open);
}
