"""What a flow must fulfil beyond its form: every name it uses leads somewhere."""

from collections.abc import Iterator

from bots.scripted.flow import ANY, Answer, Computed, Dialogue, Flow, Slot, When
from bots.scripted.limits import memory_faults
from bots.scripted.pattern import PatternError, compile_pattern
from bots.scripted.phrases import PHRASES
from bots.scripted.render import names_in
from bots.scripted.slots import KINDS, kind_of
from bots.scripted.slots.dates import WEEKDAYS
from bots.scripted.source import Path
from bots.scripted.topics import keyword

Problem = tuple[Path, str]
GENERAL = frozenset({"bot", "today"})
_OPTIONS = frozenset().union(*(kind.options for kind in KINDS.values()))
_PLAIN = Slot("text", "")
_NEEDS: dict[str, tuple[str, ...]] = {
    "lookup": ("slot", "table"),
    "pick": ("slot", "texts"),
    "days_after": ("days",),
    "reference": (),
}


def check(flow: Flow) -> Iterator[Problem]:
    """Give every mistake with its place."""
    facts = _facts(flow)
    for key in ("greeting", "help"):
        yield from _templates((key,), getattr(flow, key), GENERAL)
    for index, text in enumerate(flow.fallback):
        yield from _templates(("fallback", index), text, GENERAL)
    for name, text in flow.phrases.items():
        yield from _phrase(("phrases", name), name, text)
    for name, answer in flow.answers.items():
        place: Path = ("answers", name)
        yield from _triggers(place, answer)
        if not (answer.patterns or answer.keywords):
            yield place, "unreachable: it needs 'patterns' or 'keywords'"
        for index, case in enumerate(answer.say):
            here = (*place, "say", index)
            yield from _templates((*here, "say"), case.say, GENERAL | facts)
            yield from _known((*here, "when"), case.when, facts)
    for name, dialogue in flow.dialogues.items():
        yield from _dialogue(flow, name, dialogue)
    yield from _unreachable(flow)
    yield from _circles(flow)
    yield from memory_faults(flow)


def _dialogue(flow: Flow, name: str, dialogue: Dialogue) -> Iterator[Problem]:
    place: Path = ("dialogues", name)
    yield from _triggers(place, dialogue)
    yield from _templates((*place, "intro"), dialogue.intro, GENERAL)
    before: dict[str, Slot] = {}
    for key, slot in dialogue.slots.items():
        ready = {
            name
            for name, rule in dialogue.compute.items()
            if rule.type != "reference" and (not rule.slot or rule.slot in before)
        }
        yield from _templates(
            (*place, "slots", key, "ask"),
            slot.ask,
            GENERAL | set(before) | ready,
            "known before the question",
        )
        yield from _slot(flow, (*place, "slots", key), slot, before)
        before[key] = slot
    for key, rule in dialogue.compute.items():
        yield from _computed((*place, "compute", key), key, rule, dialogue)
    late = {key for key, rule in dialogue.compute.items() if rule.type == "reference"}
    everything = GENERAL | set(dialogue.slots) | set(dialogue.compute)
    for key in names_in(dialogue.confirm):
        if key in late:
            yield (*place, "confirm"), f"{{{key}}} is only made when the dialogue is done"
    yield from _templates((*place, "confirm"), dialogue.confirm, everything)
    for index, case in enumerate(dialogue.done):
        here = (*place, "done", index)
        yield from _templates((*here, "say"), case.say, everything)
        yield from _when((*here, "when"), case.when, dialogue.slots)
        if case.then and case.then not in flow.dialogues:
            yield (*here, "then"), f"unknown dialogue {case.then!r}"
    for key in dialogue.forget:
        if key not in _facts(flow):
            yield (*place, "forget"), f"{key!r} is nothing that is remembered"


def _slot(flow: Flow, place: Path, slot: Slot, before: dict[str, Slot]) -> Iterator[Problem]:
    yield from _options(place, slot)
    yield from _when((*place, "when"), slot.when, before)
    if slot.unsure and slot.unsure not in flow.dialogues:
        yield (*place, "unsure"), f"unknown dialogue {slot.unsure!r}"
    for key in ("lead_ins", "answer_lead_ins"):
        for index, lead_in in enumerate(getattr(slot, key)):
            yield from _pattern((*place, key, index), lead_in)
    for index, form in enumerate(slot.formats):
        if not set("#@") & set(form):
            yield (*place, "formats", index), f"{form!r} has neither # (digit) nor @ (letter)"
    for index, day in enumerate(slot.weekdays):
        if day.casefold() not in WEEKDAYS:
            yield (*place, "weekdays", index), f"{day!r} is not a weekday"


