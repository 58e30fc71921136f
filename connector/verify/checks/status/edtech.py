"""1EdTech Revocation List Status Method 1.0 (Open Badges 3.0, CLR 2.0): a list of ids, not signed.

The address stands in the signed record, and TLS says that its host answered. A list on the issuer's own host is taken
as the issuer's; one on another host may revoke, but leaves a doubt when it does not.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote

from connector import hosting
from connector.model.frozen import frozen
from connector.model.report import CheckResult
from connector.verify.checks.status.lists import Record, StatusLists, parse_names
from connector.verify.codes import result
from connector.verify.errors import CheckError
from connector.verify.spelling import comparable, identifier, reference

Json = dict[str, Any]

NAME: Final = "1EdTechRevocationList"
_ACCEPT: Final = "application/json"
_MEMBERS: Final = ("revokedCredentials", "revokedCredential")
"""As the method names it, and as some issuers write it."""


@frozen
class _List:
    """Whom the list revokes.

    Attributes:
        unclear: ids of entries that say neither yes nor no.
    """

    id: str | None
    issuer: str | None
    revoked: frozenset[str]
    unclear: frozenset[str]


def look_up(value: Json, record: Record, lists: StatusLists) -> list[CheckResult]:
    """One entry.

    Raises:
        CheckError: it cannot be found out whether the record was revoked.
    """
    url = reference(value.get("id"))
    if not isinstance(url, str) or not url:
        raise CheckError("status_entry_malformed", "id of the revocation list")
    if record.id is None:
        raise CheckError("status_entry_malformed", "the record has no id that could be listed")
    known = lists.once((NAME, url, record.issuer or ""), lambda: _load(url, record, lists))
    wanted = comparable(record.id)
    if wanted in known.revoked:
        return [result("status_revoked", f"revocation, {url[:200]}")]
    if wanted in known.unclear:
        raise CheckError("status_list_malformed", "the record is listed, but not as revoked or not")
    answers = [result("status_clear", f"revocation, {url[:200]}")]
    if known.issuer is not None and known.issuer != record.issuer and not lists.is_delegate(known.issuer):
        answers.append(result("status_list_other_issuer", known.issuer[:200]))
    if known.id is not None and known.id != url:
        answers.append(result("status_list_other_address", known.id[:200]))
    if _host(url) != _host_of_issuer(record.issuer):
        answers.append(result("status_list_other_site", _host(url)))
    return answers


def _load(url: str, record: Record, lists: StatusLists) -> _List:
    document = parse_names(lists.fetch(url, _ACCEPT).content)
    own_id = document.get("id")
    own_id = own_id if isinstance(own_id, str) else None
    issuer = identifier(document.get("issuer"))
    entries: list[object] = []
    for name in _MEMBERS:
        if name in document:
            entries += _entries(document[name])
    if not any(name in document for name in _MEMBERS) and (own_id != url or issuer is None or issuer != record.issuer):
        raise CheckError(
            "status_list_malformed", "it is not a revocation list"
        )  # an empty one may leave the member out
    revoked: set[str] = set()
    unclear: set[str] = set()
    for entry in entries:
        name, said = _read(entry)
        if said is True:
            revoked.add(name)
        elif said is not False:
            unclear.add(name)
    return _List(own_id, issuer, frozenset(revoked), frozenset(unclear))


def _entries(value: object) -> list[object]:
    """The entries of a list; one that stands alone is one."""
    if isinstance(value, dict | str):
        return [value]
    if not isinstance(value, list):
        raise CheckError("status_list_malformed", "revokedCredentials is no list")
    return value


def _read(entry: object) -> tuple[str, object]:
    """An id and whether it is revoked: yes, where nothing is said."""
    if isinstance(entry, str):
        return comparable(entry), True
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise CheckError("status_list_malformed", "an entry of revokedCredentials has no id")
    return comparable(entry["id"]), entry.get("revoked", True)


def _host(url: str) -> str:
    try:
        parts = hosting.split(url)
        return f"{parts.hostname or ''}:{parts.port or 443}"
    except ValueError:
        return ""


def _host_of_issuer(issuer: str | None) -> str | None:
    """The host that an issuer's identifier names; None for one that names none."""
    if issuer is not None and issuer.startswith("https:"):
        return _host(issuer)
    if issuer is not None and issuer.startswith("did:web:"):
        return _host(f"https://{unquote(issuer.removeprefix('did:web:').split(':', 1)[0])}/")
    return None
