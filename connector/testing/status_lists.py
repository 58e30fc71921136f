"""Mints the ways of publishing a status that `Issuer.status_list` does not: older, smaller and unsigned ones.

What they return is served at the list's address; the entry that leads there goes into `credentialStatus`, or for a
token into its `status` claim.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from connector import codec
from connector.testing.issuer import Edit, Issuer
from connector.testing.pieces import LIST_BITS, VALID_FROM, VC1, VC2, instant
from connector.testing.signing import Json

REVOCATION2020: Final = "https://w3id.org/vc-revocation-list-2020/v1"


def entry_2020(url: str, index: int) -> Json:
    """An entry of Revocation List 2020."""
    return {
        "id": f"{url}#{index}",
        "type": "RevocationList2020Status",
        "revocationListIndex": str(index),
        "revocationListCredential": url,
    }


def list_2020(
    issuer: Issuer, url: str, set_bits: Iterable[int] = (), *, compression: str = "gzip", **sign: Any
) -> Json:
    """A Revocation List 2020, written in ordinary base64 (`compression`: `gzip` or `zlib`)."""
    raw = bytearray(LIST_BITS // 8)
    for index in set_bits:
        raw[index // 8] |= 0x80 >> (index % 8)
    packed = gzip.compress(bytes(raw), mtime=0) if compression == "gzip" else zlib.compress(bytes(raw))
    document: Json = {
        "@context": [VC1, REVOCATION2020],
        "id": url,
        "type": ["VerifiableCredential", "RevocationList2020Credential"],
        "issuer": issuer.id,
        "issuanceDate": VALID_FROM,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "RevocationList2020",
            "encodedList": base64.b64encode(packed).decode(),
        },
    }
    return issuer.sign(document, **sign)


def sized_entry(url: str, index: int, *, size: int = 2, purpose: str = "message", messages: Iterable[str] = ()) -> Json:
    """A Bitstring entry of several bits, with what its values mean."""
    entry: Json = {
        "id": f"{url}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": str(index),
        "statusListCredential": url,
        "statusSize": size,
    }
    said = [{"status": f"{number:#x}", "message": text} for number, text in enumerate(messages)]
    return entry | ({"statusMessage": said} if said else {})


def sized_list(
    issuer: Issuer, url: str, values: Mapping[int, int], *, size: int = 2, purpose: str = "message", **sign: Any
) -> Json:
    """A Bitstring status list whose records have `size` bits each."""
    number = 0
    for index, value in values.items():
        number |= value << (LIST_BITS * size - (index + 1) * size)
    packed = gzip.compress(number.to_bytes(LIST_BITS * size // 8, "big"), mtime=0)
    document: Json = {
        "@context": [VC2],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": VALID_FROM,
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": "u" + codec.b64url_encode(packed),
        },
    }
    return issuer.sign(document, **sign)


def revocation_list(issuer: Issuer, url: str, revoked: Iterable[str | Json] = ()) -> Json:
    """A list of the 1EdTech Revocation List Status Method; an id alone is written as revoked."""
    entries = [{"id": item, "revoked": True} if isinstance(item, str) else item for item in revoked]
    return {"id": url, "issuer": issuer.id, "revokedCredentials": entries}


def token_list(
    issuer: Issuer,
    url: str,
    values: Mapping[int, int] | None = None,
    *,
    bits: int = 1,
    records: int = 1024,
    claims: Json | None = None,
    content: Json | None = None,
    edit: Edit | None = None,
    **jwt: Any,
) -> str:
    """A Token Status List as a JWT.

    Args:
        values: index -> status; all others are 0.
        claims, content: members of the payload, or of its `status_list`, that replace or add to the honest ones; None
            leaves one out.
    """
    raw = bytearray(records * bits // 8)
    for index, value in (values or {}).items():
        raw[index * bits // 8] |= value << (index * bits % 8)
    honest = {"bits": bits, "lst": codec.b64url_encode(zlib.compress(bytes(raw)))}
    listed = {name: value for name, value in (honest | (content or {})).items() if value is not None}
    payload: Json = {"sub": url, "iss": issuer.id, "iat": instant(VALID_FROM), "ttl": 3600, "status_list": listed}
    payload = {name: value for name, value in (payload | (claims or {})).items() if value is not None}
    if edit:
        edit(payload)
    return issuer.jwt(payload, **({"typ": "statuslist+jwt"} | jwt))
