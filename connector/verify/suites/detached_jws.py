"""JWS with a detached, unencoded payload (RFC 7797), as the suites of 2018 and 2020 write their signatures."""

from __future__ import annotations

from typing import Any

from connector import codec
from connector.errors import IntakeError
from connector.verify.errors import CheckError
from connector.verify.keys import UNSUPPORTED_ALGORITHMS


def split(value: object) -> tuple[dict[str, Any], bytes, bytes]:
    """Header, the beginning of what is signed (`header.`), and the signature of a `header..signature`.

    Raises:
        CheckError: it is written otherwise, or its header is not exactly `b64: false, crit: ["b64"]` and an `alg`.
    """
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) != 3 or parts[1]:
        raise CheckError("proof_malformed", "jws is not a detached JWS")
    try:
        header = codec.parse_json(codec.b64url_decode(parts[0], max_bytes=codec.MAX_JOSE_HEADER_BYTES), max_depth=4)
        signature = codec.b64url_decode(parts[2])
    except IntakeError as error:
        raise CheckError("proof_malformed", f"jws: {error.code}") from None
    if not isinstance(header, dict):
        raise CheckError("proof_malformed", "jws header")
    if header.get("b64") is not False or header.get("crit") != ["b64"] or header.keys() - {"alg", "b64", "crit", "kid"}:
        raise CheckError("proof_malformed", "jws header")
    if isinstance(header.get("alg"), str) and header["alg"] in UNSUPPORTED_ALGORITHMS:
        raise CheckError("proof_unsupported", f"alg {header['alg']}")
    return header, f"{parts[0]}.".encode("ascii"), signature
