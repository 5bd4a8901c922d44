"""Failures as the runtime reports them."""

import json
from typing import Any

from local_gateway.errors import FunctionFailed


def reported(body: bytes) -> FunctionFailed:
    """Read a report of the Runtime API: kind, reason, and the place in the code."""
    try:
        report = json.loads(body)
        kind, reason = str(report["errorType"]), str(report["errorMessage"])
        trace = list(report.get("stackTrace") or [])
    except (ValueError, KeyError, TypeError, AttributeError):
        return FunctionFailed("Runtime.Unknown", "it failed without saying why")
    return FunctionFailed(kind, reason, _place(trace), trace)


def exited(code: int) -> FunctionFailed:
    """Say how the process ended."""
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return FunctionFailed("Runtime.ExitError", f"its process ended with {how}")


def answer_of(failure: FunctionFailed) -> dict[str, Any]:
    """Return what Lambda gives as the answer of a function that failed."""
    answer: dict[str, Any] = {"errorMessage": failure.reason, "errorType": failure.kind}
    return {**answer, "stackTrace": failure.trace} if failure.trace else answer


def _place(trace: list[Any]) -> str:
    """Return file and line of the innermost frame of a reported trace."""
    lines = [str(entry).strip().splitlines()[0] for entry in trace if str(entry).strip()]
    innermost = lines[-1] if lines else ""
    return innermost.removeprefix("File ").replace('"', "").rpartition(", in ")[0]
