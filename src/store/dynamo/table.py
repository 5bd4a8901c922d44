"""One DynamoDB table through botocore: requests, strongly consistent Query pages, error mapping."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import Busy, StoreUnavailable
from store.dynamo.attributes import Item

CONDITION_FAILED = "ConditionalCheckFailedException"
CANCELED = "TransactionCanceledException"

OVERTAKEN = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons for which botocore does not retry a transaction by itself, though that may help.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""


class ConditionFailed(Exception):
    """A conditional write found another item than it was to find; `item` is it, if any."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("the condition of a write does not hold")
        self.item = item


class Table:
    """A table by name. Every method raises StoreUnavailable where DynamoDB does not answer."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, item: Item, **options: Any) -> None:
        """Write an item. Raises ConditionFailed."""
        self._write(self._client.put_item, Item=item, **options)

    def update(self, key: Item, **options: Any) -> Item:
        """Change an item; how it is then. Raises ConditionFailed."""
        changed = self._write(self._client.update_item, Key=key, ReturnValues="ALL_NEW", **options)
        item: Item = changed["Attributes"]
        return item

    def delete(self, key: Item, **options: Any) -> None:
        """Remove an item. Raises ConditionFailed."""
        self._write(self._client.delete_item, Key=key, **options)

    def transact(self, writes: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Write all of it or nothing: (`Put`, `Update`, `ConditionCheck`, its request) each.

        Raises ConditionFailed, or Busy where another writes one of the items just now.
        """
        with _mapped_errors():
            self._client.transact_write_items(
                TransactItems=[
                    {kind: {"TableName": self._name, **request}} for kind, request in writes
                ]
            )

    def get(self, key: Item) -> Item | None:
        """Read an item, strongly consistent."""
        with _mapped_errors():
            found = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        item: Item | None = found.get("Item")
        return item

    def query(self, **options: Any) -> tuple[list[Item], Item | None]:
        """Read one page, strongly consistent, and the key that the next one starts at."""
        with _mapped_errors():
            page = self._client.query(TableName=self._name, ConsistentRead=True, **options)
        return page["Items"], page.get("LastEvaluatedKey")

    def query_index(self, index: str, **options: Any) -> tuple[list[Item], Item | None]:
        """Read one page of an index, which may lag behind the table, as `query` does."""
        with _mapped_errors():
            page = self._client.query(TableName=self._name, IndexName=index, **options)
        return page["Items"], page.get("LastEvaluatedKey")

    def _write(self, operation: Any, **request: Any) -> dict[str, Any]:
        with _mapped_errors():
            answer: dict[str, Any] = operation(
                TableName=self._name, ReturnValuesOnConditionCheckFailure="ALL_OLD", **request
            )
        return answer


@contextmanager
def _mapped_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] == CONDITION_FAILED:
            found: Any = error.response.get("Item")
            raise ConditionFailed(found) from None
        if error.response["Error"]["Code"] == CANCELED:
            _explain(error)
        raise StoreUnavailable("The conversation cannot be reached now.") from error
    except BotoCoreError as error:
        raise StoreUnavailable("The conversation cannot be reached now.") from error


def _explain(error: ClientError) -> None:
    """Tell why a transaction was cancelled, where something can be made of it."""
    response: Any = error.response
    reasons = {reason.get("Code") for reason in response.get("CancellationReasons", ())}
    if "ConditionalCheckFailed" in reasons:
        raise ConditionFailed(None) from None
    if reasons & OVERTAKEN:
        raise Busy("Another writes to this conversation.") from error
