"""What a flow file says, as the engine runs it (docs/bots.md).

Plain dataclasses: a deployed function builds them from the compiled file, without YAML or pydantic.
"""

from dataclasses import dataclass, field
from typing import Literal

SlotType = Literal["text", "choice", "date", "time", "number", "email", "phone", "yes_no", "code"]
ComputedType = Literal["reference", "lookup", "pick", "days_after"]
When = dict[str, list[str]]
ANY = "any"
"""In `when`: whatever the answer is."""


@dataclass(frozen=True)
class Case:
    """A text and the answers for which it is said; the first case that fits is taken."""

    say: str
    when: When = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a dialogue ends, and the dialogue that follows, if any."""

    say: str
    when: When = field(default_factory=dict)
    then: str = ""


@dataclass(frozen=True)
class Slot:
    """One thing to find out. Which options go with which type is checked in `checks`."""

    type: SlotType
    ask: str
    label: str = ""
    words: list[str] = field(default_factory=list)
    help: str = ""
    invalid: str = ""
    when: When = field(default_factory=dict)
    optional: bool = False
    remember: bool = False
    unsure: str = ""

    choices: dict[str, list[str]] = field(default_factory=dict)
    formats: list[str] = field(default_factory=list)
    lead_ins: list[str] = field(default_factory=list)
    answer_lead_ins: list[str] = field(default_factory=list)
    min_length: int | None = None
    max_length: int | None = None
    min: float | None = None
    max: float | None = None
    whole: bool = True
    units: list[str] = field(default_factory=list)
    from_days: int | None = None
    within_days: int | None = None
    weekdays: list[str] = field(default_factory=list)
    earliest: str = ""
    latest: str = ""


@dataclass(frozen=True)
class Computed:
    """A value worked out when it is said, from the answers or from the message's id."""

    type: ComputedType
    prefix: str = ""
    digits: int = 6
    slot: str = ""
    table: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    days: int | None = None
    remember: bool = False


@dataclass(frozen=True)
class Answer:
    """A question that one text answers; its cases look at what is remembered."""

    say: list[Case]
    patterns: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Dialogue:
    """Questions in order, then what comes of them."""

    title: str
    done: list[Ending]
    patterns: list[str] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    intro: str = ""
    slots: dict[str, Slot] = field(default_factory=dict)
    compute: dict[str, Computed] = field(default_factory=dict)
    confirm: str = ""
    forget: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Flow:
    """A whole flow file."""

    name: str
    greeting: str
    help: str
    fallback: list[str]
    dialogues: dict[str, Dialogue]
    answers: dict[str, Answer] = field(default_factory=dict)
    phrases: dict[str, str] = field(default_factory=dict)
    utc_offset: str = "+00:00"
