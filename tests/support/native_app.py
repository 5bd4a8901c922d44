"""A native app that signs its user in: authorization code with PKCE (RFC 8252, RFC 7636)."""

import base64
import hashlib
import http.client
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gave."""

    access: str
    id: str
    refresh: str


@dataclass(frozen=True)
class NativeApp:
    """A public client; the browser comes back to it at an address of its own scheme."""

    issuer: str
    client_id: str
    redirect_uri: str

    def sign_in(self, name: str, **parameters: str) -> Tokens:
        """Tokens of the person of this name; `parameters` go with both requests."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": "openid profile",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **parameters,
        }
        came_back = _Browser(name).go(f"{self.issuer}/auth?{urlencode(asked)}", self.redirect_uri)
        [code] = parse_qs(urlsplit(came_back).query)["code"]
        return self._tokens(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.redirect_uri,
            code_verifier=verifier,
            **parameters,
        )

    def refresh(self, tokens: Tokens, **parameters: str) -> Tokens:
        """Fresh tokens of the same person."""
        return self._tokens(grant_type="refresh_token", refresh_token=tokens.refresh, **parameters)

    def _tokens(self, **form: str) -> Tokens:
        form["client_id"] = self.client_id
        status, _, body = _request("POST", f"{self.issuer}/token", urlencode(form))
        if status != 200:
            raise RuntimeError(f"the provider answered {status}: {body}")
        answered = json.loads(body)
        return Tokens(answered["access_token"], answered["id_token"], answered["refresh_token"])


@dataclass
class _Browser:
    """Keeps cookies, follows redirects, and has somebody at it who signs in by their name."""

    name: str
    cookies: dict[str, str] = field(default_factory=dict)

    def go(self, url: str, until: str) -> str:
        """Go on from `url` until an address that starts with `until`, and return that."""
        form = ""
        for _ in range(10):
            status, headers, body = self._load(url, form)
            if status == 200:
                form = urlencode({"name": self.name})
                continue
            if status not in (302, 303):
                raise RuntimeError(f"the provider answered {status}: {body}")
            form, url = "", urljoin(url, headers["Location"])
            if url.startswith(until):
                return url
        raise RuntimeError("the provider does not come back to the app")

    def _load(self, url: str, form: str) -> tuple[int, http.client.HTTPMessage, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        loaded = _request("POST" if form else "GET", url, form, cookie)
        for given in loaded[1].get_all("Set-Cookie", []):
            name, _, value = given.split(";")[0].partition("=")
            self.cookies[name] = value
        return loaded


def _request(
    method: str, url: str, form: str = "", cookie: str = ""
) -> tuple[int, http.client.HTTPMessage, str]:
    """One request, without following where it leads."""
    parts = urlsplit(url)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        path = f"{parts.path}?{parts.query}"
        connection.request(method, path, form or None, headers if form else {"Cookie": cookie})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()
