"""Identifiers of API Gateway's form."""

import base64
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


def new_id(random_bytes: RandomBytes) -> str:
    """Return 16 characters of URL-safe base64 that end in ``=``, as connection ids do."""
    return base64.urlsafe_b64encode(random_bytes(11)).decode()
