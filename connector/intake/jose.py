"""Tokens taken apart, nothing believed: compact JWS (RFC 7515 section 7.1), and the one JAdES shape of Europass.

What a credential's signature covers is kept byte for byte beside the parsed payload; which algorithm and key are
right is the verifier's business.
"""

from __future__ import annotations

import re
from typing import Any, Final

from connector import codec, disclosures
from connector.errors import UnreadableSubmission, UnsupportedFormat
from connector.model.credential import CompactJws, Json

_BEGINS = re.compile(r"e(?:y[ABIJ]|w[01klop])")
"""Base64url of `{` and a quote or white space."""
_DOTS: Final = frozenset({b".", b"..", b"...", b"...."})
"""What is left of two to five segments when the letters of base64url are taken away."""
_HEADER = re.compile(r"ey[ABIJ][A-Za-z0-9_-]{6,}\.")
_JWS_SEGMENTS: Final = 3


def looks_like_token(text: str) -> bool:
    """Whether `text` is a compact JOSE token or an SD-JWT, whole or cut short."""
    if not _BEGINS.match(text):
        return False
    signed = text.partition(disclosures.SEPARATOR)[0]
    return signed.isascii() and signed.encode("ascii").translate(None, codec.BASE64URL) in _DOTS


def begins_like_token(text: str) -> bool:
    """Whether `text` starts with what can only be a token's header."""
    return bool(_HEADER.match(text))


def take_apart(token: str) -> tuple[CompactJws, Json]:
    """Split a token and parse its payload strictly.

    Returns:
        The JWS, and its payload as an object; for an SD-JWT (RFC 9901 section 4) with what was disclosed.

    Raises:
        UnsupportedFormat: it is encrypted (five segments).
        UnreadableSubmission: it is no JWS with a JSON object inside.
        SubmissionTooLarge: over a limit.
    """
    signed, tilde, _ = token.partition(disclosures.SEPARATOR)
    try:
        header, payload, signing_input, signature = codec.split_compact_jws(signed)
    except UnreadableSubmission:
        if signed.count(".") >= _JWS_SEGMENTS:
            raise UnsupportedFormat("The token is encrypted and cannot be read here.", code="encrypted") from None
        raise
    document = codec.parse_json(payload)
    if not isinstance(document, dict):
        raise UnreadableSubmission("The token holds no JSON object.", code="not_jws")
    sd_jwt = None
    if tilde:
        document, sd_jwt = disclosures.open_up(token, document)
    return CompactJws(token, header, payload, signing_input, signature, document, sd_jwt), document


def is_json_serialization(value: Json) -> bool:
    """Whether `value` is a JWS in JSON serialisation (RFC 7515 section 7.2), as Europass seals its credentials."""
    return isinstance(value.get("payload"), str) and (
        isinstance(value.get("signatures"), list) or isinstance(value.get("signature"), str)
    )


def open_json_serialization(value: Json) -> tuple[CompactJws, Any]:
    """Take the first signature of a JWS in JSON serialisation apart.

    The payload stands there as it is (`b64: false`, RFC 7797) or in base64url. `CompactJws.token` is the detached form
    (`header..signature`): there is no compact token to verify, and the format is passed on only to be named.
    """
    signatures = value.get("signatures")
    first = signatures[0] if isinstance(signatures, list) and signatures else value
    protected = first.get("protected") if isinstance(first, dict) else None
    signature = first.get("signature") if isinstance(first, dict) else None
    if not isinstance(protected, str) or not isinstance(signature, str):
        raise UnreadableSubmission("The sealed document has no readable seal.", code="not_jws")
    header = codec.parse_json(codec.b64url_decode(protected))
    if not isinstance(header, dict):
        raise UnreadableSubmission("The sealed document has no readable seal.", code="not_jws")
    text: str = value["payload"]
    payload = text.encode() if header.get("b64") is False else codec.b64url_decode(text, max_bytes=codec.MAX_JSON_BYTES)
    jws = CompactJws(
        token=f"{protected}..{signature}",
        header=header,
        payload=payload,
        signing_input=f"{protected}.".encode() + payload,
        signature=codec.b64url_decode(signature),
    )
    return jws, codec.parse_json(payload)
