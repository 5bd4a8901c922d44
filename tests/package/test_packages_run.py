"""Each built package runs under Lambda's runtime emulator, and answers API Gateway's events."""

import json
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jwt

from tests.package.conftest import ConnectionsApi
from tests.package.functions import Functions
from tests.support import engine

ISSUER = "https://issuer.example"
METHOD = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/$connect"


def authorizing(offer: str) -> dict[str, Any]:
    return {
        "type": "REQUEST",
        "methodArn": METHOD,
        "headers": {"Sec-WebSocket-Protocol": offer},
        "queryStringParameters": {},
        "requestContext": {"connectionId": "L0SM9cOFvHcCIhw="},
    }


def an_event(route: str, user: str, **more: Any) -> dict[str, Any]:
    return {
        "requestContext": {
            "routeKey": route,
            "connectionId": "L0SM9cOFvHcCIhw=",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "stage": "prod",
            "connectedAt": 1_900_000_000_000,
            "authorizer": {"principalId": user, "userId": user, "kind": "guest"},
        },
        "isBase64Encoded": False,
        **more,
    }


def private_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(private: Any) -> str:
    encoded: bytes = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return encoded.decode()


def a_user() -> str:
    return f"guest:{uuid4().hex}"


def effect(policy: dict[str, Any]) -> Any:
    return policy["policyDocument"]["Statement"][0]["Effect"]


def row(user: str) -> dict[str, Any]:
    found = engine.running().dynamodb.query(
        TableName="ConnectionsTable",
        KeyConditionExpression="userId = :user",
        ExpressionAttributeValues={":user": {"S": user}},
    )
    (only,) = found["Items"]
    kept: dict[str, Any] = only
    return kept


def test_the_authorizer_admits_a_guest_and_refuses_anything_weaker(functions: Functions) -> None:
    with functions.start("AuthorizerFunction") as function:
        admitted = function.invoke(authorizing(f"chat.v1, {uuid4()}"))
        refused = function.invoke(authorizing("chat.v1, guessable"))
    assert effect(admitted) == "Allow"
    assert admitted["context"]["userId"].startswith("guest:")
    assert effect(refused) == "Deny"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_authorizer_verifies_tokens_with_what_its_package_holds(
    functions: Functions, algorithm: str
) -> None:
    private = private_key(algorithm)
    public = jwk.construct(private.public_key(), algorithm).to_dict()
    entry = {name: str(public[name]) for name in public} | {"kid": "one"}
    claims = {"iss": ISSUER, "aud": "parley", "sub": "ana", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, pem(private), algorithm, headers={"kid": "one"})
    parameters = {
        "JwtIssuers": ISSUER,
        "JwtAudiences": "parley",
        "JwtPinnedKeys": json.dumps({"keys": [entry]}),
    }
    with functions.start("AuthorizerFunction", **parameters) as function:
        admitted = function.invoke(authorizing(f"chat.v1, {token}"))
        forged = function.invoke(authorizing(f"chat.v1, {token[:-8]}AAAAAAAA"))
    assert effect(admitted) == "Allow"
    assert admitted["context"]["userId"] == "user:issuer.example:ana"
    assert admitted["context"]["expiresAt"] == str(claims["exp"])
    assert effect(forged) == "Deny"


def test_connect_writes_the_row_and_disconnect_marks_it(functions: Functions) -> None:
    user = a_user()
    handshake = {"headers": {"Sec-WebSocket-Protocol": f"chat.v1, {uuid4()}"}}
    with functions.start("ConnectFunction") as function:
        answer = function.invoke(an_event("$connect", user, **handshake))
    assert answer == {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v1"}}
    assert row(user)["active"]["S"].startswith("true")
    with functions.start("DisconnectFunction") as function:
        assert function.invoke(an_event("$disconnect", user)) == {"statusCode": 200}
    assert row(user)["active"]["S"].startswith("false")


def test_a_message_is_answered_on_its_connection_by_the_shipped_bot(
    functions: Functions, connections_api: ConnectionsApi
) -> None:
    user = a_user()
    frame = {"action": "message", "messageId": str(uuid4()), "text": "hello"}
    with functions.start("MessageFunction") as function:
        event = an_event("message", user, body=json.dumps(frame))
        assert function.invoke(event) == {"statusCode": 200}
    ((connection_id, sent),) = connections_api.posts
    assert connection_id == "L0SM9cOFvHcCIhw="
    assert (sent["type"], sent["turn"]["seq"]) == ("turn", 1)
    assert sent["turn"]["reply"]


def test_a_function_that_lacks_a_setting_names_it(functions: Functions) -> None:
    lacking = replace(functions, aws={**functions.aws, "SESSIONS_TABLE": ""})
    with lacking.start("MessageFunction") as function:
        failed = function.invoke(an_event("ping", a_user(), body='{"action":"ping"}'))
    assert failed["errorType"] == "SettingsError"
    assert "SESSIONS_TABLE" in failed["errorMessage"]


def test_the_cleaner_runs_and_says_nothing(functions: Functions) -> None:
    with functions.start("CleanerFunction") as function:
        assert function.invoke({}) is None
