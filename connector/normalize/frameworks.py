"""Which framework an alignment points to, and whether what it points to is a competency (DOMAIN section 5).

A framework is recognised by the exact host and the path of its addresses, never by a part of a name: an address that
merely contains `esco` is not ESCO. CASE has no host of its own; its path is fixed by the 1EdTech CASE API. A framework
that gives no address is recognised by its exact name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final
from urllib.parse import unquote

from connector import hosting
from connector.model.claims import Alignment
from connector.normalize.values import first_of, local_type, reference, text

_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


class Kind(Enum):
    """What an alignment points to."""

    COMPETENCY = auto()
    UNSAID = auto()
    """A node of some framework; nothing says what it is."""
    FRAMEWORK_ITEM = auto()
    """`CFItem`: a CASE item, which is a competency unless the framework is used as a catalogue."""
    RUBRIC = auto()
    OTHER = auto()
    """A credential, course or occupation: no skill."""


@dataclass(frozen=True, slots=True)
class _Address:
    framework: str
    hosts: frozenset[str]
    path: re.Pattern[str]
    kind: Kind


def _address(framework: str, hosts: str, path: str, kind: Kind) -> _Address:
    return _Address(framework, frozenset(hosts.split()), re.compile(path + r"/?\Z"), kind)


_ONET_HOSTS = "www.onetonline.org onetonline.org www.onetcenter.org onetcenter.org services.onetcenter.org"
_CE_HOSTS = "credentialfinder.org www.credentialfinder.org"
_LIGHTCAST_CODE = r"(?P<code>(?:KS|ES|BGS)[0-9A-Z]{3,30})"

_ADDRESSES: Final = (
    _address("esco", "data.europa.eu", rf"/esco/skill/(?P<code>{_UUID}|[A-Za-z0-9.\-]+)", Kind.COMPETENCY),
    _address("esco", "data.europa.eu", r"/esco/(?:occupation|isco|isced-f)/(?P<code>[^/]+)", Kind.OTHER),
    _address("onet", _ONET_HOSTS, r"/link/(?:summary|details)/(?P<code>\d\d-\d{4}\.\d\d)", Kind.OTHER),
    _address(
        "onet",
        _ONET_HOSTS,
        r"/(?:find/descriptor/result|content\.html|explore/onet)/(?P<code>\d(?:\.[0-9A-Za-z]+)*)",
        Kind.COMPETENCY,
    ),
    _address("ctdl", _CE_HOSTS, rf"/competency/(?P<code>{_UUID}|ce-{_UUID}|\d+)(?:/[^/]*)?", Kind.COMPETENCY),
    _address("ctdl", _CE_HOSTS, r"/(?:credential|course|assessment|pathway)/(?P<code>[^/]+)(?:/[^/]*)?", Kind.OTHER),
    _address("ctdl", "credentialengineregistry.org", rf"(?:/ce-registry)?/resources/(?P<code>ce-{_UUID})", Kind.UNSAID),
    _address(
        "lightcast",
        "lightcast.io www.lightcast.io",
        rf"/open-skills/skills/{_LIGHTCAST_CODE}(?:/[^/]*)?",
        Kind.COMPETENCY,
    ),
    _address("lightcast", "skills.lightcast.io skills.emsidata.com", rf"/skills/{_LIGHTCAST_CODE}", Kind.COMPETENCY),
)
_CASE_PATH = re.compile(rf"(?:/[^?#]*)?/ims/case/v1p[01]/CFItems/(?P<code>{_UUID})/?\Z")
_CASE_NETWORK = _address(
    "case", "casenetwork.1edtech.org casenetwork.imsglobal.org", rf"/uri/(?P<code>{_UUID})", Kind.FRAMEWORK_ITEM
)

_NAMES: Final = {
    "esco": "esco",
    "o*net": "onet",
    "onet": "onet",
    "o*net online": "onet",
    "ctdl": "ctdl",
    "ctdl-asn": "ctdl",
    "case": "case",
    "lightcast": "lightcast",
    "lightcast open skills": "lightcast",
    "emsi open skills": "lightcast",
}

_TARGET_TYPES: Final = {
    "Competency": Kind.COMPETENCY,
    "CFItem": Kind.FRAMEWORK_ITEM,
    "CFRubric": Kind.RUBRIC,
    "CFRubricCriterion": Kind.RUBRIC,
    "CFRubricCriterionLevel": Kind.RUBRIC,
}
"""Open Badges 3.0, AlignmentTargetType. Everything else it may say (`ceterms:Credential`, `CTDL`) is no competency."""


@dataclass(frozen=True, slots=True)
class Target:
    """An alignment as a credential states it."""

    alignment: Alignment
    kind: Kind


def read_target(raw: dict[str, Any]) -> Target | None:
    """An alignment object of Open Badges 2.0 or 3.0; None when it neither names nor identifies anything."""
    name = text(first_of(raw, "targetName", "name"))
    url = web_address(reference(first_of(raw, "targetUrl", "url")))
    code = text(first_of(raw, "targetCode", "code"))
    if not name and not url:
        return None
    framework, found, kind = recognise(url)
    if framework is None and not url:
        framework = _NAMES.get((text(raw.get("targetFramework")) or "").casefold())
    said = text(raw.get("targetType"))
    alignment = Alignment(framework=framework or "other", code=found or code, url=url, name=name)
    return Target(alignment, _combine(kind, _TARGET_TYPES.get(local_type(said), Kind.OTHER) if said else None))


def _combine(by_address: Kind, said: Kind | None) -> Kind:
    """What the address shows outweighs what the alignment says of its target."""
    if said is None or by_address in (Kind.COMPETENCY, Kind.OTHER):
        return by_address
    if by_address is Kind.FRAMEWORK_ITEM and said is Kind.OTHER:
        return Kind.OTHER
    return said


def recognise(url: str | None) -> tuple[str | None, str | None, Kind]:
    """Framework, code and kind of an address; `(None, None, UNSAID)` when it is none that is known."""
    url = web_address(url)
    if url is None:
        return None, None, Kind.UNSAID
    parts = hosting.split(url)
    host, path = (parts.hostname or "").rstrip("."), unquote(parts.path)
    for address in (*_ADDRESSES, _CASE_NETWORK):
        if host in address.hosts and (match := address.path.match(path)):
            return address.framework, match["code"], address.kind
    if match := _CASE_PATH.match(path):
        return "case", match["code"], Kind.FRAMEWORK_ITEM
    return None, None, Kind.UNSAID


def web_address(value: Any) -> str | None:
    """An http(s) address; anything else (`javascript:`, a relative path, a broken one) is none."""
    if not isinstance(value, str) or not value or len(value) > 2_000 or any(c.isspace() or ord(c) < 33 for c in value):
        return None
    try:
        parts = hosting.split(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        return None
    return (
        value
        if parts.scheme in ("http", "https") and parts.hostname and port_is_fine and "@" not in parts.netloc
        else None
    )
