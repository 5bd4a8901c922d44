/** The page's settings could not be had, or make no sense. */
export class ConfigFailed extends Error {}

/**
 * Read `config.json` beside the page: `{"url": "wss://...", "guests": true, "signIn": {...}}`.
 * @returns {Promise<{url: string, guests: boolean, signIn: ?{issuer: string, clientId: string}}>}
 * @throws {ConfigFailed}
 */
export async function readConfig(fetch = globalThis.fetch.bind(globalThis)) {
  let config;
  try {
    const response = await fetch('config.json', { cache: 'no-store' });
    if (!response.ok) throw new Error(`status ${response.status}`);
    config = await response.json();
  } catch (error) {
    throw new ConfigFailed(`The page’s settings (config.json) cannot be had: ${error.message}.`);
  }
  if (!isSocketAddress(config?.url)) {
    throw new ConfigFailed('The page’s settings (config.json) name no ws:// or wss:// address.');
  }
  const { url, guests = true, signIn = null } = config;
  if (signIn !== null && !isSignIn(signIn)) {
    throw new ConfigFailed('The page’s settings (config.json) have a signIn without issuer or clientId.');
  }
  return { url, guests: guests !== false, signIn };
}

function isSignIn({ issuer, clientId }) {
  return [issuer, clientId].every((text) => typeof text === 'string' && text !== '');
}

function isSocketAddress(url) {
  try {
    return ['ws:', 'wss:'].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}
