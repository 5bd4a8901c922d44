"""The smallest bot: it repeats, and counts."""

from bot.models import Message, Reply, Snapshot


class Echo:
    """Answer every message with its own text and the number of messages so far."""

    def reply(self, snapshot: Snapshot, message: Message) -> Reply:
        """Say what was said; the count rests in the state."""
        before = snapshot.state.get("count", 0)
        count = before + 1 if isinstance(before, int) else 1
        return Reply(f"You said: {message.text} ({count})", {"count": count})
