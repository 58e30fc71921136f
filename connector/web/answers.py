"""Four answers about a credential in words: is it genuine, is it current, is the issuer known, is it this applicant.

They are read from the report's checks, for the candidate's page and the recruiter's report alike. A check that could
not be made is its own answer; nothing here is a judgement of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GOOD, NOTE, UNKNOWN, BAD = "ok", "warn", "unknown", "no"


@dataclass(frozen=True, slots=True)
class Answer:
    """`mark` is one of ok, warn, unknown, no; `key` names the words, `parts` fill them."""

    mark: str
    key: str
    parts: dict[str, str]


_CURRENT = {
    "expired": (NOTE, "a.current.expired"),
    "not_yet_valid": (NOTE, "a.current.future"),
    "revoked": (BAD, "a.current.revoked"),
    "suspended": (NOTE, "a.current.suspended"),
    "status_unknown": (UNKNOWN, "a.current.unknown"),
    "verified": (GOOD, "a.current.yes"),
}
_GENUINE = {
    "malformed": (BAD, "a.genuine.broken"),
    "no_credential": (BAD, "a.genuine.broken"),
    "unsupported": (UNKNOWN, "a.genuine.unsupported"),
    "unsigned": (NOTE, "a.genuine.unsigned"),
    "unresolvable": (UNKNOWN, "a.genuine.unknown"),
    "invalid": (BAD, "a.genuine.no"),
    "nonconformant": (BAD, "a.genuine.broken"),
}
_SUBJECT = {
    "name_only": (NOTE, "a.subject.name"),
    "other_identity": (NOTE, "a.subject.other"),
    "none": (UNKNOWN, "a.subject.none"),
    "contradicted": (BAD, "a.subject.no"),
}


def four_answers(credential: dict[str, Any], *, employer: str, host: str, date: str) -> list[Answer]:
    """The four answers for one entry of the report's `credentials`, in the order genuine, current, issuer, subject.

    Args:
        employer: the employer's name as it is to be read.
        host: for a hosted badge, the site that confirmed it.
        date: the day of the check, written out.
    """
    verdict = credential["verdict"]
    hosted = credential["securing"] == ["hosted"]
    if verdict in _GENUINE:
        mark, key = _GENUINE[verdict]
        genuine = Answer(mark, key, {})
        current = Answer(UNKNOWN, "a.current.unknown", {})
    else:
        key = "a.genuine.hosted" if hosted else "a.genuine.yes"
        genuine = Answer(GOOD, key, {"host": host, "date": date})
        current = Answer(*_CURRENT[verdict], {})
    return [genuine, current, _issuer(credential, employer), _subject(credential)]


def _issuer(credential: dict[str, Any], employer: str) -> Answer:
    codes = {c["code"] for c in credential["checks"] if c["check"] == "issuer"}
    if "issuer_is_test" in codes:
        return Answer(BAD, "a.issuer.test", {})
    if codes & {"issuer_key_mismatch", "issuer_unbound"}:
        return Answer(NOTE, "a.issuer.other_key", {})
    if credential["issuer"]["recognised"]:
        return Answer(GOOD, "a.issuer.yes", {"employer": employer})
    return Answer(NOTE, "a.issuer.no", {"employer": employer})


def _subject(credential: dict[str, Any]) -> Answer:
    mark, key = _SUBJECT.get(credential["subject"]["match"], (GOOD, "a.subject.strong"))
    return Answer(mark, key, {})
