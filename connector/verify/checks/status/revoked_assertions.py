"""The revocation list of a signed Open Badge 2.0 (class RevocationList): what the issuer's profile names.

It is not signed; the profile that names it was obtained from the issuer's own site.
"""

from __future__ import annotations

from typing import Any, Final

from connector import hosting
from connector.model.report import CheckResult
from connector.ports import FetchedDocument
from connector.verify.checks.status.lists import StatusLists, parse_object
from connector.verify.codes import result
from connector.verify.errors import CheckError
from connector.verify.spelling import every, reference

Json = dict[str, Any]

_ACCEPT: Final = "application/ld+json, application/json"
_TYPE: Final = "RevocationList"


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
    document = lists.once(("revokedAssertions", url), lambda: _load(url, lists))
    if any([_is_named(entry, assertion) for entry in _entries(document)]):  # noqa: C419  # faster than a generator
        return [result("status_revoked", f"revocation, {url[:200]}")]
    answers = [result("status_clear", f"revocation, {url[:200]}")]
    own, issuer = document.get("id", url), reference(document.get("issuer", profile.get("id")))
    if not isinstance(own, str) or not hosting.same_document(own, url):
        answers.append(result("status_list_other_address", str(own)[:200]))
    if not isinstance(issuer, str) or not hosting.same_document(issuer, str(profile.get("id"))):
        answers.append(result("status_list_other_issuer", str(issuer)[:200]))
    return answers


def _load(url: str, lists: StatusLists) -> Json:
    document = parse_object(_fetch(url, lists).content)
    if _TYPE not in every(document.get("type")):
        raise CheckError("status_list_malformed", "it is not a revocation list")
    _entries(document)
    return document


def _fetch(url: str, lists: StatusLists) -> FetchedDocument:
    """A plain http address is asked over https (a recorded world may name it as it is)."""
    secure = hosting.secure(url)
    try:
        return lists.fetch(url, _ACCEPT)
    except CheckError:
        if secure == url:
            raise
    return lists.fetch(secure, _ACCEPT)


def _entries(document: Json) -> list[Any]:
    """Ids, or objects with `id` or `uid`.

    Raises:
        CheckError: the list is none, or an entry names nobody.
    """
    if "revokedAssertions" not in document:
        raise CheckError("status_list_malformed", "revokedAssertions")
    entries = every(document["revokedAssertions"])
    for entry in entries:
        names = [entry.get("id"), entry.get("uid")] if isinstance(entry, dict) else [entry]
        if not any(isinstance(name, str) and name for name in names):
            raise CheckError("status_list_malformed", "an entry of revokedAssertions has no id")
    return entries


def _is_named(entry: Any, assertion: Json) -> bool:
    """`revoked` is true by default for what is in the list; only a plain no takes an entry out."""
    if isinstance(entry, dict) and entry.get("revoked", True) is False:
        return False
    own, uid = assertion.get("id", assertion.get("@id")), assertion.get("uid")
    if isinstance(entry, str):
        return _same(entry, own) or (uid is not None and entry == uid)
    return _same(entry.get("id"), own) or (uid is not None and entry.get("uid") == uid)


def _same(one: object, other: object) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return one.strip() == other.strip() or hosting.same_document(one.strip(), other.strip())
