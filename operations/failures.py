"""What keeps a command from its work, said in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from bot.errors import ParleyError, StoreUnavailable


class OperationFailed(Exception):
    """A command cannot do its work; the message says why, in one line."""


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what AWS refused, or why it was not reached."""
    try:
        yield
    except StoreUnavailable as error:
        raise OperationFailed(f"{what}: {_line(error.__cause__ or error)}") from error
    except (BotoCoreError, ClientError) as error:
        raise OperationFailed(f"{what}: {_line(error)}") from error


@contextmanager
def checked() -> Iterator[None]:
    """Say what the function would set aside: who sends by hand does not look for dead letters."""
    try:
        yield
    except ParleyError as error:
        raise OperationFailed(_line(error)) from error


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
