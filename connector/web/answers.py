"""Four answers about a credential in words: is it genuine, is it current, is the issuer known, is it this applicant.

They are read from the report, for the candidate's page and the recruiter's report alike. A check that could not be
made is its own answer; nothing here is a judgement of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

GOOD, NOTE, UNKNOWN, BAD = "ok", "warn", "unknown", "no"


class Reader(StrEnum):
    """Who reads the answers: some are said otherwise to the person they are about."""

    CANDIDATE = "candidate"
    RECRUITER = "recruiter"


@dataclass(frozen=True, slots=True)
class Answer:
    """`mark` is one of ok, warn, unknown, no; `key` names the words, `parts` fill them."""

    mark: str
    key: str
    parts: Mapping[str, str]


_NOT_LOOKED_AT: Final = (UNKNOWN, "a.unproven")
_NOT_GENUINE: Final = {
    "malformed": (BAD, "a.genuine.broken"),
    "no_credential": (BAD, "a.genuine.broken"),
    "unsupported": (UNKNOWN, "a.genuine.unsupported"),
    "unsigned": (NOTE, "a.genuine.unsigned"),
    "unresolvable": (UNKNOWN, "a.genuine.unknown"),
    "invalid": (BAD, "a.genuine.no"),
    "nonconformant": (BAD, "a.genuine.broken"),
}
_CURRENT: Final = {
    "unresolvable": (UNKNOWN, "a.current.unknown"),
    "expired": (NOTE, "a.current.expired"),
    "not_yet_valid": (NOTE, "a.current.future"),
    "revoked": (BAD, "a.current.revoked"),
    "suspended": (NOTE, "a.current.suspended"),
    "status_unknown": (UNKNOWN, "a.current.unknown"),
    "verified": (GOOD, "a.current.yes"),
}
_ISSUER: Final = {
    "proof_not_verified": _NOT_LOOKED_AT,
    "issuer_is_test": (BAD, "a.issuer.test"),
    "issuer_key_mismatch": (BAD, "a.issuer.other_key"),
    "issuer_claim_mismatch": (BAD, "a.issuer.other_key"),
    "issuer_unbound": (UNKNOWN, "a.issuer.unbound"),
    "issuer_missing": (UNKNOWN, "a.issuer.missing"),
}
_SUBJECT: Final = {
    "name_only": (NOTE, "a.subject.name"),
    "other_identity": (NOTE, "a.subject.other"),
    "none": (UNKNOWN, "a.subject.none"),
    "contradicted": (BAD, "a.subject.no"),
}


def four_answers(credential: dict[str, Any], reader: Reader, **parts: str) -> list[Answer]:
    """The four answers for one entry of the report's `credentials`, in the order genuine, current, issuer, subject.

    Args:
        parts: `employer`, the employer's name; `host` and `date`, for a hosted badge the site that confirmed it and
            the day on which it did.
    """
    found = (_genuine(credential), _current(credential), _issuer(credential), _subject(credential, reader))
    return [Answer(mark, key, parts) for mark, key in found]


def _genuine(credential: dict[str, Any]) -> tuple[str, str]:
    hosted = credential["securing"] == ["hosted"]
    genuine = _NOT_LOOKED_AT if _unproven(credential, "proof") else (GOOD, f"a.genuine.{'hosted' if hosted else 'yes'}")
    return _NOT_GENUINE.get(credential["verdict"], genuine)


def _current(credential: dict[str, Any]) -> tuple[str, str]:
    return _CURRENT.get(credential["verdict"], _NOT_LOOKED_AT)


def _issuer(credential: dict[str, Any]) -> tuple[str, str]:
    codes = _codes(credential, "issuer")
    for code, answer in _ISSUER.items():
        if code in codes:
            return answer
    return (GOOD, "a.issuer.yes") if credential["issuer"]["recognised"] else (NOTE, "a.issuer.no")


def _subject(credential: dict[str, Any], reader: Reader) -> tuple[str, str]:
    if _unproven(credential, "subject"):
        return _NOT_LOOKED_AT
    mark, key = _SUBJECT.get(credential["subject"]["match"], (GOOD, "a.subject.strong"))
    return mark, f"{key}.{reader}"


def _unproven(credential: dict[str, Any], check: str) -> bool:
    """What a record says of itself was not looked at, because its proof does not hold."""
    return "proof_not_verified" in _codes(credential, check)


def _codes(credential: dict[str, Any], check: str) -> set[str]:
    return {c["code"] for c in credential["checks"] if c["check"] == check}
