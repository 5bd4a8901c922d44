"""Become a Lambda execution environment; run as a script by `environment.py`, never imported.

Usage: boot.py HANDLER, with AWS_LAMBDA_RUNTIME_API and LAMBDA_TASK_ROOT in the environment.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    # Only Linux has this; elsewhere the runtime ends when it finds its API gone.
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (AttributeError, OSError, TypeError):
        return
    if os.getppid() == 1:
        sys.exit(1)


def _main() -> None:
    _die_with_parent()
    # In Lambda the code's own directory comes first, and this script's is unknown.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    from awslambdaric.__main__ import main

    main(["awslambdaric", sys.argv[1]])


if __name__ == "__main__":
    _main()
