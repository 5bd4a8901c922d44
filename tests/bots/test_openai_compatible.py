"""What only an OpenAI-compatible endpoint has: its SDK, its key, its own names of things."""

import json
import sys

import pytest

from bots.conversing.errors import Rejected, Throttled, Unavailable, WrongVariable
from bots.conversing.prompts import Line, Prompt, Role
from bots.conversing.settings import Inference
from bots.openai_compatible import OpenAICompatible, key
from bots.openai_compatible.client import MISSING
from bots.openai_compatible.requests import request
from bots.openai_compatible.settings import OPENAI, OpenAISettings
from handlers.setup.composition import load_bot
from handlers.setup.variables import SettingsError
from tests.support.completions import STREAM, CompletionsProvider, chunk, end, event, texts
from tests.support.model_calls import Attempt, conversation, heard, message
from tests.support.model_server import Answer, ModelServer

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/parley/key"
PROVIDER = CompletionsProvider()


def as_json(**content: object) -> Answer:
    """An answer of the AWS services that keep keys."""
    return Answer([json.dumps(content).encode()], headers={"Content-Type": "application/json"})


def test_without_the_sdk_the_start_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.setenv("OPENAI_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    with pytest.raises(SettingsError, match="openai is not installed") as caught:
        load_bot("bots.openai_compatible:OpenAICompatible")
    assert MISSING in str(caught.value)


def test_a_key_is_read_from_secrets_manager(server: ModelServer) -> None:
    server.answers = [as_json(SecretString="sk-1\n")]
    assert key.read_key(SECRET) == "sk-1"
    assert server.asked[0].body == {"SecretId": SECRET}
    assert server.asked[0].headers["X-Amz-Target"].endswith("GetSecretValue")


def test_a_key_is_read_from_the_parameter_store_and_decrypted(server: ModelServer) -> None:
    server.answers = [as_json(Parameter={"Value": "sk-2"})]
    assert key.read_key(PARAMETER) == "sk-2"
    assert server.asked[0].body == {"Name": PARAMETER, "WithDecryption": True}


def test_a_secret_that_the_console_made_holds_the_key_as_its_one_value(server: ModelServer) -> None:
    server.answers = [as_json(SecretString='{"OPENAI_API_KEY": "sk-3"}')]
    assert key.read_key(SECRET) == "sk-3"


@pytest.mark.parametrize("text", ["", " ", "{}", '{"a": "1", "b": "2"}', '{"a": 1}'])
def test_a_secret_without_a_key_is_told_and_not_shown(server: ModelServer, text: str) -> None:
    server.answers = [as_json(SecretString=text)]
    with pytest.raises(WrongVariable, match=r"^OPENAI_KEY_ARN: must hold one key"):
        key.read_key(SECRET)


def test_a_key_that_may_not_be_read_is_told_by_the_services_code(server: ModelServer) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": "by user SECRET"}).encode()
    server.answers = [Answer([body], 400, {"Content-Type": "application/x-amz-json-1.1"})]
    with pytest.raises(WrongVariable, match=r"AccessDeniedException$"):
        key.read_key(SECRET)


def test_an_endpoint_without_a_key_needs_none() -> None:
    assert key.read_key("") == key.NO_KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_MODEL", ""),
        ("OPENAI_BASE_URL", "ftp://example"),
        ("OPENAI_BASE_URL", ""),
        ("OPENAI_KEY_ARN", "sk-this-is-the-key-itself"),
        ("OPENAI_KEY_ARN", "arn:aws:s3:::bucket"),
    ],
)
def test_a_wrong_setting_is_named_and_not_quoted(name: str, value: str) -> None:
    given = {"OPENAI_MODEL": "m", "OPENAI_BASE_URL": "http://localhost/v1", name: value}
    with pytest.raises(WrongVariable, match=r"^OPENAI_\w+: must") as caught:
        OpenAICompatible(given)
    assert not value or value not in str(caught.value)


def test_openai_itself_is_asked_by_the_new_name_of_the_bound_and_others_by_the_old() -> None:
    prompt = Prompt("", (Line(Role.USER, ("hi",), question=True),))
    new = request(prompt, OpenAISettings("m"), Inference(max_tokens=9))
    old = request(prompt, OpenAISettings("m", "http://localhost/v1"), Inference(max_tokens=9))
    assert OpenAISettings("m").base_url == OPENAI
    assert (new["max_completion_tokens"], "max_tokens" in new) == (9, False)
    assert (old["max_tokens"], "max_completion_tokens" in old) == (9, False)


def ask(server: ModelServer, *answers: Answer) -> list[str]:
    """What the bot says where the endpoint answers so."""
    pytest.importorskip("openai")
    server.answers = list(answers)
    bot = OpenAICompatible({"OPENAI_MODEL": "m", "OPENAI_BASE_URL": f"{server.url}/v1"})
    return heard(bot.stream(conversation(), message("hi"), Attempt(seconds=30)))[0]


def test_a_tool_is_run_though_the_server_ends_with_stop(server: ModelServer) -> None:
    call = {"index": 0, "id": "c", "function": {"name": "nothing", "arguments": ""}}
    wanting = Answer([*texts(), chunk({"tool_calls": [call]}), *end("stop")], headers=STREAM)
    assert ask(server, wanting, PROVIDER.says("Done.")) == ["Done."]


def test_what_a_server_leaves_out_is_not_missed(server: ModelServer) -> None:
    bare = [event({"choices": None}), *texts("Hi."), event({"choices": [{"delta": None}]})]
    assert ask(server, Answer([*bare, *end("stop")], headers=STREAM)) == ["Hi."]


def test_a_longer_wait_than_there_is_time_is_not_begun(server: ModelServer) -> None:
    slow = Answer([b"{}"], 429, {"Content-Type": "application/json", "Retry-After": "60"})
    with pytest.raises(Throttled):
        ask(server, slow)


def test_an_account_without_credit_is_not_asked_again(server: ModelServer) -> None:
    body = json.dumps({"error": {"message": "pay", "code": "insufficient_quota"}}).encode()
    with pytest.raises(Rejected):
        ask(server, Answer([body], 429, {"Content-Type": "application/json"}))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"code": "model_not_found", "type": "t"}, "404 model_not_found"),
        ({"code": None, "type": "invalid_request_error"}, "404 invalid_request_error"),
        ({"code": "they said SECRET", "type": "t"}, "404"),
        ({"code": 404}, "404"),
        ("they said SECRET", "404"),
        ({}, "404"),
    ],
)
def test_an_error_is_known_by_its_status_and_by_a_code_that_looks_like_one(
    server: ModelServer, error: object, reason: str
) -> None:
    body = json.dumps({"error": error}).encode()
    with pytest.raises(Rejected) as caught:
        ask(server, Answer([body], 404, {"Content-Type": "application/json"}))
    assert caught.value.reason == reason


def test_an_answer_without_a_count_is_counted_by_estimate(server: ModelServer) -> None:
    pytest.importorskip("openai")
    server.answers = [Answer([*texts("Hello."), chunk({}, "stop")], headers=STREAM)]
    bot = OpenAICompatible({"OPENAI_MODEL": "m", "OPENAI_BASE_URL": f"{server.url}/v1"})
    _, outcome = heard(bot.stream(conversation(), message("hi"), Attempt()))
    assert outcome.usage
    assert (outcome.usage.input_tokens > 0, outcome.usage.output_tokens) == (True, 2)


def test_an_answer_that_is_no_json_is_no_answer(server: ModelServer) -> None:
    with pytest.raises(Unavailable):
        ask(server, Answer([*texts("Half"), b"data: {oops\n\n"], headers=STREAM))
