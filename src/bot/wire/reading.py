"""Reading what clients send: JSON text in, one validated frame out."""

import json
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, NoReturn

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from bot import limits
from bot.errors import BadRequest, TooLarge, UnknownAction
from bot.wire.frames import FRAMES, ClientFrame, MessageFrame


def decode(body: str) -> dict[str, Any]:
    """Read the JSON object of a frame.

    Raises BadRequest for anything else: broken or too deep JSON, NaN, numbers past Python's bound.
    """
    try:
        frame = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("A frame is one JSON object.") from None
    if not isinstance(frame, dict):
        raise BadRequest("A frame is one JSON object.")
    return {name: value for name, value in frame.items() if value is not None}


def validate(frame: dict[str, Any]) -> ClientFrame:
    """Check a decoded frame against its action.

    Raises UnknownAction, BadRequest (naming the field, never its value) or TooLarge.
    """
    action = frame.get("action")
    model = FRAMES.get(action) if isinstance(action, str) else None
    if model is None:
        raise UnknownAction(f"Known actions: {', '.join(sorted(FRAMES))}.")
    try:
        valid: ClientFrame = _validator(model.action).validate_python(frame)
    except ValidationError as error:
        raise BadRequest(explain(error)) from None
    if isinstance(valid, MessageFrame):
        _check_text(valid.text)
    return valid


def reference(frame: dict[str, Any]) -> dict[str, str]:
    """The ids that an `error` frame gives back, so far as they are fit to be shown."""
    bounds = {
        "messageId": limits.MAX_MESSAGE_ID_CHARACTERS,
        "conversationId": limits.MAX_MESSAGE_ID_CHARACTERS,
    }
    return {
        name: value
        for name, bound in bounds.items()
        if isinstance(value := frame.get(name), str) and len(value) <= bound and _is_unicode(value)
    }


@cache
def _validator(action: str) -> SchemaValidator:
    # Built at an action's first use: a cold start needs one of them, not all.
    return validator(FRAMES[action])


def validator(frame: Any) -> SchemaValidator:
    """What checks a dataclass by the schemas that its fields carry."""
    checked = [_checked(each) for each in fields(frame)]
    arguments = core_schema.dataclass_args_schema(frame.__name__, checked)
    names = [each.name for each in fields(frame)]
    return SchemaValidator(core_schema.dataclass_schema(frame, arguments, names, slots=True))


def _checked(each: Field[Any]) -> core_schema.DataclassField:
    schema: CoreSchema = each.metadata["schema"]
    if each.default is not MISSING:
        schema = core_schema.with_default_schema(schema, default=each.default)
    return core_schema.dataclass_field(
        each.name, schema, kw_only=True, validation_alias=each.metadata["name"]
    )


def _check_text(text: str) -> None:
    if len(text) > limits.MAX_TEXT_CHARACTERS:
        raise TooLarge(f"A text has at most {limits.MAX_TEXT_CHARACTERS} characters.")
    if len(json.dumps(text, ensure_ascii=False).encode()) > limits.MAX_TEXT_BYTES:
        raise TooLarge(f"A text takes at most {limits.MAX_TEXT_BYTES} bytes as JSON.")


def explain(error: ValidationError) -> str:
    """What is wrong with which field, without what was sent."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
