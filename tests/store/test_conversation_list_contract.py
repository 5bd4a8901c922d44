"""What every ConversationStore promises: the list of a user's conversations."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.models import Conversation, ConversationKey
from bot.ports import ConversationStore
from tests.support.clock import START
from tests.support.turns import FAR, a_turn

Store = ConversationStore
LATER = START + timedelta(hours=1)


def about(key: ConversationKey, **changes: Any) -> Conversation:
    """What the list shows of a conversation."""
    return replace(Conversation(key.conversation_id, "e1", "Title", START, START, 3), **changes)


def test_a_conversation_comes_back_as_it_was_noted(
    conversations: Store, key: ConversationKey
) -> None:
    saved = about(key, title="Ünïcode 🎉 \u0000")
    conversations.note_conversation(key, saved, FAR)
    assert conversations.conversation(key) == saved


def test_noting_again_notes_the_activity_and_keeps_the_rest(
    conversations: Store, key: ConversationKey
) -> None:
    conversations.note_conversation(key, about(key), FAR)
    activity = about(key, title="other", created_at=LATER, updated_at=LATER, read=0)
    conversations.note_conversation(key, activity, FAR)
    assert conversations.conversation(key) == about(key, updated_at=LATER)


def test_a_rename_sets_the_title_and_keeps_the_rest(
    conversations: Store, key: ConversationKey
) -> None:
    conversations.note_conversation(key, about(key), FAR)
    asked = about(key, title="New", updated_at=LATER, read=0)
    assert conversations.rename_conversation(key, asked, FAR) == about(key, title="New")
    assert conversations.conversation(key) == about(key, title="New")


def test_where_the_item_is_missing_any_change_writes_it_whole(
    conversations: Store, user: str
) -> None:
    refreshed, renamed, read = (ConversationKey(user, name) for name in ("a", "b", "c"))
    conversations.note_conversation(refreshed, about(refreshed), FAR)
    conversations.rename_conversation(renamed, about(renamed), FAR)
    conversations.move_cursor(read, about(read), FAR)
    for key in (refreshed, renamed, read):
        assert conversations.conversation(key) == about(key)


def test_a_cursor_never_moves_back(conversations: Store, key: ConversationKey) -> None:
    conversations.note_conversation(key, about(key, read=5), FAR)
    for read, then in ((4, 5), (5, 5), (6, 6), (1, 6)):
        assert conversations.move_cursor(key, about(key, read=read), FAR).read == then
    assert conversations.conversation(key) == about(key, read=6)


def test_a_cursor_of_another_epoch_starts_anew(conversations: Store, key: ConversationKey) -> None:
    conversations.note_conversation(key, about(key, read=50), FAR)
    assert conversations.move_cursor(key, about(key, epoch="e2", read=2), FAR).read == 2


def test_a_new_epoch_takes_no_cursor_of_an_earlier_one_along(
    conversations: Store, user: str
) -> None:
    renamed, refreshed = ConversationKey(user, "a"), ConversationKey(user, "b")
    for key in (renamed, refreshed):
        conversations.note_conversation(key, about(key, read=50), FAR)
    new = {"epoch": "e2", "read": 0, "title": "New"}
    conversations.rename_conversation(renamed, about(renamed, **new), FAR)
    conversations.note_conversation(refreshed, about(refreshed, **new), FAR)
    for key in (renamed, refreshed):
        kept = conversations.conversation(key)
        assert kept
        assert (kept.epoch, kept.read) == ("e2", 0)


def test_what_comes_late_from_an_earlier_epoch_changes_nothing(
    conversations: Store, key: ConversationKey
) -> None:
    new = about(key, epoch="e2", title="New", read=1)
    conversations.note_conversation(key, new, FAR)
    late = about(key, epoch="e1", title="Deleted", updated_at=LATER, read=50)
    conversations.note_conversation(key, late, FAR)
    assert conversations.rename_conversation(key, late, FAR) == new
    assert conversations.move_cursor(key, late, FAR) == new
    assert conversations.conversation(key) == new


def test_a_conversation_is_forgotten_by_its_own_epoch_alone(
    conversations: Store, key: ConversationKey
) -> None:
    conversations.note_conversation(key, about(key), FAR)
    conversations.forget_conversation(key, "e0")
    assert conversations.conversation(key) == about(key)
    conversations.forget_conversation(key, "e1")
    conversations.forget_conversation(key, "e1")
    assert conversations.conversation(key) is None


def test_the_list_is_paged_by_id_and_holds_each_once(conversations: Store, user: str) -> None:
    ids = sorted(f"c{number:02d}" for number in range(25))
    for each in reversed(ids):
        key = ConversationKey(user, each)
        conversations.note_conversation(key, about(key), FAR)
        conversations.append(key, a_turn(1))
    other = ConversationKey(user + "x", "of-another")
    conversations.note_conversation(other, about(other), FAR)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = conversations.conversations(user, cursor, 10)
        assert len(page) <= 10
        seen += [each.conversation_id for each in page]
        if cursor is None:
            break
    assert seen == ids


def test_a_list_goes_on_after_an_id_that_is_not_there(conversations: Store, user: str) -> None:
    for each in ("a", "c"):
        key = ConversationKey(user, each)
        conversations.note_conversation(key, about(key), FAR)
    page, cursor = conversations.conversations(user, "b", 10)
    assert [each.conversation_id for each in page] == ["c"]
    assert cursor is None


def test_a_user_without_conversations_has_an_empty_list(conversations: Store, user: str) -> None:
    assert conversations.conversations(user, None, 20) == ((), None)
    assert conversations.conversations(user, "zzz", 20) == ((), None)
