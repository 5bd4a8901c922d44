"""Functions get the dead-letter queues and settings for events that their template names."""

import asyncio
from pathlib import Path

import pytest

from local_gateway.aws import Endpoint
from local_gateway.deployment import template
from local_gateway.deployment.control_plane import read_functions
from local_gateway.deployment.dead_letters import set_dead_letters
from local_gateway.deployment.stack import deploy_stack
from local_gateway.engine.engine import Engine
from local_gateway.functions.function import AsyncSettings, Function

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {{Runtime: python3.13, CodeUri: ., {shared}}}
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
  Job:
    Type: AWS::Serverless::Function
    Properties: {{Handler: job.handler, {own}}}
"""
QUEUE = "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}"
LITERAL = "arn:aws:sqs:us-east-1:000000000000:elsewhere"


def deployed(directory: Path, *versions: tuple[str, str]) -> list[Function]:
    """The function after each version of its template, all deployed to one engine."""

    async def run() -> list[Function]:
        engine = Engine(directory / "engine", "us-east-1")
        await engine.start()
        try:
            return [await asyncio.to_thread(deploy, engine, *version) for version in versions]
        finally:
            await engine.stop()

    def deploy(engine: Engine, shared: str, own: str) -> Function:
        path = directory / "template.yaml"
        path.write_text(TEMPLATE.format(shared=shared, own=own))
        endpoint = Endpoint(engine.url, "us-east-1")
        stack = deploy_stack(endpoint, template.load(path), {})
        set_dead_letters(endpoint, stack)
        [function] = read_functions(endpoint, stack)
        return function

    return asyncio.run(run())


def test_a_queue_is_given_and_taken_away_as_the_template_says(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = [
        function.asynchronous.dead_letters.rpartition(":")[2].partition("-Queue-")[0]
        for function in deployed(
            tmp_path,
            ("", ""),
            ("", QUEUE),
            ("", f"Timeout: 7, {QUEUE}"),
            ("", f"DeadLetterQueue: {{Type: SQS, TargetArn: '{LITERAL}'}}"),
            ("", ""),
            (QUEUE, ""),
        )
    ]
    assert names == ["", "parley", "parley", "elsewhere", "", "parley"]
    assert caplog.messages == []


def test_a_queue_that_is_not_understood_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # The engine refuses an import of nothing; that is not what this is about.
        patch.setattr("local_gateway.deployment.dead_letters._targets", lambda _: [("Job", {})])
        deployed(tmp_path, ("", ""))
    assert caplog.messages == ["The dead-letter queue of Job is not understood and not used"]


def test_settings_for_events_follow_the_template(tmp_path: Path) -> None:
    settings = "EventInvokeConfig: {MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60}"
    before, between, after = deployed(tmp_path, ("", ""), ("", settings), ("", ""))
    assert before.asynchronous == after.asynchronous == AsyncSettings()
    assert between.asynchronous == AsyncSettings(max_retries=0, max_age=60.0)


def test_an_alias_is_a_qualifier(tmp_path: Path) -> None:
    alias = "AutoPublishAlias: live, EventInvokeConfig: {MaximumRetryAttempts: 1}"
    [function] = deployed(tmp_path, ("", alias))
    assert function.qualifiers == {"$LATEST", "live"}
    assert function.asynchronous.max_retries == 1, "kept under the alias, and found"
