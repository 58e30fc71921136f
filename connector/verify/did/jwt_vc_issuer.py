"""JWT VC Issuer Metadata: where an https issuer of SD-JWT VCs publishes its keys (SD-JWT VC, section of that name).

Fetched like every other key document: https, guarded, no redirects.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from connector import hosting
from connector.verify.errors import CheckError

Json = dict[str, Any]

_WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*\Z", re.ASCII)


def address(issuer: str) -> str:
    """The address of the metadata: the well-known path stands between the host and the path of `issuer`.

    Raises:
        CheckError: no https address, or one with user-info, a query, a fragment, or a path that could lead elsewhere.
    """
    try:
        parts = hosting.split(issuer)
    except ValueError:
        raise CheckError("key_identifier_malformed", "iss") from None
    path = parts.path.removesuffix("/")
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or "?" in issuer or "#" in issuer:
        raise CheckError("key_identifier_malformed", "iss")
    if not _PATH.match(path) or {".", ".."} & set(path.split("/")):
        raise CheckError("key_identifier_malformed", "iss, path")
    return f"https://{parts.netloc}{_WELL_KNOWN}{path}"


def published(issuer: str, fetch: Callable[[str], Json]) -> list[Any]:
    """The JSON Web Keys that `issuer` publishes in its metadata, or at the address named there.

    Raises:
        CheckError: they could not be had, or are another issuer's.
    """
    where = address(issuer)
    metadata = fetch(where)
    if metadata.get("issuer") != issuer:
        raise CheckError("key_document_mismatch", f"asked for {issuer[:200]}")
    if ("jwks" in metadata) is ("jwks_uri" in metadata):
        raise CheckError("key_document_malformed", f"{where[:200]}: either jwks or jwks_uri")
    if "jwks" in metadata:
        jwks = metadata["jwks"]
    else:
        uri = metadata["jwks_uri"]
        if not isinstance(uri, str) or not uri.startswith("https:"):
            raise CheckError("key_document_malformed", f"{where[:200]}: jwks_uri")
        jwks = fetch(uri)
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list):
        raise CheckError("key_document_malformed", f"{where[:200]}: no list of keys")
    return listed
