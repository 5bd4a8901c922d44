"""What becomes of one push: it is kept as a turn, or not where it is ephemeral, and told to whoever
is there."""

from typing import Any

from bot import limits
from bot.errors import StoreUnavailable, TooLarge
from bot.push.pushes import Push
from bot.push.pushing import Pushed, name_of
from bot.wire import answers, splitting
from delivery.fan_out import Delivery
from handlers.observing.failures import log_failure
from handlers.observing.push_observe import Outcomes
from handlers.setup.apps import PushApp


def keep_and_tell(app: PushApp, push: Push, outcomes: Outcomes) -> dict[str, Any]:
    """Keep it and tell it; what a direct invocation is answered with.

    Raises what `Pushing.push` does, and StoreUnavailable where it is kept, but who is there could
    not be learned, or the list of conversations not be written.
    """
    if push.ephemeral:
        event_id = name_of(push) or app.pushing.new_id()
        frame = answers.event(push.key.conversation_id, event_id, push.text, push.content)
        if len(answers.encode(frame)) > limits.MAX_FRAME_BYTES:
            raise TooLarge(f"A push that is not kept takes {limits.MAX_FRAME_BYTES} bytes at most.")
        delivery = app.fan_out.to_user(push.key.user_id, "", [frame])
        outcomes.told(delivery)
        return {"conversationId": push.key.conversation_id, "reached": delivery.reached}
    pushed = app.pushing.push(push)
    delivery = Delivery()
    try:
        delivery = _tell(app, push, pushed)
        app.pushing.note(push, pushed)
    except Exception as error:
        log_failure(app.logger, "told in part", error)
        # Whoever is there and hears of nothing else would not miss it: it comes again.
        if isinstance(error, StoreUnavailable):
            raise
    finally:
        outcomes.kept(pushed, delivery)
    return {
        "conversationId": push.key.conversation_id,
        "epoch": pushed.turn.epoch if pushed.turn else None,
        "seq": pushed.turn.seq if pushed.turn else None,
        "fresh": pushed.fresh,
        "reached": delivery.reached,
    }


def _tell(app: PushApp, push: Push, pushed: Pushed) -> Delivery:
    """Send the turn; a post that fails loses nothing: the turn stands, and resume brings it.

    One that was made before is told again while it is the newest: whoever made it may have died
    before it was told, or not have learned to whom, and nothing behind it shows a gap.
    """
    if not pushed.turn or not pushed.newest:
        return Delivery()
    frames = splitting.turn_frames(push.key.conversation_id, pushed.turn)
    return app.fan_out.to_user(push.key.user_id, "", frames)
