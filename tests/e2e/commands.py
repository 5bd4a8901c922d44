"""The operator's commands, run as an operator does."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.e2e.product import Product
from tests.support.template import ROOT


def run(product: Product, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command for the gateway that runs there."""
    return subprocess.run(
        [sys.executable, "-m", f"operations.{command}", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "src:.", "DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def export(product: Product, user_id: str) -> dict[str, Any]:
    """The document of a user."""
    done = run(product, "export", user_id)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def erase(product: Product, user_id: str) -> dict[str, Any]:
    """The receipt of an erasure that was finished."""
    done = run(product, "erase", "--yes", user_id)
    assert done.returncode == 0, (done.stdout, done.stderr)
    receipt: dict[str, Any] = json.loads(done.stdout)
    return receipt


def log_of(document: dict[str, Any], conversation_id: str) -> list[dict[str, Any]]:
    """All that a document has of a conversation's log."""
    logs = {each["conversationId"]: each["log"] for each in document["conversations"]}
    found: list[dict[str, Any]] = logs[conversation_id]
    return found
