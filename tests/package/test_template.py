"""template.yaml grants what is needed and no more, keeps what must be kept, and fits the code."""

import copy
import importlib
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from fnmatch import fnmatch
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from bot.push.broadcast_steps import STEP_USERS
from bot.replies.ordering import GIVEN_UP_AFTER
from bot.wire import frames
from bots.bedrock.settings import BedrockSettings
from bots.conversing.settings import ModelSettings
from bots.openai_compatible.settings import OpenAISettings
from handlers import broadcast
from handlers.incoming.push_lanes import LONGEST_ABSENCE_SECONDS, MARGIN, PATIENCE_SECONDS
from handlers.setup import settings
from handlers.setup.token_settings import SUPPORTED
from handlers.setup.variables import Environment, natural
from store.dynamo.broadcasts import PARTITION
from tests.package.functions import FUNCTION, resolved, resources, variables
from tests.support.template import template

FUNCTIONS = sorted(resources(FUNCTION))
TABLES = sorted(resources("AWS::DynamoDB::Table"))
API = resources("AWS::Serverless::WebSocketApi")["WebSocketApi"]

ARN = "arn:aws:bedrock:eu-west-1::foundation-model/a-model"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf"
MODELS = {"BedrockModel": "a-model", "OpenAIModel": "a-model", "OpenAIKeyArn": SECRET_ARN}


def settings_of_replies(environment: Environment) -> object:
    """Read what the function reads that writes replies, whichever bot it runs."""
    return (
        settings.ReplySettings.from_environment(environment),
        ModelSettings.from_environment(environment),
        BedrockSettings.from_environment(environment),
        OpenAISettings.from_environment(environment),
    )


SETTINGS: dict[str, Callable[[Environment], object]] = {
    "AuthorizerFunction": settings.AuthorizerSettings.from_environment,
    "ConnectFunction": settings.ConnectionSettings.from_environment,
    "DisconnectFunction": settings.ConnectionSettings.from_environment,
    "MessageFunction": settings.MessageSettings.from_environment,
    "PushFunction": settings.PushSettings.from_environment,
    "BroadcastFunction": settings.BroadcastSettings.from_environment,
    "ReplyFunction": settings_of_replies,
    "UserDataFunction": settings.UserDataSettings.from_environment,
    "CleanerFunction": settings.CleanerSettings.from_environment,
}

KINESIS = "arn:aws:kinesis:eu-west-1:123456789012:stream/feed"
MSK = "arn:aws:kafka:eu-west-1:123456789012:cluster/feed/6cc0432b-8618-2"
PUSH_SOURCES = {
    "PushEventBus": "default",
    "PushKinesisStream": KINESIS,
    "PushKafkaCluster": MSK,
    "PushKafkaBootstrapServers": "broker.example:9092",
    "PushKafkaSecret": SECRET_ARN,
}

