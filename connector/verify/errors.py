"""What a check raises inside itself when it cannot go on; `code` is one of the table in `codes`."""

from __future__ import annotations

from typing import Final

from connector.errors import ConnectorError

MAX_DETAIL: Final = 500
"""Answers are remembered by their detail, which may hold what a document says."""


class CheckError(ConnectorError):
    """One step of a check did not hold, or could not be taken.

    Args:
        code: a key of `codes.CODES`, which has the sentence.
        detail: what an integrator needs; never personal data.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"A check stopped: {code}.", code=code, detail=detail[:MAX_DETAIL])
