"""Exports and erases all that is kept of a user. An operator invokes it, and nobody else can.

    {"operation": "export", "userId": "...", "cursor": null}
    {"operation": "erase", "userId": "...", "startedAt": null, "cursor": null}

An export is answered sheet by sheet: the next call takes the `cursor` of the last answer, until
that is null. An erasure is answered with a receipt of what this call did: until it says `finished`,
the next call takes its `startedAt` and `cursor`, and goes on (docs/operations.md).
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from bot.errors import BadRequest
from bot.limits import MAX_USER_ID_CHARACTERS
from bot.user_data.erasing import Erased
from bot.user_data.exporting import sheet
from bot.user_data.holdings import START, Place, Shelf
from bot.wire.answers import timestamp
from handlers.incoming.time_left import Context, time_to_use
from handlers.observing import correlation
from handlers.setup import composition
from handlers.setup.apps import UserDataApp
from handlers.setup.settings import UserDataSettings

MARGIN = timedelta(seconds=30)
"""Kept of the function's time for what is under way when the time is up, retries included."""

SPAN = timedelta(seconds=20)
"""After which a call answers, so that the operator sees what has been done."""


@cache
def _app() -> UserDataApp:
    return composition.user_data(UserDataSettings.from_environment(os.environ))


def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Entry point. Raises BadRequest, or StoreUnavailable, after which it may be called again."""
    return answer(_app(), event, context)


def answer(app: UserDataApp, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Do what is asked."""
    correlation.begin(app.logger, correlation.of_invocation(context))
    user_id = event.get("userId")
    if not isinstance(user_id, str) or not 0 < len(user_id) <= MAX_USER_ID_CHARACTERS:
        raise BadRequest(f"userId: must be 1 to {MAX_USER_ID_CHARACTERS} characters.")
    operation = event.get("operation")
    if operation == "export":
        return _export(app, user_id, _place(event.get("cursor")))
    if operation == "erase":
        span = min(time_to_use(context, MARGIN), SPAN)
        return _erase(app, user_id, span, _moment(event.get("startedAt")), event.get("cursor"))
    raise BadRequest("operation: must be export or erase.")


def _export(app: UserDataApp, user_id: str, begin: Place) -> dict[str, Any]:
    told = sheet(app.holdings, user_id, begin)
    finished = told.cursor is None
    app.logger.info("exported", extra={"items": len(told.items), "finished": finished})
    return {"items": told.items, "cursor": asdict(told.cursor) if told.cursor else None}


def _erase(
    app: UserDataApp, user_id: str, span: timedelta, since: datetime | None, cursor: Any
) -> dict[str, Any]:
    if not isinstance(cursor, str | None):
        raise BadRequest("cursor: must be what an answer gave.")
    now = app.clock()
    since = min(since or now, now)
    erased = app.erasure.run(user_id, since, now + span, cursor)
    receipt = _receipt(user_id, since, app.clock(), erased)
    facts = ("finished", "closed", "handedOver", "removed", "remains", "newer")
    app.logger.info("erased", extra={name: receipt[name] for name in facts})
    return receipt


def _receipt(user_id: str, since: datetime, now: datetime, erased: Erased) -> dict[str, Any]:
    """What was done, by whose hash: a receipt may be kept where the user's name must not be."""
    remains = erased.remains
    return {
        "userIdSha256": sha256(user_id.encode()).hexdigest(),
        "startedAt": timestamp(since),
        "at": timestamp(now),
        "finished": erased.finished,
        "cursor": erased.cursor,
        "closed": erased.closed,
        "handedOver": erased.handed_over,
        "removed": _counts(erased.removed),
        "left": _counts(remains.open) if remains else None,
        "newer": _counts(remains.newer) if remains else None,
        "remains": [
            {"kind": kind.value, "count": count, "until": _at(until)}
            for kind, (count, until) in sorted((remains.staying if remains else {}).items())
        ],
    }


def _counts(counts: Mapping[Any, int]) -> dict[str, int]:
    return {kind.value: count for kind, count in sorted(counts.items()) if count}


def _at(seconds: int) -> str:
    return timestamp(datetime.fromtimestamp(seconds, UTC))


def _place(cursor: Any) -> Place:
    if cursor is None:
        return START
    try:
        return Place(Shelf(cursor["shelf"]), str(cursor["name"]))
    except (KeyError, TypeError, ValueError):
        raise BadRequest("cursor: must be what an answer gave.") from None


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadRequest("startedAt: must be what an answer gave.")
    return moment


composition.ready_early(_app)
