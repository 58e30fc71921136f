"""Part of check `structure`: what a token says beside the record in it, and whether the two agree.

Open Badges 3.0 "JSON Web Token Proof Format" (required claims, and what each repeats), VCDM 1.1 section 6.3.1,
VC-JOSE-COSE section 3.1.3. A breach is a matter of form: it never makes a signature wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from connector.model.credential import CredentialFormat
from connector.model.report import CheckResult
from connector.verify.checks.proof import ProofFinding
from connector.verify.codes import result
from connector.verify.dates import parse_date_time, parse_local_date_time, parse_numeric_date
from connector.verify.spelling import identifier

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


def measure(document: Json, format: CredentialFormat, proof: ProofFinding) -> list[CheckResult]:
    """What a token's claims and header add: missing, unreadable or disagreeing ones, and remarks.

    Whether `iss` and `sub` agree with the record is not asked here: the checks `issuer` and `subject` refuse it if not.
    """
    claims, header = proof.claims or {}, proof.header or {}
    in_sd_jwt = proof.securing[0].startswith("sd-jwt")  # unknown to Open Badges
    found = [] if _has_plain_claims(claims) else list(_claim_faults(claims))
    if "jti" in claims and "id" in document and claims["jti"] != document["id"]:
        found.append(result("jwt_id_mismatch", "jti"))
    other = []
    for claim in _SAME_DATES:
        if claim in claims and _differ(document, claim, claims[claim]):
            other.append(claim)
    if other:  # both count, so that it can only shorten the time in which the record is valid
        found.append(result("jwt_dates_differ", ", ".join(other)))
    if ("vc" in claims or "vp" in claims) and not in_sd_jwt:
        found += _forbidden(claims, header)
    if format in OPEN_BADGES and not in_sd_jwt:
        found += _badge_faults(document, claims)
        unusual = _unusual(claims, header)
        if unusual:
            found.append(result("jose_header_unusual", ", ".join(unusual[:5])))
    return found


def _forbidden(claims: Json, header: Json) -> Iterator[CheckResult]:
    """VC-JOSE-COSE: the payload of a token of this type is the record, and holds none."""
    kind = _kind(header)
    if kind.startswith("vc"):
        yield result("jwt_claim_forbidden", f"{', '.join(name for name in ('vc', 'vp') if name in claims)} in {kind}")


def _badge_faults(document: Json, claims: Json) -> list[CheckResult]:
    """What Open Badges 3.0 requires; a missing `sub` or `exp` occurs in published badges, and costs nothing."""
    found: list[CheckResult] = []
    if claims.get("iss") is None or claims.get("jti") is None or claims.get("nbf") is None:
        missing = [name for name in ("iss", "jti", "nbf") if claims.get(name) is None]
        found.append(result("jwt_claim_missing", ", ".join(missing)))
    if "sub" not in claims and _first_subject_id(document) is not None:
        found.append(result("jwt_sub_missing"))
    if "exp" not in claims and ("validUntil" in document or "expirationDate" in document):
        found.append(result("jwt_dates_differ", "exp is missing"))
    return found


def _unusual(claims: Json, header: Json) -> list[str]:
    """What Open Badges 3.0 does not allow in a header."""
    unusual = []
    for name in header:
        if name not in _OPEN_BADGES_HEADER:
            unusual.append(name[:40])
    unusual.sort()
    if "kid" not in header and "jwk" not in header:
        unusual.append("neither kid nor jwk")
    if "vc" in claims and _kind(header) != "jwt":
        unusual.append(f"typ {_kind(header)[:40]}")
    return unusual


def _kind(header: Json) -> str:
    return str(header.get("typ", "JWT")).lower().removeprefix("application/")


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
