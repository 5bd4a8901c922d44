"""How failures are logged: by type and place. No message: it may quote what a user wrote."""

import traceback

from aws_lambda_powertools.logging import Logger


def log_failure(logger: Logger, what: str, error: BaseException) -> None:
    """Log what failed and where, cause by cause."""
    causes = []
    cause: BaseException | None = error
    while cause:
        places = traceback.extract_tb(cause.__traceback__)
        causes.append(
            {
                "type": type(cause).__name__,
                "places": [f"{place.filename}:{place.lineno} {place.name}" for place in places],
            }
        )
        cause = cause.__cause__
    logger.error(what, extra={"causes": causes})