READ_BY_POWERTOOLS = {"LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}
READ_BY_BOTS = {
    "MessageFunction": {"BOT_SETTINGS"},
    "ReplyFunction": {"BOT_SETTINGS", "PUSH_QUEUE"},
}
"""What is there for bots of one's own."""


class RecordingEnvironment(dict[str, str]):
    """An environment that knows what was read of it."""

    def __init__(self, content: dict[str, str]) -> None:
        super().__init__(content)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """Read a variable."""
        if name in self:
            self.read.add(name)
        return super().get(name, default)


class ManagedPolicies:
    """The one policy that SAM adds by itself, for active tracing."""

    def load(self) -> dict[str, str]:
        """Names to ARNs."""
        name = "AWSXRayDaemonWriteAccess"
        return {name: f"arn:aws:iam::aws:policy/{name}"}


def statements(function: str, **parameters: str) -> Iterator[dict[str, Any]]:
    """What a function may do, with every other parameter at its default."""
    for policy in resources(FUNCTION)[function].get("Policies", []):
        granted = resolved(policy, parameters) if "Fn::If" in policy else policy
        if granted != "AWS::NoValue":
            yield from granted["Statement"]


def allowed(action: str, function: str = "ReplyFunction", **parameters: str) -> list[Any]:
    """What the function that writes replies, or another, may do so to."""
    return [
        resolved(statement["Resource"], parameters)
        for statement in statements(function, **parameters)
        if action in listed(statement["Action"])
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_there_is_a_route_for_every_action_of_the_contract_and_for_no_other() -> None:
    assert set(API["Routes"]) == {*frames.FRAMES, "$connect", "$disconnect", "$default"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_handler_exists(function: str) -> None:
    module, _, name = resources(FUNCTION)[function]["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


TAKEN = {
    "AllowedOrigins": [
        "",
        "https://chat.example.com",
        "https://a.example, http://localhost:8080,capacitor://localhost",
        "https://a.example,http://[::1]:8080",
    ],
    "JwtIssuers": [
        "",
        "https://issuer.example",
        "https://tenant.eu.auth0.com/",
        "https://issuer.example/realms/a , http://127.0.0.1:9000",
    ],
    "JwtKeyUrls": ["", ",", "https://issuer.example/keys", ",https://a.example/k?v=1, ,"],
    "JwtAlgorithms": ["RS256", "ES384 , RS512", ",".join(SUPPORTED)],
    "JwtPinnedKeys": ["", '{"keys":[]}', ' {\n "https://issuer.example": {"keys": []}\n}\n'],
}

REFUSED = {
    "AllowedOrigins": [
        "https://chat.example.com/",  # no browser sends that
        "https://a.example,https://b.example/chat",
        "chat.example.com",
        "https://a.example,",
        "*",
    ],
    "JwtIssuers": ["issuer.example", "https://", "https://a.example b.example", "*"],
    "JwtKeyUrls": ["keys.example", "file:///keys", "https://a.example/k,b.example/k"],
    "JwtAlgorithms": ["", "HS256", "none", "RS256,HS256", "RS256,"],
    "JwtPinnedKeys": ["[]", "{", "keys", '"{}"'],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values]
)
def test_a_parameter_takes_what_its_function_can_use(name: str, value: str) -> None:
    assert re.fullmatch(template()["Parameters"][name]["AllowedPattern"], value)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_a_parameter_refuses_what_would_let_nobody_in(name: str, value: str) -> None:
    assert not re.fullmatch(template()["Parameters"][name]["AllowedPattern"], value)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_given_exactly_the_variables_that_it_reads(function: str) -> None:
    issuer = {"JwtIssuers": "https://issuer.example", "JwtAudiences": "parley"}
    environment = RecordingEnvironment(variables(function, **issuer, **MODELS))
    SETTINGS[function](environment)
    others = READ_BY_POWERTOOLS | READ_BY_BOTS.get(function, set())
    assert environment.read | others == set(environment)


def test_a_bot_may_push_where_it_is_let_and_nowhere_else() -> None:
    assert allowed("sqs:SendMessage") == []
    assert len(allowed("sqs:SendMessage", BotPushes="enabled")) == 1
    assert variables("ReplyFunction")["PUSH_QUEUE"] == ""
    assert variables("ReplyFunction", BotPushes="enabled")["PUSH_QUEUE"] != ""


@pytest.mark.parametrize(
    ("access", "issuers", "guests"),
    [
        ("auto", "", "enabled"),
        ("auto", "https://issuer.example", "disabled"),
        ("enabled", "https://issuer.example", "enabled"),
        ("disabled", "", "disabled"),
    ],
)
def test_guests_are_off_by_default_where_there_is_an_issuer(
    access: str, issuers: str, guests: str
) -> None:
    given = variables("AuthorizerFunction", GuestAccess=access, JwtIssuers=issuers)
    assert given["GUEST_ACCESS"] == guests


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_right_covers_everything(function: str) -> None:
    for statement in statements(function, **MODELS, BedrockGuardrail="g"):
        assert "*" not in listed(statement["Resource"])
        assert not any(action.endswith("*") for action in listed(statement["Action"]))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_rights_name_a_table_or_this_stage_of_this_api(function: str) -> None:
    for statement in statements(function):
        for resource in listed(statement["Resource"]):
            (named,) = resource.values()
            if listed(statement["Action"])[0].startswith("dynamodb:"):
                assert any(table in named for table in TABLES)
            elif statement["Action"] == "lambda:InvokeFunction":
                assert function in ("MessageFunction", "PushFunction")
                assert named == ["ReplyFunction", "Arn"]
            elif listed(statement["Action"])[0].startswith("sqs:"):
                queues = [["PushQueue", "Arn"], ["PushDeadLetters", "Arn"]]
                of_broadcasts = [["BroadcastQueue", "Arn"], ["BroadcastDeadLetters", "Arn"]]
                assert function in ("PushFunction", "BroadcastFunction")
                assert named in queues + (of_broadcasts if function == "BroadcastFunction" else [])
            else:
                assert statement["Action"] == "execute-api:ManageConnections"
                assert ":${WebSocketApi}/${StageName}/" in named
                assert named.endswith("/@connections/*")


@pytest.mark.parametrize(
    "action",
    [
        "bedrock:InvokeModelWithResponseStream",
        "bedrock:ApplyGuardrail",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter",
    ],
)
def test_nobody_may_ask_a_model_or_read_a_key_unless_they_are_named(action: str) -> None:
    assert allowed(action) == []
    assert allowed(action, BedrockGuardrail="g", OpenAIModel="m", BedrockModelArns=ARN) == []


def test_the_models_that_are_named_may_be_asked_and_no_other() -> None:
    action = "bedrock:InvokeModelWithResponseStream"
    assert allowed(action, BedrockModel="a-model") == [
        "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/a-model"
    ]
    several = f"{ARN},{ARN}-2"
    assert allowed(action, BedrockModel="eu.a-model", BedrockModelArns=several) == [
        [ARN, f"{ARN}-2"]
    ]


def test_the_guardrail_and_the_key_that_are_named_may_be_used_and_no_other() -> None:
    (guardrail,) = allowed("bedrock:ApplyGuardrail", BedrockModel="a-model", BedrockGuardrail="g1")
    assert guardrail.endswith(":guardrail/g1")
    assert allowed("secretsmanager:GetSecretValue", OpenAIKeyArn=SECRET_ARN) == [SECRET_ARN]


@pytest.mark.parametrize(
    ("method", "functions"),
    [
        ("POST", {"MessageFunction", "PushFunction", "ReplyFunction"}),
        ("DELETE", {"MessageFunction", "CleanerFunction", "UserDataFunction"}),
        ("GET", {"CleanerFunction"}),
    ],
)
def test_only_who_must_may_post_to_connections_close_them_or_ask_after_them(
    method: str, functions: set[str]
) -> None:
    allowed_to = {
        function
        for function in FUNCTIONS
        for statement in statements(function)
        if "execute-api:ManageConnections" in listed(statement["Action"])
        and any(f"/{method}/@connections/" in str(each) for each in listed(statement["Resource"]))
    }
    assert allowed_to == functions


def test_the_cleaner_has_no_right_to_any_conversation() -> None:
    assert "SessionsTable" not in str(list(statements("CleanerFunction")))
    assert "SESSIONS_TABLE" not in variables("CleanerFunction")


def test_one_run_of_the_cleaner_ends_before_the_next_begins() -> None:
    minutes = template()["Parameters"]["CleanerSchedule"]["Default"]
    assert minutes == "rate(5 minutes)"
    assert resources(FUNCTION)["CleanerFunction"]["Timeout"] < 5 * 60


def test_the_authorizer_has_no_rights() -> None:
    assert list(statements("AuthorizerFunction")) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_logs_to_a_group_of_its_own_that_forgets(function: str) -> None:
    groups = [resources(FUNCTION)[each]["LoggingConfig"]["LogGroup"]["Ref"] for each in FUNCTIONS]
    own = resources(FUNCTION)[function]["LoggingConfig"]["LogGroup"]["Ref"]
    assert groups.count(own) == 1
    assert resources("AWS::Logs::LogGroup")[own]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_log_group_forgets() -> None:
    for group in resources("AWS::Logs::LogGroup").values():
        assert "RetentionInDays" in group


def test_the_api_logs_errors_and_never_a_body_or_a_credential() -> None:
    stage = API["DefaultRouteSettings"]
    assert (stage["LoggingLevel"], stage["DataTraceEnabled"]) == ("ERROR", False)
    logged = API["AccessLogSettings"]["Format"]
    for secret in ("header", "querystring", "authorizer", "body"):
        assert secret not in logged.lower()


def test_the_api_is_throttled() -> None:
    stage = API["DefaultRouteSettings"]
    assert stage["ThrottlingBurstLimit"] > 0
    assert stage["ThrottlingRateLimit"] > 0


def test_the_authorizer_runs_wherever_the_credential_lies() -> None:
    assert API["Auth"]["AuthType"] == "CUSTOM"
    assert API["Auth"]["IdentitySource"] == []


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_on_demand_encrypted_recoverable_and_expire(table: str) -> None:
    described = resources("AWS::DynamoDB::Table")[table]
    assert described["BillingMode"] == "PAY_PER_REQUEST"
    assert described["SSESpecification"]["SSEEnabled"] is True
    assert described["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert described["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_conversations_outlive_the_stack() -> None:
    table = template()["Resources"]["SessionsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_no_function_behind_api_gateway_waits_longer_than_it() -> None:
    longest = template()["Globals"]["Function"]["Timeout"]
    for name, function in resources(FUNCTION).items():
        is_asynchronous = name in (
            "ReplyFunction",
            "PushFunction",
            "BroadcastFunction",
            "CleanerFunction",
            "UserDataFunction",
        )
        assert is_asynchronous or function.get("Timeout", longest) < 29


def test_a_users_budget_is_none_unless_it_is_set_and_then_goes_to_who_writes_replies() -> None:
    names = ("USER_TURNS_PER_MINUTE", "USER_TOKENS_PER_DAY")
    given = variables("ReplyFunction")
    assert [str(given[name]) for name in names] == ["0", "0"]
    given = variables("ReplyFunction", UserTurnsPerMinute="3", UserTokensPerDay="9")
    assert [given[name] for name in names] == ["3", "9"]
    for name in ("UserTurnsPerMinute", "UserTokensPerDay"):
        bounds = template()["Parameters"][name]
        assert natural(str(bounds["MinValue"])) == 0
        assert natural(str(bounds["MaxValue"])) > 0, "the function takes what the template allows"


def test_no_order_outlives_the_time_after_which_its_reply_is_given_up() -> None:
    retries = resources(FUNCTION)["ReplyFunction"]["EventInvokeConfig"]
    assert timedelta(seconds=retries["MaximumEventAgeInSeconds"]) <= GIVEN_UP_AFTER


def test_every_parameter_has_a_default_and_says_what_it_is_for() -> None:
    for parameter in template()["Parameters"].values():
        assert "Default" in parameter
        assert parameter["Description"].endswith(".")


def test_only_this_api_may_invoke_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    packaged = copy.deepcopy(template())
    packaged["Globals"]["Function"]["CodeUri"] = "s3://bucket/package"
    deployed = transform(packaged, {}, ManagedPolicies())["Resources"].values()
    sources = [
        str(resource["Properties"]["SourceArn"])
        for resource in deployed
        if resource["Type"] == "AWS::Lambda::Permission"
        and resource["Properties"]["Principal"] != "events.amazonaws.com"
    ]
    assert len(sources) == len(API["Routes"]) + 1
    for source in sources:
        assert "WebSocketApi" in source


# ---- push


def mapping(name: str) -> dict[str, Any]:
    """How a source's batches reach the function that pushes."""
    found: dict[str, Any] = resources("AWS::Lambda::EventSourceMapping")[name]
    assert found["FunctionName"] == {"Ref": "PushFunction"}
    return found


def test_a_push_waits_in_its_queue_for_longer_than_any_reply_takes() -> None:
    queue = resources("AWS::SQS::Queue")["PushQueue"]
    tries = queue["RedrivePolicy"]["maxReceiveCount"]
    waits = [min(2**each, LONGEST_ABSENCE_SECONDS) for each in range(1, tries)]
    assert sum(waits) > template()["Parameters"]["ReplySeconds"]["MaxValue"]
    timeout = resources(FUNCTION)["PushFunction"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert timeout > PATIENCE_SECONDS + MARGIN.total_seconds()


def test_a_push_waits_in_its_stream_for_longer_than_any_reply_takes() -> None:
    tries = mapping("PushFromKinesis")["MaximumRetryAttempts"]
    assert tries * PATIENCE_SECONDS > template()["Parameters"]["ReplySeconds"]["MaxValue"]


def test_the_queue_and_the_stream_take_back_what_is_named() -> None:
    for name in ("PushFromQueue", "PushFromKinesis"):
        assert mapping(name)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping("PushFromKinesis")["ParallelizationFactor"] == 1, "or records would overtake"


def test_kafka_never_gives_a_batch_up() -> None:
    for name in ("PushFromMsk", "PushFromKafka"):
        assert {"MaximumRetryAttempts", "DestinationConfig", "FunctionResponseTypes"}.isdisjoint(
            mapping(name)
        )


def test_the_queue_keeps_its_order_and_knows_no_message_by_its_text() -> None:
    queue = resources("AWS::SQS::Queue")["PushQueue"]
    assert (queue["FifoQueue"], queue["ContentBasedDeduplication"]) == (True, False)
    assert resources("AWS::SQS::Queue")["PushDeadLetters"]["FifoQueue"] is True


def test_lambda_gives_up_into_a_queue_that_takes_what_has_no_group() -> None:
    failures = {"Fn::GetAtt": ["PushFailures", "Arn"]}
    assert "FifoQueue" not in resources("AWS::SQS::Queue")["PushFailures"]
    assert resources(FUNCTION)["PushFunction"]["DeadLetterQueue"]["TargetArn"] == failures
    assert mapping("PushFromKinesis")["DestinationConfig"]["OnFailure"] == {"Destination": failures}


@pytest.mark.parametrize("queue", sorted(resources("AWS::SQS::Queue")))
def test_queues_are_encrypted_and_keep_what_they_have_for_two_weeks(queue: str) -> None:
    described = resources("AWS::SQS::Queue")[queue]
    assert described["SqsManagedSseEnabled"] is True
    assert described["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("kind", ["Push", "Broadcast"])
def test_a_publisher_may_send_to_the_queue_and_nothing_else(kind: str) -> None:
    policy = resources("AWS::IAM::ManagedPolicy")[f"{kind}PublisherPolicy"]
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": {"Fn::GetAtt": [f"{kind}Queue", "Arn"]},
        }
    ]


# ---- broadcast


def test_a_step_of_a_broadcast_ends_long_before_its_function_does() -> None:
    slowest = template()["Parameters"]["BroadcastUsersPerSecond"]["MinValue"]
    timeout = resources(FUNCTION)["BroadcastFunction"]["Timeout"]
    assert STEP_USERS / slowest <= timeout / 2
    queue = resources("AWS::SQS::Queue")["BroadcastQueue"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["FifoQueue"] is True
    waits = queue["RedrivePolicy"]["maxReceiveCount"] * broadcast.LONGEST_ABSENCE_SECONDS
    assert waits >= 30 * 60 - broadcast.LONGEST_ABSENCE_SECONDS
    batch = resources("AWS::Lambda::EventSourceMapping")["BroadcastFromQueue"]["BatchSize"]
    assert batch == 1, "or the function's time would not be enough for all"


def test_a_broadcast_notes_its_own_and_has_no_right_to_any_conversation() -> None:
    (notes,) = (
        each for each in statements("BroadcastFunction") if "SessionsTable" in str(each["Resource"])
    )
    (pattern,) = notes["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert pattern == f"{PARTITION}*"
    assert not fnmatch("user:a:b", pattern)
    assert not fnmatch("guest:a", pattern)


def test_pushes_leave_functions_for_the_chat() -> None:
    scaling = resources("AWS::Lambda::EventSourceMapping")["PushFromQueue"]["ScalingConfig"]
    assert scaling == {"MaximumConcurrency": {"Ref": "PushConcurrency"}}
    bounds = template()["Parameters"]["PushConcurrency"]
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
    assert (bounds["MinValue"], bounds["MaxValue"]) == (2, 1000)


SOURCES = {
    "PushFromKinesis": "TakesKinesis",
    "PushFromMsk": "TakesMsk",
    "PushFromKafka": "TakesKafka",
    "PushFromEvents": "TakesEvents",
    "PushFromEventsPermission": "TakesEvents",
    "PushFailuresOfEvents": "TakesEvents",
}


@pytest.mark.parametrize(("name", "condition"), SOURCES.items())
def test_a_source_is_there_where_it_is_named(name: str, condition: str) -> None:
    assert template()["Resources"][name]["Condition"] == condition
    assert not resolved({"Condition": condition}, {})
    assert resolved({"Condition": condition}, PUSH_SOURCES)


def test_streams_and_topics_may_be_read_where_they_are_named_and_no_others() -> None:
    actions = ("kinesis:GetRecords", "kafka-cluster:Connect", "secretsmanager:GetSecretValue")
    for action in actions:
        assert allowed(action, "PushFunction") == []
    given = [allowed(action, "PushFunction", **PUSH_SOURCES) for action in actions]
    assert given == [[KINESIS], [MSK], [SECRET_ARN]]


def scram(**parameters: str) -> Iterator[Any]:
    """Of which clusters the function that pushes may list the secrets."""
    for statement in statements("PushFunction", **parameters):
        actions = [resolved(action, parameters) for action in listed(statement["Action"])]
        if "kafka:ListScramSecrets" in actions:
            yield resolved(statement["Resource"], parameters)


def test_secrets_of_a_cluster_are_listed_where_it_is_signed_in_to_by_one() -> None:
    assert list(scram(PushKafkaCluster=MSK)) == []
    assert list(scram(PushKafkaCluster=MSK, PushKafkaSecret=SECRET_ARN)) == [MSK]
    assert list(scram(**{**PUSH_SOURCES, "PushKafkaCluster": ""})) == []


def test_the_brokers_secret_may_be_decrypted_whichever_key_it_is_under_and_nothing_else() -> None:
    assert allowed("kms:Decrypt", "PushFunction", PushKafkaSecret=SECRET_ARN) == []
    for source in ("PushKafkaCluster", "PushKafkaBootstrapServers"):
        named = {source: PUSH_SOURCES[source], "PushKafkaSecret": SECRET_ARN}
        (granted,) = (
            each
            for each in statements("PushFunction", **named)
            if "kms:Decrypt" in listed(each["Action"])
        )
        condition = granted["Condition"]["StringEquals"]
        assert condition["kms:EncryptionContext:SecretARN"] == {"Ref": "PushKafkaSecret"}
        assert condition["kms:ViaService"]["Fn::Sub"].startswith("secretsmanager.")


def test_nobody_makes_interfaces_unless_brokers_stand_in_a_network() -> None:
    action = "ec2:CreateNetworkInterface"
    servers = {"PushKafkaBootstrapServers": "broker.example:9092"}
    assert allowed(action, "PushFunction", **servers) == []
    assert allowed(action, "PushFunction", PushKafkaCluster=MSK) == ["*"]
    subnets = {"PushKafkaSubnets": "subnet-1,subnet-2"}
    assert allowed(action, "PushFunction", **subnets) == []
    assert allowed(action, "PushFunction", **servers, **subnets) == ["*"]
