"""The revocation list of a signed Open Badge 2.0 (class RevocationList): what the issuer's profile names.

It is not signed; the profile that names it was obtained from the issuer's own site.
"""

from __future__ import annotations

from typing import Any, Final

from connector import hosting
from connector.model.frozen import frozen
from connector.model.report import CheckResult
from connector.ports import FetchedDocument
from connector.verify.checks.status.lists import StatusLists, parse_names
from connector.verify.codes import result
from connector.verify.errors import CheckError
from connector.verify.spelling import every, reference

Json = dict[str, Any]

_ACCEPT: Final = "application/ld+json, application/json"
_TYPE: Final = "RevocationList"


@frozen
class _List:
    """Whom the list revokes, and what it says of itself (None where it says nothing)."""

    id: str | None
    issuer: str | None
    ids: frozenset[str]
    uids: frozenset[str]


def look_up(assertion: Json, profile: Json, lists: StatusLists) -> list[CheckResult]:
    """Whether the issuer has taken `assertion`, whose signature holds, back.

    Raises:
        CheckError: it cannot be found out.
    """
    if assertion.get("revoked", False) is not False:
        return [result("status_revoked", "the badge says so itself")]
    if "revocationList" not in profile:
        return [result("status_none")]
    url = reference(profile["revocationList"])
    if not isinstance(url, str) or not url.startswith(("https:", "http:")):
        raise CheckError("status_entry_malformed", "revocationList of the issuer")
    known = lists.once(("revokedAssertions", url), lambda: _load(url, lists))
    own, uid = assertion.get("id", assertion.get("@id")), assertion.get("uid")
    if (isinstance(own, str) and _plain(own) in known.ids) or (isinstance(uid, str) and uid in known.uids):
        return [result("status_revoked", f"revocation, {url[:200]}")]
    answers = [result("status_clear", f"revocation, {url[:200]}")]
    if known.id is not None and not hosting.same_document(known.id, url):
        answers.append(result("status_list_other_address", known.id[:200]))
    if known.issuer is not None and not hosting.same_document(known.issuer, str(profile.get("id"))):
        answers.append(result("status_list_other_issuer", known.issuer[:200]))
    return answers


def _load(url: str, lists: StatusLists) -> _List:
    document = parse_names(_fetch(url, lists).content)
    if _TYPE not in every(document.get("type")) or "revokedAssertions" not in document:
        raise CheckError("status_list_malformed", "it is not a revocation list")
    ids: set[str] = set()
    uids: set[str] = set()
    for entry in every(document["revokedAssertions"]):
        _add(entry, ids, uids)
    return _List(_text(document.get("id")), _text(reference(document.get("issuer"))), frozenset(ids), frozenset(uids))


def _add(entry: object, ids: set[str], uids: set[str]) -> None:
    """An id or a uid as text, or an object with one: `revoked` is true by default, only a plain no takes it out.

    Raises:
        CheckError: the entry names nobody.
    """
    if isinstance(entry, str) and entry:
        ids.add(_plain(entry))
        uids.add(entry)
        return
    own, uid = (entry.get("id"), entry.get("uid")) if isinstance(entry, dict) else (None, None)
    names = [name for name in (own, uid) if isinstance(name, str) and name]
    if not isinstance(entry, dict) or not names:
        raise CheckError("status_list_malformed", "an entry of revokedAssertions has no id")
    if entry.get("revoked", True) is False:
        return
    if isinstance(own, str):
        ids.add(_plain(own))
    if isinstance(uid, str):
        uids.add(uid)


def _plain(identifier: str) -> str:
    """An id for comparing: plain http and https name one document."""
    return hosting.secure(identifier.strip())


def _text(value: object) -> str | None:
    """A name that the list gives itself; what is there and is no text is no name that could fit."""
    return value if isinstance(value, str) or value is None else str(value)[:200]


def _fetch(url: str, lists: StatusLists) -> FetchedDocument:
    """A plain http address is asked over https (a recorded world may name it as it is)."""
    secure = hosting.secure(url)
    try:
        return lists.fetch(url, _ACCEPT)
    except CheckError:
        if secure == url:
            raise
    return lists.fetch(secure, _ACCEPT)
