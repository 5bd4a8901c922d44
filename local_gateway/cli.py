"""The command line: ``python -m local_gateway``."""

import argparse
import asyncio
import contextlib
import logging
import math
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_gateway import aws
from local_gateway.assumptions import Assumptions
from local_gateway.asynchronous.event import RETRY_WAITS
from local_gateway.deployment.parameters import parse_overrides
from local_gateway.errors import LocalGatewayError, StartupError
from local_gateway.example import open_example
from local_gateway.faults import KINDS, Faults
from local_gateway.gateway import LocalGateway
from local_gateway.settings import PROJECT, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway until Ctrl-C; return the exit code: 0, or 1 with one line on stderr."""
    _log_to_stderr()
    try:
        settings = read_settings(arguments, os.environ)
        return asyncio.run(_run(settings))
    except LocalGatewayError as failure:
        print(f"local gateway: {failure}", file=sys.stderr)
        return 1


def read_settings(arguments: Sequence[str] | None, environ: Mapping[str, str]) -> Settings:
    """Read flags and environment; raise StartupError on values that make no sense."""
    options = _parser(environ).parse_args(arguments)
    try:
        port = int(options.port)
    except ValueError:
        raise StartupError(f"PORT {options.port!r} is not a number") from None
    if not 0 <= port <= 65535:
        raise StartupError(f"PORT {port} is not between 0 and 65535")
    if options.concurrency < 1:
        raise StartupError(f"--concurrency {options.concurrency}: functions need at least 1")
    if not Path(options.page).is_dir():
        raise StartupError(f"--page {options.page}: there is no such directory")
    example = open_example(options.example) if options.example else None
    return Settings(
        template=Path(options.template).resolve(),
        page_dir=Path(options.page).resolve(),
        data_dir=Path(options.data_dir).resolve(),
        port=port,
        example=example,
        overrides={
            **(example.parameters if example else {}),
            **parse_overrides(options.parameter_overrides),
        },
        other_dynamodb=aws.other_endpoint(environ),
        concurrency=options.concurrency,
        faults=Faults.parse(options.faults, options.seed),
        retry_waits=_seconds(options.retry_waits),
        assumptions=Assumptions.parse(options.assume),
        verbose=options.verbose,
        reload=not options.no_reload,
        python=options.python,
    )


def _seconds(text: str) -> tuple[float, ...]:
    try:
        seconds = tuple(float(part) for part in text.split(","))
    except ValueError:
        seconds = ()
    if not seconds or not all(0 <= each < math.inf for each in seconds):
        raise StartupError(f"--retry-waits: {text!r} is not SECONDS,SECONDS")
    return seconds


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(message)s", stream=sys.stderr, level=logging.WARNING)
    logging.getLogger("local_gateway").setLevel(logging.INFO)
    # aiohttp's loggers quote requests, and requests hold credentials.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_gateway",
        description="Run Parley on this machine: template.yaml, functions, WebSocket API and page.",
    )
    add = parser.add_argument
    add("--port", default=environ.get("PORT") or "8080", help="PORT; default 8080, 0 any free one")
    add(
        "--data-dir",
        default=environ.get("DATA_DIR") or str(PROJECT / ".parley"),
        help="DATA_DIR, where everything is kept; default .parley",
    )
    add("--template", default=str(PROJECT / "template.yaml"), help="the SAM template")
    add("--python", default=sys.executable, help="what the functions run on; default this Python")
    add("--page", default=str(PROJECT / "web-client"), help="directory of the static page")
    add("--example", default="", metavar="NAME", help="an example to run beside it, of examples/")
    add(
        "--parameter-overrides",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="the template's parameters, as the SAM CLI takes them",
    )
    add("--concurrency", type=int, default=8, help="environments a function may have at once")
    add(
        "--retry-waits",
        default=",".join(f"{seconds:g}" for seconds in RETRY_WAITS),
        metavar="SECONDS,SECONDS",
        help="before the retries of an asynchronous event",
    )
    add("--faults", default="", help=f"KIND=PROBABILITY[:SECONDS],... of {', '.join(KINDS)}")
    add("--seed", type=int, default=0, help="seed of the faults")
    add("--assume", nargs="+", default=[], metavar="NAME=VALUE", help="open questions of the API")
    add("--verbose", action="store_true", help="the functions' output on the terminal")
    add("--no-reload", action="store_true", help="do not watch the code")
    return parser


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Once stopping, more of the same changes nothing: the state is being saved.
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    return 0


async def _serve(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway:
        print(f"{gateway.url}/", flush=True)
        if settings.example:
            print(f"{gateway.url}/{settings.example.name}/", flush=True)
        await gateway.failed()
