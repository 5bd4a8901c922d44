/**
 * Why a sign-in came to nothing, as a `code`:
 *
 * - `insecure_page`: the browser does not let this page use cryptography (no https, not localhost)
 * - `insecure_provider`: an address of the provider that is not https
 * - `unreachable`: no answer; the same may be tried again
 * - `unavailable`: it answers that it cannot now
 * - `wrong_provider`: it is not who it should be, or does not say where to go
 * - `no_pkce`: it says that it knows no PKCE with S256
 * - `unknown_answer`: an answer to a question that this tab did not ask
 * - `denied`: the person, or the provider, said no
 * - `expired`: the answer came too late, or was used before
 * - `refused`: the provider does not take the request
 * - `bad_answer`: its tokens are missing, or meant for someone else
 * - `opaque_token`: the token is no JWT, so that no backend of ours can check it
 */
export class SignInFailed extends Error {
  constructor(code, options) {
    super(`sign-in failed: ${code}`, options);
    this.code = code;
  }
}

/** What an error of an authorization answer means (RFC 6749, 4.1.2.1; OpenID Connect, 3.1.2.6). */
export function failureOf(error) {
  return new SignInFailed(MEANINGS.get(error) ?? 'refused');
}

const MEANINGS = new Map([
  ['access_denied', 'denied'],
  ['login_required', 'denied'],
  ['consent_required', 'denied'],
  ['interaction_required', 'denied'],
  ['account_selection_required', 'denied'],
  ['server_error', 'unavailable'],
  ['temporarily_unavailable', 'unavailable'],
]);
