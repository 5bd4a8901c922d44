// What the provider is told: its clients, its users, its tokens.

import { Memory } from "./memory.mjs";

/** The page: a public client in a browser. */
export const PAGE = "parley-page";

/** A native app: a public client too, with an address of its own scheme to come back to. */
export const APP = { clientId: "parley-app", redirectUri: "com.example.parley:/signed-in" };

/** The `aud` of access tokens, which are JWTs where a `resource` is asked for, else opaque. */
const AUDIENCE = "parley";

const SCOPES = "openid profile email";

export function configure({ algorithm, seconds, redirectUris, keys }) {
  const publicClient = {
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    id_token_signed_response_alg: algorithm,
  };
  return {
    clients: [
      {
        ...publicClient,
        client_id: PAGE,
        redirect_uris: redirectUris,
        post_logout_redirect_uris: redirectUris,
      },
      {
        ...publicClient,
        client_id: APP.clientId,
        application_type: "native",
        redirect_uris: [APP.redirectUri],
      },
    ],
    adapter: Memory,
    jwks: { keys },
    cookies: { keys: ["of the tests"] },
    claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"] },
    // As most providers do: what the scope asks for is in the ID token.
    conformIdTokenClaims: false,
    findAccount,
    loadExistingGrant: grantEverything,
    issueRefreshToken: (ctx, client) => client.grantTypeAllowed("refresh_token"),
    clientBasedCORS: (ctx, origin, client) =>
      client.redirectUris.some((uri) => new URL(uri).origin === origin),
    ttl: { AccessToken: () => seconds, IdToken: () => seconds },
    renderError: (ctx, { error, error_description: description }) => {
      ctx.type = "text";
      ctx.body = `${error}: ${description}`;
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: AUDIENCE,
          accessTokenTTL: seconds,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: algorithm } },
        }),
      },
      rpInitiatedLogout: { enabled: true, logoutSource: askToSignOut },
    },
  };
}

/** Whoever gives a name has an account. */
function findAccount(ctx, name) {
  const claims = { sub: name, name: `${name} of the tests`, email: `${name}@example.com` };
  return { accountId: name, claims: () => ({ ...claims, preferred_username: name }) };
}

/** Both clients are the house's own: nobody is asked for consent. */
async function grantEverything({ oidc }) {
  const { provider, client, session, result } = oidc;
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(SCOPES);
  await grant.save();
  return grant;
}

function askToSignOut(ctx, form) {
  ctx.type = "html";
  ctx.body = `<!doctype html><title>Sign out</title>${form}
    <button form="op.logoutForm" name="logout" value="yes">Sign out</button>`;
}
