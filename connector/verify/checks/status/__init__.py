"""Check `status`: has the issuer revoked or suspended the record?

Every entry is looked up, in whatever way the issuer publishes it, one file per way: `bitstring` (Bitstring Status List,
Status List 2021, Revocation List 2020), `edtech` (1EdTech Revocation List), `token_list` (IETF Token Status List) and
`revoked_assertions` (signed Open Badges 2.0). What cannot be found out is `status_unknown`, never "not revoked".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from connector.model.report import CheckName, CheckResult, Outcome, Verdict
from connector.verify.checks.status import bitstring, edtech, revoked_assertions, token_list
from connector.verify.checks.status.lists import Record, StatusLists
from connector.verify.codes import CODES, result
from connector.verify.errors import CheckError
from connector.verify.spelling import every, identifier

__all__ = ["MAX_ENTRIES", "StatusLists", "measure", "measure_badge"]

Json = dict[str, Any]

MAX_ENTRIES: Final = 16
_CLEAR: Final = "status_clear"
_NONE: Final = (result("status_none"),)


def measure(document: Json, claims: Json | None, get_lists: Callable[[], StatusLists]) -> tuple[CheckResult, ...]:
    """Look up every status entry of `document`, whose proof holds; the gravest answer comes first.

    Args:
        claims: the payload of the token that secures it, whose `status` claim counts too.
        get_lists: asked for only when there is an entry; most records have none.
    """
    in_token = claims is not None and "status" in claims
    if "credentialStatus" not in document and not in_token:
        return _NONE
    own = document.get("id")
    record = Record(own if isinstance(own, str) else None, identifier(document.get("issuer", _iss(claims))))
    answers: list[CheckResult] = []
    lists = get_lists()
    if "credentialStatus" in document:
        answers += _entries(document["credentialStatus"], record, lists)
    if claims is not None and in_token:
        try:
            answers += token_list.look_up(claims["status"], record, lists)
        except CheckError as error:
            answers.append(result(error.code, error.detail))
    return _sort(answers)


def measure_badge(assertion: Json, profile: Json, lists: StatusLists) -> tuple[CheckResult, ...]:
    """The same for a signed Open Badge 2.0, whose issuer's profile names the list."""
    try:
        return _sort(revoked_assertions.look_up(assertion, profile, lists))
    except CheckError as error:
        return (result(error.code, error.detail),)


def _iss(claims: Json | None) -> object:
    return claims.get("iss") if claims is not None else None


def _entries(value: Any, record: Record, lists: StatusLists) -> Iterator[CheckResult]:
    entries = value if isinstance(value, list) else [value]
    if not entries or len(entries) > MAX_ENTRIES:
        yield result("status_entry_malformed", f"{len(entries)} entries")
        return
    for entry in entries:
        try:
            yield from _look_up(entry, record, lists)
        except CheckError as error:
            yield result(error.code, error.detail)


def _look_up(entry: object, record: Record, lists: StatusLists) -> list[CheckResult]:
    """One entry; of several types each that is known here is looked up, for their order means nothing."""
    if not isinstance(entry, dict):
        raise CheckError("status_entry_malformed", "no object")
    types = [name for name in every(entry.get("type")) if isinstance(name, str)]
    answers: list[CheckResult] = []
    for name in dict.fromkeys(types):
        if name in bitstring.KINDS:
            answers += bitstring.look_up(entry, name, record, lists)
        elif name == edtech.NAME:
            answers += edtech.look_up(entry, record, lists)
    if not answers:
        raise CheckError("status_type_unknown", ", ".join(types)[:100])
    return answers


def _sort(answers: Iterable[CheckResult]) -> tuple[CheckResult, ...]:
    """The gravest first; "not revoked" is said only when nothing else stands against it."""
    unique = list({(answer.code, answer.detail): answer for answer in answers}.values())
    graver = [answer for answer in unique if answer.outcome in (Outcome.FAILED, Outcome.UNDETERMINED)]
    if graver:
        unique = [answer for answer in unique if answer.code != _CLEAR]
    return tuple(sorted(unique, key=_gravity))


_ORDER: Final = (Outcome.FAILED, Outcome.UNDETERMINED, Outcome.PASSED, Outcome.NOT_APPLICABLE)


def _gravity(answer: CheckResult) -> tuple[bool, int, int, bool]:
    verdict = CODES[answer.code].verdict
    rank = list(Verdict).index(verdict) if verdict else len(Verdict)
    return answer.check is not CheckName.STATUS, _ORDER.index(answer.outcome), rank, answer.code != _CLEAR
