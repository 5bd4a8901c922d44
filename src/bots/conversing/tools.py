"""Tools: plain Python functions with typed arguments that a model may have run.

The name, the docstring and the signature are all the model is told. A parameter that is annotated
`ToolCall` is not the model's: there the function finds the key that makes its work idempotent.
"""

import hashlib
import inspect
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from bots.conversing.prompts import ToolResult, ToolSpec, ToolUse

if TYPE_CHECKING:
    from pydantic import BaseModel

MAX_RESULT_CHARACTERS = 8_000

Function = Callable[..., object]


class ToolError(Exception):
    """A tool cannot do what is asked; the model is told the message, so that it can mend it."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool.

    `key` is the same whenever the same turn calls the same tool with the same arguments, in
    whichever attempt: give it to whatever must happen only once. `use_id` is the model's own name
    of the call, another one in each attempt. `seconds_left` until the reply is cut off.
    """

    key: str
    use_id: str
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Tool:
    """One function, and what was found out about it. `call_name` is where it takes a ToolCall."""

    function: Function
    spec: ToolSpec
    arguments: "type[BaseModel]"
    call_name: str | None

    @classmethod
    def of(cls, function: Function) -> "Tool":
        """Look at a function. Raises TypeError where it cannot be a tool."""
        # Imported here: pydantic is a fifth of a cold start, and most bots have no tools.
        from pydantic import ConfigDict, Field, create_model

        name = getattr(function, "__name__", "")
        parameters = inspect.signature(function).parameters.values()
        hints = get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {}
        call_name = None
        for number, parameter in enumerate(parameters):
            if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                raise TypeError(f"tool {name}: {parameter} cannot be given by name")
            if parameter.name not in hints:
                raise TypeError(f"tool {name}: {parameter.name} has no type")
            if hints[parameter.name] is ToolCall:
                call_name = parameter.name
                continue
            default = ... if parameter.default is parameter.empty else parameter.default
            # By alias: a field of its own name could hide a method of the model.
            field = Field(default, alias=parameter.name, title=None)
            fields[f"argument_{number}"] = (hints[parameter.name], field)
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
        schema = _untitled(arguments.model_json_schema())
        description = inspect.getdoc(function)
        if not description:
            raise TypeError(f"tool {name}: needs a docstring, which tells the model what it does")
        return cls(function, ToolSpec(name, description, schema), arguments, call_name)

    def run(self, arguments: str, call: ToolCall) -> str:
        """Run the function; its result as text. Raises ToolError, ValueError, or anything."""
        checked = self.arguments.model_validate_json(arguments or "{}")
        given: dict[str, object] = {
            str(field.alias): getattr(checked, name)
            for name, field in self.arguments.model_fields.items()
        }
        if self.call_name:
            given[self.call_name] = call
        return _as_text(self.function(**given))


class Tools:
    """The tools of a bot; none, for most."""

    def __init__(self, functions: Sequence[Function]) -> None:
        tools = [Tool.of(function) for function in functions]
        self._by_name = {tool.spec.name: tool for tool in tools}
        if len(self._by_name) < len(tools):
            raise TypeError("two tools of one name")

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What a model is told of them."""
        return tuple(tool.spec for tool in self._by_name.values())

    def run(self, use: ToolUse, call: ToolCall) -> ToolResult:
        """Run what the model asks for. Whatever goes wrong, the model is told, and may go on."""
        from pydantic import ValidationError

        tool = self._by_name.get(use.name)
        if tool is None:
            return ToolResult(use.use_id, "There is no such tool.", failed=True)
        try:
            return ToolResult(use.use_id, tool.run(use.arguments, call))
        except ToolError as error:
            return ToolResult(use.use_id, str(error) or "It failed.", failed=True)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)
            told = "; ".join(f"{'.'.join(map(str, at['loc']))}: {at['msg']}" for at in wrong)
            return ToolResult(use.use_id, f"Wrong arguments: {told}", failed=True)
        except Exception:
            # A stranger's code, whose message may hold what a model must not see.
            return ToolResult(use.use_id, "The tool failed.", failed=True)


class Keys:
    """Idempotency keys of the calls of one attempt at one turn."""

    def __init__(self, turn_key: str) -> None:
        self._turn_key = turn_key
        self._seen: Counter[str] = Counter()

    def key(self, use: ToolUse) -> str:
        """The key of the next call: of the turn, the tool, the arguments, and how many alike
        came before it."""
        asked = f"{use.name} {_canonical(use.arguments)}"
        number = self._seen[asked]
        self._seen[asked] += 1
        digest = hashlib.sha256(asked.encode("utf-8", "replace")).hexdigest()[:24]
        return f"{self._turn_key}#{digest}#{number}"


def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments or "{}"), sort_keys=True)
    except ValueError:
        return arguments


def _as_text(result: object) -> str:
    from pydantic_core import to_json

    text = result if isinstance(result, str) else to_json(result).decode()
    return text[:MAX_RESULT_CHARACTERS] or "(nothing)"


def _untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of names."""
    if isinstance(schema, list):
        return [_untitled(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _untitled(each) for name, each in part.items()}
        if key in ("properties", "$defs")
        else _untitled(part)
        for key, part in schema.items()
        if not (key == "title" and isinstance(part, str))
    }
