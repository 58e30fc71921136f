"""did:web (W3C CCG "did:web Method Specification"): where its document lives.

Only the address is worked out here; which addresses may be connected to is decided where it is fetched.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from connector.verify.errors import CheckError

_HOST = re.compile(
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(?:%3[Aa](?P<port>[1-9][0-9]{0,4}))?\Z", re.ASCII
)
_SEGMENT = re.compile(r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+\Z", re.ASCII)
_FORBIDDEN: Final = frozenset("/\\.%?#@:;")
"""What must not come out of a percent-encoding: it would move the path, or name a user or a port."""


def address(did: str) -> str:
    """The https URL of the DID's document.

    Raises:
        CheckError: user-info, encoded slashes, dot segments, empty segments, or anything else that is no did:web.
    """
    host, *path = did.removeprefix("did:web:").split(":")
    match = _HOST.match(host)
    if match is None or ".." in host:
        raise CheckError("key_identifier_malformed", "did:web, host")
    port = match["port"]
    if port and int(port) > 65_535:
        raise CheckError("key_identifier_malformed", "did:web, port")
    for segment in path:
        _check_segment(segment)
    where = "/".join(path) if path else ".well-known"
    return f"https://{match['host'].lower()}{':' + port if port else ''}/{where}/did.json"


def _check_segment(segment: str) -> None:
    if not _SEGMENT.match(segment) or segment in (".", ".."):
        raise CheckError("key_identifier_malformed", "did:web, path")
    decoded = {unquote(code) for code in re.findall(r"%[0-9A-Fa-f]{2}", segment)}
    if any(char in _FORBIDDEN or not char.isprintable() for char in decoded):
        raise CheckError("key_identifier_malformed", "did:web, path")
