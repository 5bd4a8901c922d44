# mypy: ignore-errors
"""Notes the bodies of a batch in a row a group, in order.

The first time, the body `fail` fails, and the body `hang` hangs.
"""

import json
import time


def handler(event, context):
    from rows import table

    for number, record in enumerate(event["Records"]):
        attributes = record["attributes"]
        body = json.loads(record["body"])
        first = attributes["ApproximateReceiveCount"] == "1"
        if body == "hang" and first:
            table().put_item(Item={"id": attributes["MessageGroupId"], "hanging": True})
            time.sleep(60)
        if body == "fail" and first:
            # In a FIFO queue what follows a failure must fail too, to keep its order.
            rest = event["Records"][number:]
            return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in rest]}
        table().update_item(
            Key={"id": attributes["MessageGroupId"]},
            UpdateExpression="SET seen = list_append(if_not_exists(seen, :none), :one)",
            ExpressionAttributeValues={":none": [], ":one": [body]},
        )
    return {"batchItemFailures": []}
