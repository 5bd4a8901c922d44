const WORDS = {
  bot_failed: 'Something went wrong while this was written.',
  timed_out: 'This took too long, and was ended.',
  too_long: 'This became too long, and ends here.',
  empty: 'Nothing was replied.',
  abandoned: 'This could not be finished.',
  over_budget: 'You have used up your replies for now. Try again in a minute, or tomorrow.',
};

/** Why a reply failed, in a person's words. @param {string} [failure] as its turn says it */
export function failureWords(failure) {
  return Object.hasOwn(WORDS, failure ?? '') ? WORDS[failure] : 'The reply broke off.';
}
