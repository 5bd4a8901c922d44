const WORDS = {
  insecure_page:
    'Signing in needs a secure page: open this page by https, or as localhost on this machine.',
  insecure_provider: 'The sign-in service’s address is not secure, so nothing was sent to it.',
  unreachable: 'The sign-in service cannot be reached.',
  unavailable: 'The sign-in service has a problem of its own. Try again in a while.',
  wrong_provider: 'The sign-in service is not set up as this page expects.',
  no_pkce: 'The sign-in service does not offer the protection (PKCE) that this page needs.',
  unknown_answer: 'This sign-in was not begun in this tab, or is over already. Nothing was taken from it.',
  denied: 'You were not signed in: you, or the sign-in service, declined.',
  expired: 'That took too long, or was used before. Sign in once more.',
  refused: 'The sign-in service did not accept this page’s request.',
  bad_answer: 'The sign-in service’s answer was not meant for this page, so it was not used.',
  opaque_token: 'The sign-in service gave no token that can be checked here (a JWT).',
};

/** Why a sign-in failed, in a person's words. */
export function signInWords({ code }) {
  return WORDS[code] ?? 'Signing in did not work.';
}