def _options(place: Path, slot: Slot) -> Iterator[Problem]:
    for key in sorted(_OPTIONS - kind_of(slot).options):
        if getattr(slot, key) != getattr(_PLAIN, key):
            yield (*place, key), f"{key!r} means nothing for type {slot.type!r}"
    for kind, key in (("choice", "choices"), ("code", "formats")):
        if slot.type == kind and not getattr(slot, key):
            yield place, f"type {kind!r} needs {key!r}"
    names: dict[str, str] = {}
    for choice, synonyms in slot.choices.items():
        for name in (choice, *synonyms):
            other = names.setdefault(name.casefold(), choice)
            if other != choice:
                yield (*place, "choices", choice), f"{name!r} also means {other!r}"


def _computed(place: Path, key: str, rule: Computed, dialogue: Dialogue) -> Iterator[Problem]:
    if key in dialogue.slots:
        yield place, "a slot has the same name"
    for need in _NEEDS[rule.type]:
        if getattr(rule, need) in ("", None, [], {}):
            yield place, f"type {rule.type!r} needs {need!r}"
    slot = dialogue.slots.get(rule.slot)
    if rule.slot and slot is None:
        yield (*place, "slot"), f"unknown slot {rule.slot!r}"
    elif slot is not None and rule.type == "days_after" and slot.type != "date":
        yield (*place, "slot"), f"slot {rule.slot!r} is not a date"
    elif slot is not None and rule.type == "lookup" and slot.type == "choice":
        for entry in sorted(set(slot.choices) ^ set(rule.table)):
            lacking = "has no entry for" if entry in slot.choices else "names no choice:"
            yield (*place, "table"), f"the table {lacking} {entry!r}"


def _when(place: Path, when: When, slots: dict[str, Slot]) -> Iterator[Problem]:
    yield from _known(place, when, set(slots))
    for name, allowed in when.items():
        slot = slots.get(name)
        values = {"choice": set(slot.choices), "yes_no": {"yes", "no"}} if slot else {}
        if slot and slot.type in values:
            for value in sorted(set(allowed) - values[slot.type] - {ANY}):
                if not slot.optional:
                    yield (*place, name), f"{value!r} is no answer of slot {name!r}"


def _known(place: Path, when: When, names: set[str] | frozenset[str]) -> Iterator[Problem]:
    for name in when:
        if name not in names:
            yield (*place, name), f"'when' names {name!r}, which is not known there"


def _templates(
    place: Path, text: str, names: set[str] | frozenset[str], known: str = "known there"
) -> Iterator[Problem]:
    for name in names_in(text):
        if name not in names:
            yield place, f"{{{name}}} in {str(place[-1])!r} is not {known}"


def _phrase(place: Path, name: str, text: str) -> Iterator[Problem]:
    if name not in PHRASES:
        yield place, f"unknown phrase; expected one of {', '.join(PHRASES)}"
    else:
        yield from _templates(place, text, set(names_in(PHRASES[name])))


def _triggers(place: Path, topic: Answer | Dialogue) -> Iterator[Problem]:
    for index, text in enumerate(topic.patterns):
        yield from _pattern((*place, "patterns", index), text)
    for index, text in enumerate(topic.keywords):
        try:
            keyword(text)
        except PatternError as error:
            yield (*place, "keywords", index), f"keyword {text!r}: {error}"


def _pattern(place: Path, text: str) -> Iterator[Problem]:
    try:
        compile_pattern(text)
    except PatternError as error:
        yield place, f"pattern {text!r}: {error}"


def _unreachable(flow: Flow) -> Iterator[Problem]:
    reached = {case.then for dialogue in flow.dialogues.values() for case in dialogue.done}
    for dialogue in flow.dialogues.values():
        reached |= {slot.unsure for slot in dialogue.slots.values()}
    for name, dialogue in flow.dialogues.items():
        if not (dialogue.patterns or dialogue.keywords or name in reached):
            yield (
                ("dialogues", name),
                "unreachable: no 'patterns', no 'keywords', no way from others",
            )


def _circles(flow: Flow) -> Iterator[Problem]:
    for name in flow.dialogues:
        reached: set[str] = set()
        following = {name}
        while following:
            following = {
                case.then
                for one in following
                if one in flow.dialogues
                for case in flow.dialogues[one].done
            } - reached
            reached |= following
        if name in reached:
            yield ("dialogues", name, "done"), "'then' leads back here in a circle"


def _facts(flow: Flow) -> set[str]:
    parts: list[tuple[str, Slot | Computed]] = []
    for dialogue in flow.dialogues.values():
        parts += [*dialogue.slots.items(), *dialogue.compute.items()]
    return {name for name, part in parts if part.remember}
