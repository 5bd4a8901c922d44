"""A process that runs the message function and dies with its k-th call to AWS (row 31).

`python -m tests.support.victim ENGINE_URL SENDER_URL` reads one line of JSON for every death:
`{"event": ..., "at_call": k, "applied": bool}`. For each it forks a child that answers the event,
and says how many calls the child made and whether it lived to the end.
"""

import json
import os
import sys
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics
from botocore.httpsession import URLLib3Session

from delivery.api_gateway import ApiGatewaySender
from delivery.fan_out import FanOut
from handlers import message
from handlers.setup.apps import MessageApp
from handlers.setup.composition import new_id, now
from store.dynamo.connections import DynamoConnectionStore
from store.dynamo.conversations import DynamoConversationStore
from store.dynamo.table import Table
from tests.support.engine import new_client
from tests.support.workers import Worker

KILLED = 9


def main() -> None:
    """Die as often as asked."""
    engine, sender = sys.argv[1:]
    new_client("dynamodb", endpoint_url=engine)  # loads what all children need
    for line in sys.stdin:
        order = json.loads(line)
        answering, answered = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _answer(engine, sender, order, answered)
            except BaseException as error:
                os.write(answered, repr(error).encode())
            os._exit(0)
        os.close(answered)
        _, status = os.waitpid(child, 0)
        said = os.read(answering, 65_536).decode()
        os.close(answering)
        print(json.dumps({"killed": os.waitstatus_to_exitcode(status) == KILLED, "said": said}))
        sys.stdout.flush()


def _answer(engine: str, sender: str, order: dict[str, Any], answered: int) -> None:
    calls = 0

    def count(request: Any, **event: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == order["at_call"]:
            if order["applied"]:
                URLLib3Session().send(request)
            os._exit(KILLED)

    dynamodb = new_client("dynamodb", endpoint_url=engine)
    posting = new_client(
        "apigatewaymanagementapi", endpoint_url=sender, retries={"total_max_attempts": 1}
    )
    for client in (dynamodb, posting):
        client.meta.events.register("before-send.*.*", count)
    connections = DynamoConnectionStore(Table(dynamodb, "ConnectionsTable"))
    store = DynamoConversationStore(Table(dynamodb, "SessionsTable"))
    chat = Worker(store, now, connections=connections, new_id=new_id).chat
    fan_out = FanOut(ApiGatewaySender(posting), connections, now)
    quiet, unmeasured = Logger(level="CRITICAL"), Metrics(namespace="Parley", service="parley")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    message.answer(MessageApp(chat, fan_out, connections, quiet, unmeasured), order["event"])
    os.write(answered, str(calls).encode())


if __name__ == "__main__":
    main()
