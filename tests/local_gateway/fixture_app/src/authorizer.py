# mypy: ignore-errors
"""Does what the query says: ?auth=deny, unauthorized, raise, malformed, nested, elsewhere, hang."""

import time


def handler(event, context):
    query = event["queryStringParameters"]
    wish = query.get("auth", "allow")
    if wish == "unauthorized":
        raise Exception("Unauthorized")
    if wish == "raise":
        raise ValueError("a fault of the authorizer")
    if wish == "hang":
        time.sleep(30)
    if wish == "malformed":
        return {"principalId": "someone", "policyDocument": {"Statement": "?"}}
    arn = event["methodArn"]
    stage = arn.split("/")[1]
    resource = {"elsewhere": arn.replace("$connect", "*/*")}.get(
        wish, arn.split("/")[0] + f"/{stage}/*"
    )
    return {
        "principalId": query.get("user", "someone"),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Deny" if wish == "deny" else "Allow",
                    "Resource": resource,
                }
            ],
        },
        "context": {
            "userId": "u1",
            "number": 1,
            "flag": True,
            **({"nested": {}} if wish == "nested" else {}),
        },
    }
