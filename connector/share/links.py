"""Signed links: to a report until a day, and to what a browser handed in.

A link says nothing of a person; whoever holds it may open it until it ends, so it ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlencode

from connector.errors import LinkError

EXPIRES: Final = "e"
SIGNATURE: Final = "s"


class Signer(Protocol):
    def sign(self, message: str) -> str: ...
    def signed(self, message: str, signature: str) -> bool: ...


def report_link(signer: Signer, public_url: str, report_id: str, expires_at: datetime) -> str:
    """The address of a report, opening it until `expires_at`. Made twice it is the same address."""
    until = int(expires_at.timestamp())
    query = urlencode({EXPIRES: until, SIGNATURE: signer.sign(_report(report_id, until))})
    return f"{public_url}/r/{report_id}?{query}"


def check_report_link(signer: Signer, report_id: str, query: Mapping[str, str], now: datetime) -> None:
    """Let a report's link pass.

    Raises:
        LinkError: `link_invalid` when we did not sign it, `link_expired` when its time is over.
    """
    until = query.get(EXPIRES, "")
    if not (until.isascii() and until.isdigit() and len(until) <= 11):
        raise LinkError("This link is not complete.")
    if not signer.signed(_report(report_id, int(until)), query.get(SIGNATURE, "")):
        raise LinkError("This link is not complete.")
    if datetime.fromtimestamp(int(until), UTC) <= now:
        raise LinkError("This link has expired.", code="link_expired")


def view_key(signer: Signer, submission_id: str) -> str:
    """What only the browser that handed in a submission is sent to."""
    return signer.sign(f"view:{submission_id}")


def is_view_key(signer: Signer, submission_id: str, key: str) -> bool:
    return signer.signed(f"view:{submission_id}", key)


def _report(report_id: str, until: int) -> str:
    return f"report:{report_id}:{until}"
