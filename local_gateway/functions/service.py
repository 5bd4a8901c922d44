"""All functions of the deployment, invoked by name."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_gateway.errors import FunctionFailed
from local_gateway.functions.environment import Environment
from local_gateway.functions.function import Function
from local_gateway.functions.pool import Pool
from local_gateway.functions.terms import AT_EASE, Terms
from local_gateway.functions.variables import lambda_variables

log = logging.getLogger("local_gateway")

LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Surroundings:
    """What every environment gets beside the template's variables."""

    variables: Mapping[str, str]
    log_dir: Path
    verbose: bool = False
    python: str = sys.executable


class Functions:
    """Runs functions by name; an Invoke for the data plane."""

    def __init__(
        self, functions: Iterable[Function], surroundings: Surroundings, bound: int = 8
    ) -> None:
        self._surroundings = surroundings
        self._pools = {
            function.name: Pool(function, self._environment, bound) for function in functions
        }
        surroundings.log_dir.mkdir(parents=True, exist_ok=True)
        for pool in self._pools.values():
            _rotate(self._log_of(pool.function))

    async def __call__(self, function: str, event: Any) -> Any:
        """Invoke and return the result; raise FunctionFailed, said in one line on the log."""
        answer = await self.run(function, json.dumps(event).encode())
        try:
            return json.loads(answer or b"null")
        except ValueError:
            failure = FunctionFailed("Runtime.InvalidResponse", "its answer is not JSON")
        self._report(self._pools[function].function, failure)
        raise failure

    async def run(self, function: str, event: bytes, terms: Terms = AT_EASE) -> bytes:
        """Invoke with an event's JSON and return the answer's.

        Raises FunctionFailed, said in one line on the log, and TimeoutError where no environment
        was free in time.
        """
        pool = self._pools.get(function)
        if pool is None:
            raise FunctionFailed("ResourceNotFoundException", f"no function {function}")
        try:
            return await pool.invoke(event, terms)
        except FunctionFailed as failure:
            self._report(pool.function, failure)
            raise

    def find(self, name: str) -> Function | None:
        """Return the function of that name."""
        pool = self._pools.get(name)
        return None if pool is None else pool.function

    async def prewarm(self) -> None:
        """Start one environment a function; those that fail are reported, and start again later."""
        await asyncio.gather(*(self._prewarm(pool) for pool in self._pools.values()))

    async def changed(self, paths: Iterable[Path]) -> None:
        """Retire the environments whose code lies at or above one of the paths."""
        touched = [
            pool
            for pool in self._pools.values()
            if any(path.is_relative_to(pool.function.code_dir) for path in paths)
        ]
        await asyncio.gather(*(pool.retire() for pool in touched))
        await asyncio.gather(*(self._prewarm(pool) for pool in touched))

    def reap(self) -> None:
        """Stop environments that have idled too long."""
        for pool in self._pools.values():
            pool.reap()

    async def stop(self) -> None:
        """Stop every environment."""
        await asyncio.gather(*(pool.stop() for pool in self._pools.values()))

    async def _prewarm(self, pool: Pool) -> None:
        try:
            await pool.prewarm()
        except FunctionFailed as failure:
            self._report(pool.function, failure, doing="does not start")

    def _report(self, function: Function, failure: FunctionFailed, doing: str = "failed") -> None:
        if failure.kind == "Gateway.Stopped":
            return
        line = " ".join(str(failure).split())[:300]
        log.error("%s %s: %s", function.logical_id, doing, line)

    def _environment(self, function: Function) -> Environment:
        variables = {
            **self._surroundings.variables,
            **function.environment,
            **lambda_variables(function),
        }
        log_file = None if self._surroundings.verbose else self._log_of(function)
        return Environment(function, variables, log_file, self._surroundings.python)

    def _log_of(self, function: Function) -> Path:
        return self._surroundings.log_dir / f"{function.logical_id}.log"


def _rotate(path: Path) -> None:
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
