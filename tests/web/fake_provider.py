"""An OpenID provider for the page's tests, on loopback, which misbehaves when told to.

Its tokens are not signed: a page does not verify signatures, and neither does the fake server. The
real thing is in the end-to-end tests.
"""

import asyncio
import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode

from aiohttp import web

CLIENT = "page"
_OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*"}

Claims = dict[str, Any]


class FakeProvider:
    """Serves until it is closed; whoever comes is signed in at once as `person`."""

    def __init__(self) -> None:
        self.person: Claims = {"sub": "ana", "name": "Ana Example", "email": "ana@example.com"}
        self.lifetime = 3_600
        self.renews = True
        self.is_down = False
        self.spoiled: dict[str, str] = {}
        """What the authorization answer says otherwise; `error` takes the place of the code."""
        self.refusal: str | None = None
        """The error with which the token endpoint answers."""
        self.paths: list[str] = []
        self.questions: list[Mapping[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.tokens: list[str] = []
        """Every secret that was given to a page."""
        self._codes: dict[str, Mapping[str, str]] = {}
        self._refresh_tokens: dict[str, Claims] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def issuer(self) -> str:
        """Its name, and where its document is found."""
        return f"http://localhost:{self.port}"

    @property
    def settings(self) -> Claims:
        """What `signIn` in config.json says of it."""
        return {"issuer": self.issuer, "clientId": CLIENT, "scope": "openid profile"}

    def grants(self, kind: str) -> list[dict[str, str]]:
        """The forms of one grant type that came, oldest first."""
        return [form for form in self.forms if form["grant_type"] == kind]

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._serve])
        app.router.add_get("/.well-known/openid-configuration", self._document)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/logout", self._logout)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    @web.middleware
    async def _serve(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.paths.append(request.path_qs)
        if self.is_down:
            return web.Response(status=503, headers=_OPEN_TO_ALL)
        response: web.StreamResponse = await handler(request)
        return response

    async def _document(self, _: web.Request) -> web.Response:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "end_session_endpoint": f"{self.issuer}/logout",
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
        }
        return web.json_response(document, headers=_OPEN_TO_ALL)

    async def _authorize(self, request: web.Request) -> web.Response:
        question = dict(request.query)
        self.questions.append(question)
        code = secrets.token_urlsafe(16)
        self._codes[code] = question
        answer = {"state": question["state"], "iss": self.issuer, "code": code, **self.spoiled}
        if "error" in answer:
            del answer["code"]
        raise web.HTTPFound(f"{question['redirect_uri']}?{urlencode(answer)}")

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.forms.append(form)
        kind = form["grant_type"]
        granted = self._redeem(form) if kind == "authorization_code" else self._refresh(form)
        if granted is None or self.refusal is not None:
            error = {"error": self.refusal or "invalid_grant"}
            return web.json_response(error, status=400, headers=_OPEN_TO_ALL)
        return web.json_response(self._answer(granted), headers=_OPEN_TO_ALL)

    def _redeem(self, form: dict[str, str]) -> Claims | None:
        question = self._codes.pop(form["code"], None)
        if question is None or self.refusal is not None:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert _base64url(digest) == question["code_challenge"]
        assert question["code_challenge_method"] == "S256"
        assert form["client_id"] == question["client_id"] == CLIENT
        assert form["redirect_uri"] == question["redirect_uri"]
        return {**self.person, "nonce": question["nonce"]}

    def _refresh(self, form: dict[str, str]) -> Claims | None:
        return self._refresh_tokens.pop(form["refresh_token"], None)  # each is good once

    def _answer(self, person: Claims) -> Claims:
        now = int(time.time())
        times = {"iss": self.issuer, "iat": now, "exp": now + self.lifetime}
        access = {**times, "sub": person["sub"], "aud": "api", "jti": secrets.token_hex(4)}
        answer = {
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "access_token": _token(access),
            "id_token": _token({**times, **person, "aud": CLIENT}),
        }
        if self.renews:
            answer["refresh_token"] = secrets.token_urlsafe(24)
            self._refresh_tokens[str(answer["refresh_token"])] = person
        self.tokens += [str(text) for name, text in answer.items() if name.endswith("_token")]
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["post_logout_redirect_uri"])


def _token(claims: Claims) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"}, claims)]
    return ".".join([*map(_base64url, parts), _base64url(b"signature")])


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
