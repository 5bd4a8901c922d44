// A real OpenID provider for the tests: `node provider.mjs MODULES [PORT]`, on loopback.
//
// MODULES is the folder that holds node_modules. It says its state as one line of JSON once it
// listens, takes one line of JSON of settings to change at a time and answers each by its new
// state, and ends when its standard input does.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { APP, PAGE, configure } from "./configuration.mjs";
import { answerInteraction } from "./interaction.mjs";
import { newKeys } from "./keys.mjs";

// What the library has to say goes to standard error: our lines are all there is on the other.
console.info = console.error;
const say = (line) => process.stdout.write(`${line}\n`);

const [modules, port = "0"] = process.argv.slice(2);
const { Provider } = createRequire(join(modules, "package.json"))("oidc-provider");

const settings = {
  algorithm: "RS256", // of the tokens that are issued from now on
  seconds: 3600, // how long they last
  redirectUris: ["http://localhost/"], // of the page
  keys: newKeys(),
};
const requests = {}; // how often each path was asked for
let provider;
let answer;

/** Begins anew with these settings; sessions, codes and refresh tokens are kept. */
function apply() {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, configure(settings));
  answer = provider.callback();
}

/** Changes what a line asks for: `rotate` signs by new keys from now on, `drop` forgets the old. */
function change({ rotate = false, drop = false, ...changed }) {
  Object.assign(settings, changed);
  if (rotate) settings.keys = [...newKeys(), ...(drop ? [] : settings.keys)];
  apply();
}

function state() {
  return JSON.stringify({
    issuer: provider.issuer,
    page: PAGE,
    app: APP,
    keyIds: settings.keys.map((key) => key.kid),
    requests,
  });
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://provider");
  requests[pathname] = (requests[pathname] ?? 0) + 1;
  if (pathname.startsWith("/interaction/")) answerInteraction(provider, request, response);
  else answer(request, response);
});

server.listen(Number(port), "127.0.0.1", () => {
  apply();
  say(state());
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      change(JSON.parse(line));
      say(state());
    })
    .on("close", () => process.exit());
});
