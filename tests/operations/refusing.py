"""What a command refuses is said, and nothing is on its way."""

from collections.abc import Callable, Sequence

import pytest

from operations.deployment import of_stack


def assert_refused(
    main: Callable[[Sequence[str]], int],
    stack: str,
    words: Sequence[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run a command for a stack: one line that begins so, and neither queue has a message."""
    assert main(["--stack", stack, *words]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    (line,) = told.err.splitlines()
    assert line.startswith(said)
    deployment = of_stack(stack)
    for queue in (deployment.push_queue, deployment.broadcast_queue):
        assert "Messages" not in deployment.sqs().receive_message(QueueUrl=queue)
