"""What is watched: functions, queues and tables, by metrics that there are, in words that help."""

import json
import re
from typing import Any

import pytest

from handlers.observing.measures import UNITS
from tests.package.functions import FUNCTION, resolved, resources
from tests.support.template import ROOT, template

ALARMS = resources("AWS::CloudWatch::Alarm")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
OWN = "Parley"


def dimensions(alarm: dict[str, Any]) -> dict[str, Any]:
    """What an alarm is about, by the name of the dimension."""
    return {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}


def watched(metric: str) -> list[dict[str, Any]]:
    """What the alarms on a metric are about."""
    return [dimensions(alarm) for alarm in ALARMS.values() if alarm["MetricName"] == metric]


def body() -> dict[str, Any]:
    """The dashboard, with names in place of what is deployed."""
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["Fn::Sub"]
    return dict(json.loads(re.sub(r"\$\{([\w:.]+)\}", r"<\1>", text)))


def shown() -> list[list[Any]]:
    """The metrics of the dashboard: namespace, name, dimensions."""
    return [metric for widget in body()["widgets"] for metric in widget["properties"]["metrics"]]


@pytest.mark.parametrize("function", sorted(resources(FUNCTION)))
def test_every_functions_errors_are_watched_and_shown(function: str) -> None:
    assert {"FunctionName": {"Ref": function}} in watched("Errors")
    assert f"<{function}>" in [each[3] for each in shown() if each[1] == "Errors"]


@pytest.mark.parametrize("function", sorted(resources(FUNCTION)))
def test_every_function_is_traced(function: str) -> None:
    tracing = template()["Globals"]["Function"]["Tracing"]
    assert resources(FUNCTION)[function].get("Tracing", tracing) == "Active"


def test_every_queue_that_holds_what_failed_is_watched() -> None:
    waiting = {"PushQueue", "BroadcastQueue"}
    failed = set(resources("AWS::SQS::Queue")) - waiting
    names = [each["QueueName"] for each in watched("ApproximateNumberOfMessagesVisible")]
    assert sorted(name["Fn::GetAtt"][0] for name in names) == sorted(failed)
    ages = [each["QueueName"] for each in watched("ApproximateAgeOfOldestMessage")]
    assert {name["Fn::GetAtt"][0] for name in ages} <= waiting


@pytest.mark.parametrize("queue", sorted(resources("AWS::SQS::Queue")))
def test_every_queue_is_shown_and_how_long_things_wait_in_one_that_is_read(queue: str) -> None:
    about = {(each[1], each[3]) for each in shown() if each[0] == "AWS/SQS"}
    assert ("ApproximateNumberOfMessagesVisible", f"<{queue}.QueueName>") in about
    mappings = resources("AWS::Lambda::EventSourceMapping").values()
    is_read = {"Fn::GetAtt": [queue, "Arn"]} in [each.get("EventSourceArn") for each in mappings]
    assert (("ApproximateAgeOfOldestMessage", f"<{queue}.QueueName>") in about) is is_read


@pytest.mark.parametrize("table", sorted(resources("AWS::DynamoDB::Table")))
@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_every_tables_throttles_are_watched(table: str, metric: str) -> None:
    assert {"TableName": {"Ref": table}} in watched(metric)


def test_an_index_that_is_watched_is_there() -> None:
    (about,) = [each for each in watched("WriteThrottleEvents") if len(each) == 2]
    table = resources("AWS::DynamoDB::Table")[about["TableName"]["Ref"]]
    indexes = [index["IndexName"] for index in table["GlobalSecondaryIndexes"]]
    assert about["GlobalSecondaryIndexName"] in indexes


@pytest.mark.parametrize("metric", ["IntegrationError", "ExecutionError"])
def test_the_gateways_errors_are_watched_at_this_stage(metric: str) -> None:
    here = {"ApiId": {"Ref": "WebSocketApi"}, "Stage": {"Ref": "StageName"}}
    assert watched(metric) == [here]


