// The keys that the provider signs with.

import { generateKeyPairSync, randomUUID } from "node:crypto";

/** A private RSA key and a private P-256 key, as JSON Web Keys. */
export function newKeys() {
  return [
    jwk("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
    jwk("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
  ];
}

function jwk(alg, { privateKey }) {
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg, kid: randomUUID() };
}
