import { toBase64Url } from '../../../web-client/client/sign-in/encoding.js';

export const ISSUER = 'https://id.example';
export const PAGE = 'https://page.example/chat';
export const SETTINGS = { issuer: ISSUER, clientId: 'page', parameters: 'audience=https://api.example' };

const encode = (object) => toBase64Url(new TextEncoder().encode(JSON.stringify(object)));

/** A token as a page sees it: the signature is none of its business. */
export const jwt = (claims) => `${encode({ alg: 'RS256' })}.${encode(claims)}.c2lnbmF0dXJl`;

/** An OpenID provider behind `fetch`, which a test may spoil. */
export class FakeProvider {
  document = {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize?tenant=1`,
    token_endpoint: `${ISSUER}/token`,
    end_session_endpoint: `${ISSUER}/logout`,
    code_challenge_methods_supported: ['S256'],
  };
  person = { sub: 'ana', name: 'Ana', email: 'ana@example.com' };
  lifetime = 3_600;
  nonce = undefined;
  rotates = true;
  down = false;
  failure = null;
  /** What a token answer has otherwise. */
  more = {};
  forms = [];
  gets = [];
  #clock;
  #count = 0;

  constructor(clock) {
    this.#clock = clock;
  }

  fetch = async (address, options) => {
    if (this.down) throw new TypeError('Failed to fetch');
    if (options.method !== 'POST') {
      this.gets.push(address);
      return answer(200, this.document);
    }
    this.forms.push(Object.fromEntries(new URLSearchParams(options.body)));
    if (this.failure !== null) return answer(this.failure.status ?? 400, this.failure);
    return answer(200, { ...this.tokens(), ...this.more });
  };

  /** A token endpoint's answer. */
  tokens() {
    this.#count += 1;
    const iat = Math.floor(this.#clock.now() / 1_000);
    const common = { iss: ISSUER, sub: this.person.sub, iat, exp: iat + this.lifetime };
    return {
      token_type: 'Bearer',
      expires_in: this.lifetime,
      access_token: jwt({ ...common, aud: 'api', jti: this.#count }),
      id_token: jwt({ ...common, ...this.person, aud: 'page', nonce: this.nonce }),
      ...(this.rotates ? { refresh_token: `refresh-${this.#count}` } : {}),
    };
  }
}

function answer(status, document) {
  return { status, ok: status < 300, text: async () => JSON.stringify(document) };
}

/** Let everything that waits for nothing but promises happen. */
export async function settled() {
  for (let round = 0; round < 5; round += 1) await new Promise((next) => setTimeout(next, 0));
}
