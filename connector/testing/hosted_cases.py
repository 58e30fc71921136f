"""The worlds of the published hosted Open Badges 2.0: each case needs its own assertion at its own address.

The published documents hold badge classes and profiles, several under one address, and no assertions, for all cases use
the same few addresses. What the profiles of the allowed-origins cases say is in their names alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from connector.errors import IntakeError
from connector.intake import receive
from connector.model.submission import Submission

Json = dict[str, Any]

_CONTEXT: Final = "https://w3id.org/openbadges/v2"
_ISSUER: Final = "http://example.org/issuer-with-allowed-origins"
_ALLOWED: Final[dict[str, Json]] = {
    "basic-assertion-with-allowed-origins": {"allowedOrigins": ["example.org", "example.com"]},
    "basic-assertion-with-allowed-origins-valid-multiple-starts-with": {
        "startsWith": ["https://example.org/", "http://example.com/assert"]
    },
    "basic-assertion-with-allowed-origins-invalid-multiple-starts-with": {
        "startsWith": ["https://example.org/NOT", "http://example.com/NOT"]
    },
}


def world(vectors: Path, file: str) -> list[Json]:
    """The recorded world of one case, in the list shape of `--documents`.

    Args:
        vectors: the folder of the index.
        file: the case, relative to it.
    """
    folder = vectors / "documents"
    index: list[Json] = json.loads((folder / "index.json").read_bytes())
    entries = [entry | {"file": str((folder / entry["file"]).resolve())} for entry in index]
    return _own(vectors / file) + entries


def _own(path: Path) -> list[Json]:
    """What its issuer's site answers for it; a site of which nothing was published is down."""
    try:
        (credential,) = receive(Submission(content=path.read_bytes()))
    except (IntakeError, ValueError):  # nothing to ask about
        return []
    if credential.url is None:
        return []
    if path.parent.name == "badgr-ob":
        return [{"url": credential.url, "status": 503}]
    document, name = credential.document, path.stem
    own: list[Json] = [{"url": credential.url, "body": json.dumps(document)}]
    if name in _ALLOWED:
        badge = {"type": "BadgeClass", "id": document["badge"], "name": "A badge", "issuer": _ISSUER}
        profile = {"type": "Issuer", "id": _ISSUER, "name": "An issuer", "verification": _ALLOWED[name]}
        own += [{"url": item["id"], "body": json.dumps({"@context": _CONTEXT, **item})} for item in (badge, profile)]
    return own
