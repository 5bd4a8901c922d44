"""What an authorizer's result means."""

from typing import Any

import pytest

from local_gateway.websocket.api import Authorizer
from local_gateway.websocket.authorizing import identity_missing, judge, judge_failure
from local_gateway.websocket.events import ConnectionFacts, authorizer_event
from local_gateway.websocket.handshake import Handshake
from local_gateway.websocket.policy import MalformedPolicy, allows
from tests.local_gateway.front import an_api

ARN = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/$connect"
API = ARN.rpartition("/prod/")[0]


def policy(effect: str = "Allow", resource: Any = f"{API}/prod/*", **changes: Any) -> Any:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [{**statement, **changes}]}


def result(**changes: Any) -> Any:
    return {"principalId": "someone", "policyDocument": policy(), **changes}


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        (ARN, True),
        (f"{API}/prod/*", True),
        (f"{API}/*", True),
        ("*", True),
        ("arn:aws:execute-api:*:*:abc123/prod/$conn?ct", True),
        (["arn:other", ARN], True),
        (f"{API}/prod/*/*", False),  # as on AWS: there is no second slash in stage/$connect
        (f"{API}/dev/*", False),
        (f"{API}/prod/$CONNECT", False),
        ("arn:aws:execute-api:us-east-1:000000000000:abc123/prod/", False),
    ],
)
def test_a_policy_allows_what_its_resource_matches(resource: Any, allowed: bool) -> None:
    assert allows(policy(resource=resource), ARN) is allowed


def test_a_deny_wins_over_an_allow() -> None:
    both = {"Statement": policy()["Statement"] + policy("Deny")["Statement"]}
    assert allows(both, ARN) is False


@pytest.mark.parametrize("action", ["execute-api:Invoke", "execute-api:*", "*", ["x:y", "*"]])
def test_an_action_may_be_a_pattern_or_a_list(action: Any) -> None:
    assert allows(policy(Action=action), ARN)


def test_another_action_allows_nothing() -> None:
    assert not allows(policy(Action="s3:GetObject"), ARN)


@pytest.mark.parametrize(
    "document",
    [
        None,
        "text",
        {},
        {"Statement": []},
        {"Statement": "?"},
        {"Statement": ["?"]},
        policy("Maybe"),
        policy(resource=7),
        policy(Action=None),
    ],
)
def test_a_malformed_policy_is_refused(document: Any) -> None:
    with pytest.raises(MalformedPolicy):
        allows(document, ARN)
    assert judge(result(policyDocument=document), ARN).status == 500


def test_an_allowed_result_gives_the_principal_and_the_context_as_strings() -> None:
    context = {"text": "t", "number": 1, "fraction": 1.5, "yes": True, "no": False}
    verdict = judge(result(context=context), ARN)
    assert verdict.status == 200
    assert verdict.context == {
        "principalId": "someone",
        "text": "t",
        "number": "1",
        "fraction": "1.5",
        "yes": "true",
        "no": "false",
    }


def test_a_denied_result_is_403() -> None:
    assert judge(result(policyDocument=policy("Deny")), ARN).status == 403


@pytest.mark.parametrize(
    "unusable",
    [
        None,
        "text",
        {},
        {"policyDocument": policy()},
        result(principalId=None),
        result(context=[]),
        result(context={"nested": {}}),
        result(context={"list": [1]}),
        result(context={"null": None}),
        result(context={"long": "x" * 8200}),
    ],
)
def test_an_unusable_result_is_500(unusable: Any) -> None:
    assert judge(unusable, ARN).status == 500


def test_only_the_very_word_unauthorized_is_401() -> None:
    assert judge_failure("Unauthorized").status == 401
    assert judge_failure("unauthorized").status == 500
    assert judge_failure("Unauthorized ").status == 500


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("route.request.header.Auth", False),
        ("route.request.header.auth", False),
        ("route.request.header.Empty", True),
        ("route.request.header.Absent", True),
        ("route.request.querystring.token", False),
        ("route.request.querystring.absent", True),
        ("stageVariables.colour", False),
        ("stageVariables.absent", True),
        ("context.stage", False),
        ("context.identity.sourceIp", False),
        ("context.identity.absent", True),
        ("$request.header.Auth", True),  # the HTTP APIs' way of writing it
    ],
)
def test_an_identity_source_that_is_missing_or_empty_stops_the_handshake(
    source: str, missing: bool
) -> None:
    api = an_api(authorizer=Authorizer("authorizer", (source,)), stage_variables={"colour": "blue"})
    handshake = Handshake({"Auth": ("x",), "Empty": ("",)}, {"token": ("t",)})
    event = authorizer_event(api, ConnectionFacts("id", 0.0, handshake), "r", 0.0)
    assert identity_missing(api, handshake, event) is missing


def test_without_identity_sources_the_authorizer_always_runs() -> None:
    api = an_api()
    event = authorizer_event(api, ConnectionFacts("id", 0.0, Handshake({})), "r", 0.0)
    assert identity_missing(api, Handshake({}), event) is False
