# mypy: ignore-errors
"""Does what the query says: ?connect=STATUS, raise, nothing, post; ?echo=SUBPROTOCOL."""


def handler(event, context):
    query = event.get("queryStringParameters") or {}
    wish = query.get("connect", "200")
    if "remember" in query:
        from rows import remember

        remember(query["remember"], event)
    if wish == "raise":
        raise ValueError("a fault of $connect")
    if wish == "nothing":
        return {}
    if wish == "post":
        import boto3

        client = boto3.client("apigatewaymanagementapi")
        try:
            client.post_to_connection(
                ConnectionId=event["requestContext"]["connectionId"], Data=b"too early"
            )
        except client.exceptions.GoneException:
            return {"statusCode": 410}
        return {"statusCode": 200}
    answer = {"statusCode": int(wish)}
    if "echo" in query:
        answer["headers"] = {"Sec-WebSocket-Protocol": query["echo"]}
    return answer
