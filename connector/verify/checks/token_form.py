"""Part of check `structure`: what a token says beside the record in it, and whether the two agree.

Open Badges 3.0 "JSON Web Token Proof Format" (required claims, and what each repeats), VCDM 1.1 section 6.3.1,
VC-JOSE-COSE section 3.1.3. A breach is a matter of form: it never makes a signature wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connector.model.credential import CredentialFormat
from connector.model.report import CheckResult
from connector.verify.checks.proof import ProofFinding, identifier
from connector.verify.codes import result
from connector.verify.dates import parse_date_time, parse_local_date_time, parse_numeric_date

Json = dict[str, Any]

OPEN_BADGES: Final = (CredentialFormat.OPEN_BADGE_3, CredentialFormat.CLR_2, CredentialFormat.ENDORSEMENT)
_OPEN_BADGES_HEADER: Final = frozenset({"alg", "kid", "jwk", "typ"})
_SAME_DATES: Final = {"nbf": ("validFrom", "issuanceDate"), "exp": ("validUntil", "expirationDate")}
_CLAIM_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "iss": (str,),
    "jti": (str,),
    "exp": (int, float),
    "nbf": (int, float),
}


def is_plain(document: Json, claims: Json, header: Json) -> bool:
    """Whether a few looks show that `measure` finds nothing in any kind of record; False leaves it open.

    Open Badges 3.0 asks for the claims `iss`, `jti`, `nbf` and `sub`, and what they repeat is in the record.
    """
    begins, subject = claims.get("nbf"), document.get("credentialSubject")
    if begins.__class__ is not int or "iat" in claims or subject.__class__ is not dict or "kid" not in header:
        return False
    if not header.keys() <= _OPEN_BADGES_HEADER or ("vc" in claims and header.get("typ", "JWT") != "JWT"):
        return False
    if claims.get("iss").__class__ is not str or claims.get("jti").__class__ is not str:
        return False
    if claims.get("sub").__class__ is not str or claims["jti"] != document.get("id") or "vp" in claims:
        return False
    if parse_date_time(document.get("validFrom")) != parse_numeric_date(begins) and _differ(document, "nbf", begins):
        return False
    ends = claims.get("exp", 0)
    return ends.__class__ is int and not (_differ(document, "exp", ends) if "exp" in claims else _ends(document))


def measure(document: Json, format: CredentialFormat, proof: ProofFinding) -> Iterator[CheckResult]:
    """What a token's claims and header add: missing, unreadable or disagreeing ones, and remarks."""
    claims, header = proof.claims or {}, proof.header or {}
    by_badge_rules = format in OPEN_BADGES and not proof.securing[0].startswith("sd-jwt")  # unknown to Open Badges
    if not _has_plain_claims(claims):
        yield from _claim_faults(claims)
    yield from _disagreements(document, claims)
    kind = str(header.get("typ", "JWT")).lower().removeprefix("application/")
    if kind.startswith("vc") and not proof.securing[0].startswith("sd-jwt"):
        forbidden = [name for name in ("vc", "vp") if name in claims]
        if forbidden:
            yield result("jwt_claim_forbidden", f"{', '.join(forbidden)} in {kind}")
    if by_badge_rules:
        yield from _badge_faults(document, claims)
        unusual = _unusual(claims, header, kind)
        if unusual:
            yield result("jose_header_unusual", ", ".join(unusual[:5]))


def _disagreements(document: Json, claims: Json) -> Iterator[CheckResult]:
    """Claims that stand for a member of the record, and say something else than it does.

    Of dates both count, so that a difference can only shorten the time in which the record is valid: a remark.
    Not `iss` and `sub`: the checks `issuer` and `subject` look at them, and refuse what does not agree.
    """
    if "jti" in claims and "id" in document and claims["jti"] != document["id"]:
        yield result("jwt_id_mismatch", "jti")
    other = [claim for claim in _SAME_DATES if claim in claims and _differ(document, claim, claims[claim])]
    if other:
        yield result("jwt_dates_differ", ", ".join(other))


def _badge_faults(document: Json, claims: Json) -> Iterator[CheckResult]:
    """What Open Badges 3.0 requires; a missing `sub` or `exp` occurs in published badges, and costs nothing."""
    missing = [name for name in ("iss", "jti", "nbf") if claims.get(name) is None]
    if missing:
        yield result("jwt_claim_missing", ", ".join(missing))
    if "sub" not in claims and _first_subject_id(document) is not None:
        yield result("jwt_sub_missing")
    if "exp" not in claims and _ends(document):
        yield result("jwt_dates_differ", "exp is missing")


def _unusual(claims: Json, header: Json, kind: str) -> list[str]:
    """What Open Badges 3.0 does not allow in a header."""
    unusual = [name[:40] for name in header if name not in _OPEN_BADGES_HEADER]
    unusual.sort()
    if "kid" not in header and "jwk" not in header:
        unusual.append("neither kid nor jwk")
    if "vc" in claims and kind != "jwt":
        unusual.append(f"typ {kind[:40]}")
    return unusual


def _differ(document: Json, claim: str, value: object) -> bool:
    """Whether a token's date is not the record's, by the second (`nbf`: begin, `exp`: end)."""
    instant = parse_numeric_date(value)
    if instant is None:
        return False
    member = _SAME_DATES[claim][0]
    if member in document and parse_date_time(document[member]) == instant:
        return False
    written = [parse_local_date_time(document[name]) for name in _SAME_DATES[claim] if name in document]
    whole = [w.replace(microsecond=0) if w and w.microsecond else w for w in written]
    return bool(whole) and (instant.replace(microsecond=0) if instant.microsecond else instant) not in whole


def _ends(document: Json) -> bool:
    return "validUntil" in document or "expirationDate" in document


def _has_plain_claims(claims: Json) -> bool:
    """Whether a look at each shows that `_claim_faults` finds nothing; False leaves it open."""
    if not claims.get("iat", 0).__class__ is claims.get("exp", 0).__class__ is claims.get("nbf", 0).__class__ is int:
        return False
    name = claims.get("jti", ":")
    return claims.get("iss", "").__class__ is claims.get("sub", "").__class__ is name.__class__ is str and ":" in name


def _claim_faults(claims: Json) -> Iterator[CheckResult]:
    """`nbf: null` and an `iat` in words occur in published tokens; nothing is decided by them, so they are remarks."""
    bad = [
        name
        for name, right in _CLAIM_TYPES.items()
        if name in claims and (not isinstance(claims[name], right) or isinstance(claims[name], bool))
    ]
    odd = ["nbf"] if "nbf" in bad and claims["nbf"] is None else []
    if "iat" in claims and not isinstance(claims["iat"], int | float):
        odd.append("iat")
    if "sub" in claims and not isinstance(claims["sub"], str):
        odd.append("sub")
    if isinstance(claims.get("jti"), str) and ":" not in claims["jti"]:
        odd.append("jti")
    bad = [name for name in bad if name not in odd]
    if bad:
        yield result("jwt_claim_malformed", ", ".join(bad))
    if odd:
        yield result("jwt_claim_unusual", ", ".join(odd))


def _first_subject_id(document: Json) -> str | None:
    subject = document.get("credentialSubject")
    first = subject[0] if isinstance(subject, list) and subject else subject
    return identifier(first) if isinstance(first, dict) else None
