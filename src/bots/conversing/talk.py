"""One reply: asking the model, running its tools, asking again, and the summary in the end."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from bot.models import Message, Outcome, Snapshot, Turn
from bot.ports import Call
from bots.conversing import summary
from bots.conversing.errors import Malformed, ModelError, TooManyRounds
from bots.conversing.history import History, cost, fitted
from bots.conversing.memory import Memory
from bots.conversing.metering import Meter
from bots.conversing.patience import Patience, Waiting
from bots.conversing.prompts import (
    End,
    Ending,
    Line,
    Model,
    Piece,
    Prompt,
    Role,
    ToolResult,
    ToolUse,
)
from bots.conversing.settings import ModelSettings
from bots.conversing.tokens import PER_LINE, shortened, tokens
from bots.conversing.tools import Keys, ToolCall, Tools

REFUSAL = "I cannot help with that."
"""Said where the model refuses without a word."""

TOO_LONG = "(too long)"
"""Given for a tool's result that there is no room for."""

SECONDS_FOR_SUMMARY = 30.0
"""What must be left of a reply's time to make a summary in it."""

Pieces = Generator[str, None, None]


@dataclass(slots=True)
class Round:
    """One answer of the model."""

    text: str = ""
    uses: list[ToolUse] = field(default_factory=list)
    ending: Ending = Ending.DONE

    def line(self) -> Line:
        """The answer as the model will find it in the next round."""
        texts = (self.text,) if self.text.strip() else ()
        return Line(Role.ASSISTANT, texts, uses=tuple(self.uses))


class Talk:
    """The reply to one message."""

    def __init__(
        self,
        model: Model,
        settings: ModelSettings,
        tools: Tools,
        patience: Patience,
        call: Call,
    ) -> None:
        self._model = model
        self._settings = settings
        self._tools = tools
        self._call = call
        self._waiting = Waiting(call, patience)
        self._keys = Keys(call.key)
        self._said = ""
        self._meter = Meter(call)

    def reply(self, snapshot: Snapshot, message: Message) -> Generator[str, None, Outcome]:
        """Say the reply. Raises ModelError."""
        memory = Memory.load(snapshot.state)
        turns = snapshot.turns[-summary.AT_HAND :]
        history = self._fitted(turns, message.text, memory, ())
        rounds: list[Line] = []
        while True:
            given = self._fitted(turns, message.text, memory, rounds)
            answer = Round()
            yield from self._round(given, rounds, answer)
            if answer.ending is not Ending.TOOLS:
                break
            if len(rounds) >= 2 * self._settings.tool_rounds:
                raise TooManyRounds("tool rounds")
            rounds.append(answer.line())
            rounds.append(self._results(answer.uses, cost(rounds)))
        yield from self._last_words(answer)
        memory = self._summarized(snapshot, history, memory)
        return Outcome(memory.dump(), self._meter.usage)

    def _fitted(
        self, turns: Sequence[Turn], text: str, memory: Memory, rounds: Sequence[Line]
    ) -> History:
        """What of the turns fits beside all else that the model has to read."""
        specs = sum(tokens(str(spec)) + PER_LINE for spec in self._tools.specs)
        beside = tokens(self._settings.system) + specs + cost(rounds)
        return fitted(turns, text, memory.summary, self._settings.context_tokens - beside)

    def _round(self, history: History, rounds: Sequence[Line], answer: Round) -> Pieces:
        prompt = Prompt(self._settings.system, (*history.lines, *rounds), tools=self._tools.specs)
        tries = 0
        while True:
            try:
                yield from self._ask(prompt, answer)
                return
            except ModelError as error:
                # What was said was heard, and would be said twice.
                if answer.text or not self._waiting.may_retry(error, tries):
                    raise
            tries += 1
            answer.uses.clear()

    def _ask(self, prompt: Prompt, answer: Round) -> Pieces:
        self._meter.ask(prompt)
        with closing(self._model.answer(prompt, self._call.on_stop)) as pieces:
            for piece in pieces:
                self._count(piece)
                if isinstance(piece, ToolUse):
                    answer.uses.append(piece)
                elif isinstance(piece, End):
                    answer.ending = piece.ending
                elif piece:
                    yield self._spoken(piece, answer)
        if answer.ending is Ending.MALFORMED:
            raise Malformed("malformed answer")
        if answer.ending is Ending.TOOLS and not answer.uses:
            raise Malformed("no tool named")

    def _spoken(self, text: str, answer: Round) -> str:
        """A piece, with a blank line where another round goes on."""
        apart = "\n\n" if self._said.strip() and not answer.text else ""
        answer.text += text
        self._said += apart + text
        return apart + text

    def _last_words(self, answer: Round) -> Pieces:
        if answer.ending is Ending.REFUSED and not self._said.strip():
            yield self._spoken(REFUSAL, answer)

    def _results(self, uses: Sequence[ToolUse], used: int) -> Line:
        """What the tools give, cut where all of it would leave no room for the conversation."""
        room = max(0, self._settings.context_tokens // 2 - used) // len(uses)
        results = (self._run(use) for use in uses)
        return Line(Role.USER, results=tuple(_cut_to(result, room) for result in results))

    def _run(self, use: ToolUse) -> ToolResult:
        call = ToolCall(self._keys.key(use), use.use_id, self._call.seconds_left())
        return self._tools.run(use, call)

    def _summarized(self, snapshot: Snapshot, history: History, memory: Memory) -> Memory:
        """The memory, with what the model is no longer given added, where that is due."""
        seq, settings, turns = snapshot.head + 1, self._settings, snapshot.turns
        if not summary.due(memory, seq, settings.summary_every):
            return memory
        if not summary.left_out(turns, history.first, memory):
            return memory
        if self._call.seconds_left() < SECONDS_FOR_SUMMARY:
            return memory
        older = summary.to_summarize(turns, memory, settings.context_tokens)
        text = self._brief(summary.asking(older, memory, settings.context_tokens))
        return summary.remembered(text, older, memory, seq)

    def _brief(self, prompt: Prompt) -> str:
        """The model's answer to a side question, asked once; empty where there is none in time."""
        until, answer = self._call.seconds_left() - summary.SECONDS, Round()
        self._meter.ask(prompt)
        try:
            with closing(self._model.answer(prompt, self._call.on_stop)) as pieces:
                for piece in pieces:
                    self._count(piece)
                    if isinstance(piece, str):
                        answer.text += piece
                    elif isinstance(piece, End):
                        answer.ending = piece.ending
                    if self._call.seconds_left() < until:
                        return ""
        except ModelError:
            return ""
        return answer.text if answer.ending is Ending.DONE else ""

    def _count(self, piece: Piece) -> None:
        if isinstance(piece, End):
            self._meter.end(piece.usage)
        else:
            self._meter.hear(piece)


def _cut_to(result: ToolResult, room: int) -> ToolResult:
    return replace(result, text=shortened(result.text, room) or TOO_LONG)
