# mypy: ignore-errors
"""Counts its attempts in a row, does what the job's `do` says, and remembers it as done."""

import json
import os
import time


def handler(job, context):
    from rows import table

    counted = table().update_item(
        Key={"id": job["id"]},
        UpdateExpression="ADD attempts :one SET requestId = :request, worker = :pid",
        ExpressionAttributeValues={
            ":one": 1,
            ":request": context.aws_request_id,
            ":pid": os.getpid(),
        },
        ReturnValues="ALL_NEW",
    )["Attributes"]
    attempts = int(counted["attempts"])
    if attempts <= job.get("failures", 0):
        raise KeyError("a fault of the job")
    if attempts <= job.get("deaths", 0):
        os._exit(9)
    if attempts <= job.get("sleeps", 0):
        time.sleep(600)
    done = {"attempts": attempts, "remaining": context.get_remaining_time_in_millis()}
    table().update_item(
        Key={"id": job["id"]},
        UpdateExpression="SET done = :done",
        ExpressionAttributeValues={":done": json.dumps(done)},
    )
    return done
