"""Amazon Cognito as the embedded AWS gives it: user pools, app clients, users."""

import json
import urllib.request
from dataclasses import dataclass
from typing import Any

PASSWORD = "Correct-horse-1"


@dataclass(frozen=True)
class Tokens:
    """What InitiateAuth gave; `refresh` is empty where it gave none."""

    access: str
    id: str
    refresh: str


class UserPool:
    """A new user pool on an engine, with one app client that has no secret."""

    def __init__(self, engine: Any) -> None:
        self._cognito = engine.client("cognito-idp")
        self.id: str = self._cognito.create_user_pool(PoolName="parley")["UserPool"]["Id"]
        region = self.id.partition("_")[0]
        self.issuer = f"https://cognito-idp.{region}.amazonaws.com/{self.id}"
        # The issuer is Amazon's own address, which leads elsewhere: the keys are here.
        self.keys_url = f"{engine.url}/{self.id}/.well-known/jwks.json"
        self.client_id = self.new_client()

    def new_client(self) -> str:
        """Make another app client; return its id."""
        made = self._cognito.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="app",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        return str(made["UserPoolClient"]["ClientId"])

    def add_user(self, name: str) -> None:
        """Add a user who need not change the password first."""
        self._cognito.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self._cognito.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )

    def sign_in(self, name: str, client_id: str | None = None) -> Tokens:
        """Sign a user in with the password, by default at the pool's first client."""
        parameters = {"USERNAME": name, "PASSWORD": PASSWORD}
        return self._authenticate("USER_PASSWORD_AUTH", client_id or self.client_id, parameters)

    def refresh(self, tokens: Tokens) -> Tokens:
        """Fresh tokens of the same user."""
        parameters = {"REFRESH_TOKEN": tokens.refresh}
        return self._authenticate("REFRESH_TOKEN_AUTH", self.client_id, parameters)

    def keys(self) -> Any:
        """The pool's JWK Set."""
        with urllib.request.urlopen(self.keys_url) as response:
            return json.load(response)

    def _authenticate(self, flow: str, client_id: str, parameters: dict[str, str]) -> Tokens:
        given = self._cognito.initiate_auth(
            AuthFlow=flow, ClientId=client_id, AuthParameters=parameters
        )["AuthenticationResult"]
        return Tokens(given["AccessToken"], given["IdToken"], given.get("RefreshToken", ""))
