# mypy: ignore-errors
"""Does what the message's `do` says, and posts what it did to the connection."""

import functools
import json
import os
import time

VERSION = 1


@functools.cache
def client():
    import boto3  # which takes long, and some workers never need it

    return boto3.client("apigatewaymanagementapi")


def handler(event, context):
    request = event["requestContext"]
    if request["eventType"] == "DISCONNECT":
        from rows import remember

        remember("disconnect-" + request["connectionId"], event)
        return {"statusCode": 200}
    try:
        body = json.loads(event["body"])
    except ValueError:
        body = {}
    wish = body.get("do", "event") if isinstance(body, dict) else "event"
    return WISHES.get(wish, show)(event, body, context)


def post(event, content):
    text = content if isinstance(content, str) else json.dumps(content)
    client().post_to_connection(
        ConnectionId=event["requestContext"]["connectionId"], Data=text.encode()
    )
    return {"statusCode": 200, "body": "not for the client"}


def show(event, body, context):
    return post(event, {"event": event, "greeting": os.environ.get("GREETING")})


def sleep(event, body, context):
    time.sleep(body["seconds"])
    return post(event, {"slept": body["seconds"], "tag": body.get("tag"), "pid": os.getpid()})


def fail(event, body, context):
    raise KeyError("a fault of the function")


def die(event, body, context):
    os._exit(7)


def big(event, body, context):
    return post(event, "x" * body["bytes"])


def keep(event, body, context):
    from rows import remember

    remember(body["id"], body["value"])
    return post(event, {"kept": body["id"]})


def version(event, body, context):
    return post(event, {"version": VERSION, "pid": os.getpid()})


def answer(event, body, context):
    return body["answer"]


def surroundings(event, body, context):
    return post(
        event,
        {
            "environment": dict(os.environ),
            "remaining": context.get_remaining_time_in_millis(),
            "arn": context.invoked_function_arn,
        },
    )


def invoke(event, body, context):
    import boto3

    lambda_ = boto3.client("lambda")
    answer = lambda_.invoke(
        FunctionName=os.environ["JOB"],
        InvocationType=body.get("type", "Event"),
        Payload=json.dumps(body["job"]),
    )
    said = answer["Payload"].read().decode()
    failed = answer.get("FunctionError")
    return post(event, {"status": answer["StatusCode"], "said": said, "failed": failed})


WISHES = {
    "sleep": sleep,
    "fail": fail,
    "die": die,
    "big": big,
    "keep": keep,
    "version": version,
    "answer": answer,
    "surroundings": surroundings,
    "invoke": invoke,
}
