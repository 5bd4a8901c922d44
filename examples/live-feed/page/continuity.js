/**
 * What broke off between two looks at a feed, in words; null where it simply went on.
 *
 * @typedef {{epoch: string, first: number, last: number}} Place an unbroken run of a life of it;
 *   `first` is 0 where only its end is remembered, from before a reload
 * @param {?Place} before
 * @param {Place} now
 */
export function breakBetween(before, now) {
  if (before === null || before.epoch === '' || before.last === 0) return null;
  if (now.epoch === '') return 'The feed is gone: it was deleted, or all of it has expired.';
  if (now.epoch !== before.epoch) {
    return 'The feed has begun anew, from number 1: what was here before is gone.';
  }
  const isCut = before.first > 0 && now.first > before.last + 1;
  if (!isCut) return null;
  return `Numbers ${before.last + 1} to ${now.first - 1} came while you were away, and are not at hand: `
    + 'look for them under “Show earlier”. What is not there has expired.';
}

/** Where a feed stands. @returns {Place} */
export function placeOf({ epoch, turns, last }) {
  return { epoch, first: turns[0]?.seq ?? 0, last: turns.length > 0 ? last : 0 };
}
