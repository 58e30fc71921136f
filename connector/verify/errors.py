"""What a check raises inside itself when it cannot go on; `code` is one of the table in `codes`."""

from __future__ import annotations

from connector.errors import ConnectorError


class CheckError(ConnectorError):
    """One step of a check did not hold, or could not be taken.

    Args:
        code: a key of `codes.CODES`, which has the sentence.
        detail: what an integrator needs; never personal data.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"A check stopped: {code}.", code=code, detail=detail)
