"""The rows of MiniStack's tables, each change journalled as it is made."""

from typing import Any

from local_gateway.engine.journal import Journal


class JournalledRows:
    """MiniStack's DynamoDB module, watched in the three functions that change a table's rows."""

    def __init__(self, dynamodb: Any, journal: Journal) -> None:
        self._dynamodb = dynamodb
        self._journal = journal
        # Whole tables were replaced: no journal tells that, only a save keeps it.
        self.replaced = False

    def replay(self) -> None:
        """Bring the tables to what the journal says; what it says of tables long gone is void."""
        tables = {table["TableArn"]: table for table in self._dynamodb._tables.all_values()}
        for arn, partition, sort, row in self._journal.entries():
            if arn not in tables:
                continue
            if row is None:
                self._dynamodb._remove_item(tables[arn], partition, sort)
            else:
                self._dynamodb._set_item(tables[arn], partition, sort, row)

    def record(self) -> None:
        """Journal every change from here on."""
        module, journal = self._dynamodb, self._journal
        set_item, remove_item = module._set_item, module._remove_item
        items_replaced = module._items_replaced

        def setting(table: Any, partition: str, sort: str, row: Any) -> Any:
            old = set_item(table, partition, sort, row)
            journal.append((table["TableArn"], partition, sort, row))
            return old

        def removing(table: Any, partition: str, sort: str) -> Any:
            old = remove_item(table, partition, sort)
            if old is not None:
                journal.append((table["TableArn"], partition, sort, None))
            return old

        def replacing(table: Any) -> Any:
            self.replaced = True
            return items_replaced(table)

        module._set_item, module._remove_item = setting, removing
        module._items_replaced = replacing
