"""What can be wrong with a flow file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One mistake: `line` counts from 1, `where` names the part of the flow and may be empty."""

    file: str
    line: int
    where: str
    problem: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{self.file}:{self.line}: {place}{self.problem}"


class FlowError(ValueError):
    """A flow file cannot be used; `faults` lists every mistake found, in the order of lines."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(set(faults), key=lambda fault: (fault.line, str(fault))))
        super().__init__("\n".join(str(fault) for fault in self.faults))
