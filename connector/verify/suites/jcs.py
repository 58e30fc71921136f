"""What the suites over JSON share: canonical JSON (RFC 8785), and what is signed with it.

Data Integrity EdDSA Cryptosuites 1.0 section 3.3, ECDSA Cryptosuites 1.0 section 3.3. Every byte is covered, so a
member that no vocabulary defines is signed too; it is kept in the original and never read into a claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import orjson
import rfc8785

from connector.verify.errors import CheckError
from connector.verify.jsonld.pinned import index
from connector.verify.suites.base import Json, spend

_SORTED: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_BYTES_PER_UNIT: Final = 50
_BYTES_PER_SLOW_UNIT: Final = 16
"""Of canonical JSON and of the slow way to it, as `base.spend` counts."""
_BEYOND_SURROGATES: Final = re.compile(b"[\xee-\xf4]")
"""What UTF-8 begins U+E000 and all above with. Without them the order of bytes is that of UTF-16 units (RFC 8785)."""


def hashed_json(document: Json, proof: Json, digest: Callable[[bytes], Any]) -> bytes:
    """Hash of the canonical proof options followed by that of the canonical document.

    Raises:
        CheckError: the proof's `@context` is not the beginning of the document's, or there is no canonical form.
    """
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "@context" in options:
        _check_contexts(options["@context"], document.get("@context"))
        if options["@context"] != document.get("@context"):
            document = document | {"@context": options["@context"]}
    signed = canonical(document)
    spend(len(signed) // _BYTES_PER_UNIT)
    result: bytes = digest(canonical(options)).digest() + digest(signed).digest()
    return result


def _check_contexts(signed: object, presented: object) -> None:
    """What the document names beyond the proof's own `@context` is not signed: it must at least be known.

    The specification only asks for the beginning to be equal; an inline context behind it could be anybody's.
    """
    wanted, present = _as_list(signed), _as_list(presented)
    if not wanted or wanted[0] is None or present[: len(wanted)] != wanted:
        raise CheckError("proof_context_mismatch", "the proof's @context does not begin the document's")
    for added in present[len(wanted) :]:
        if not isinstance(added, str) or added not in index():
            raise CheckError("context_unknown", "$.@context: an unsigned entry")


def canonical(value: Json) -> bytes:
    """RFC 8785.

    Without fractions and without member names at or above U+D800 a fast serialiser that sorts gives the same bytes.

    Raises:
        CheckError: a number is not exact in every reader (section 3.2.2.3, I-JSON).
    """
    try:
        text = orjson.dumps(value, option=_SORTED)
    except (orjson.JSONEncodeError, TypeError):
        raise CheckError("term_not_allowed", "a number that is not exact in every reader") from None
    if not _holds_fraction(value) and (text.isascii() or not _BEYOND_SURROGATES.search(text)):
        return text
    spend(len(text) // _BYTES_PER_SLOW_UNIT)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        raise CheckError("term_not_allowed", "a number that is not exact in every reader") from None


def _holds_fraction(value: Json) -> bool:
    for item in value.values():
        kind = item.__class__
        if kind is str:
            continue
        if kind is float or (kind is dict and _holds_fraction(item)) or (kind is list and _list_holds_fraction(item)):
            return True
    return False


def _list_holds_fraction(items: list[Any]) -> bool:
    for item in items:
        kind = item.__class__
        if kind is float or (kind is dict and _holds_fraction(item)) or (kind is list and _list_holds_fraction(item)):
            return True
    return False


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