@pytest.mark.parametrize("minutes", [1, 5, 10, 15])
def test_a_cleaner_that_fails_is_noticed_however_often_it_runs(minutes: int) -> None:
    alarm = ALARMS["CleanerErrorsAlarm"]
    runs = max(alarm["Period"] // 60 // minutes, 1)
    assert breaches(alarm, [1] * runs)
    assert not breaches(alarm, [0] * runs)
    assert not breaches(alarm, [1, 1] + [0] * 13), "two of a minute's runs are life as usual"


def breaches(alarm: dict[str, Any], errors: list[int]) -> bool:
    """Whether a period's errors of a function, one number an invocation, are too many."""
    found = sum(errors) / (len(errors) if alarm["Statistic"] == "Average" else 1)
    over: bool = found > alarm["Threshold"]
    return over or ("OrEqual" in alarm["ComparisonOperator"] and found == alarm["Threshold"])


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_is_told_and_so_is_its_end(name: str) -> None:
    topic = [{"Ref": "AlarmTopic"}]
    assert (ALARMS[name]["AlarmActions"], ALARMS[name]["OKActions"]) == (topic, topic)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_silence_of_a_metric_is_no_alarm(name: str) -> None:
    """Nobody connects at night: what is not measured then has not failed."""
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarms_words_lead_to_its_section_in_the_runbook(name: str) -> None:
    words = ALARMS[name]["AlarmDescription"]
    assert words.endswith(f" docs/operations.md#{name.lower()}")
    assert len(words) <= 1_024, "https://docs.aws.amazon.com/AmazonCloudWatch: no longer"
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", OPERATIONS, re.MULTILINE | re.DOTALL)
    assert section
    for part in ("**Means:**", "**Look:**", "**Do:**"):
        assert part in section[1]


def test_the_runbook_explains_no_alarm_that_there_is_not() -> None:
    assert set(re.findall(r"^### (\w+Alarm)$", OPERATIONS, re.MULTILINE)) == set(ALARMS)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_an_alarm_on_a_metric_of_ours_is_on_one_that_is_measured(name: str) -> None:
    alarm = ALARMS[name]
    if alarm["Namespace"] != OWN:
        assert alarm["Namespace"].startswith("AWS/")
        return
    assert alarm["MetricName"] in UNITS
    assert dimensions(alarm) == {"service": {"Ref": "AWS::StackName"}}


def test_our_metrics_go_by_the_one_dimension_that_alarms_and_dashboard_ask_for() -> None:
    given = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert given["POWERTOOLS_METRICS_NAMESPACE"] == OWN
    assert given["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}


def test_the_dashboard_shows_every_metric_of_ours_and_nothing_that_is_not_measured() -> None:
    ours = [each for each in shown() if each[0] == OWN]
    totals = {"Replies"}  # the sum of its kinds, which are shown
    assert {each[1] for each in ours} == set(UNITS) - totals
    assert all(each[2:4] == ["service", "<AWS::StackName>"] for each in ours)


def test_what_the_dashboard_names_is_deployed() -> None:
    named = {name.partition(".")[0] for name in re.findall(r"<([\w.]+)>", json.dumps(body()))}
    assert named <= {*template()["Resources"], *template()["Parameters"]}


def test_no_two_widgets_lie_over_one_another() -> None:
    cells = [
        (x, y)
        for widget in body()["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_there_is_a_dashboard_unless_it_is_not_wanted() -> None:
    assert resolved({"Condition": "ShowsDashboard"}, {})
    assert not resolved({"Condition": "ShowsDashboard"}, {"Dashboard": "no"})
    (dashboard,) = [
        each
        for each in template()["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    assert dashboard["Condition"] == "ShowsDashboard"


def test_alarms_are_told_by_email_where_an_address_is_given() -> None:
    assert template()["Resources"]["AlarmSubscription"]["Condition"] == "TellsByEmail"
    assert not resolved({"Condition": "TellsByEmail"}, {})
    assert resolved({"Condition": "TellsByEmail"}, {"AlarmEmail": "a@example.com"})


def test_only_cloudwatch_of_this_account_may_tell_an_alarm() -> None:
    (policy,) = resources("AWS::SNS::TopicPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def suppressions() -> list[tuple[str, dict[str, str]]]:
    """What checkov is told to pass over, and where."""
    return [
        (name, skipped)
        for name, resource in template()["Resources"].items()
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]


@pytest.mark.parametrize(("name", "skipped"), suppressions())
def test_what_checkov_passes_over_is_explained_in_place(name: str, skipped: dict[str, str]) -> None:
    assert re.fullmatch(r"CKV2?_AWS_\d+", skipped["id"])
    assert len(skipped["comment"].split()) >= 10


def test_checkov_is_told_nowhere_else_what_to_pass_over() -> None:
    gate = (ROOT / "Makefile").read_text(encoding="utf-8").split("-m checkov.main ")[1]
    assert "--skip-check" not in gate.split("\n\n")[0]
    assert "checkov:skip" not in (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert not list(ROOT.glob(".checkov.y*ml"))


def test_who_has_a_queue_for_what_failed_is_held_to_it() -> None:
    for name, function in resources(FUNCTION).items():
        skipped = [each["id"] for where, each in suppressions() if where == name]
        assert ("CKV_AWS_116" in skipped) is ("DeadLetterQueue" not in function)
