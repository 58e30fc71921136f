"""What is known of the sites that host Open Badges 2.0: which page shows which assertion, and which hosts are one site.

Credly answers assertions, badge classes and issuers without login, on several hosts and paths that name one document
(its OBI documentation, and public code that reads it; seen 2026-11). Badgr (Canvas Credentials, Parchment) has one API
host per region behind its page hosts. Everything else is found from the page itself: `<link rel="alternate">` or
embedded JSON-LD.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urljoin, urlsplit

from lxml import etree

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CREDLY_PAGE = re.compile(rf"/(?:badges|users/[^/]+/badges)/(?P<id>{_UUID})(?:/.*)?\Z")
_CREDLY_DOCUMENT = re.compile(
    r"(?:/api)?/v1/obi/v2/(?P<rest>(?P<kind>badge_assertions|badge_classes|issuers)/[\w/-]+)(?:\.json)?\Z"
)
_BADGR_DOCUMENT = re.compile(r"/public/(?P<kind>assertions|badges|issuers)/(?P<id>[A-Za-z0-9_-]{8,64})(?:\.json|/)?\Z")

_CREDLY_PAGES: Final = frozenset({"credly.com", "www.credly.com", "youracclaim.com", "www.youracclaim.com"})
_CREDLY_HOSTS: Final = _CREDLY_PAGES | {"api.credly.com", "api.youracclaim.com"}
_CREDLY_ROOTS: Final = (
    "https://api.credly.com/v1/obi/v2/",
    "https://www.credly.com/api/v1/obi/v2/",
    "https://api.credly.com/api/v1/obi/v2/",
)
"""Three spellings of one place; the first is the one its documentation uses."""
_BADGR_APIS: Final = {
    "api.badgr.io": "api.badgr.io",
    "badgr.com": "api.badgr.io",
    "badgr.io": "api.badgr.io",
    "badges.parchment.com": "api.badgr.io",
    "api.eu.badgr.io": "api.eu.badgr.io",
    "eu.badgr.com": "api.eu.badgr.io",
    "eu.badges.parchment.com": "api.eu.badgr.io",
    "api.ca.badgr.io": "api.ca.badgr.io",
    "ca.badgr.com": "api.ca.badgr.io",
    "ca.badges.parchment.com": "api.ca.badgr.io",
    "api.au.badgr.io": "api.au.badgr.io",
    "au.badgr.com": "api.au.badgr.io",
    "au.badges.parchment.com": "api.au.badgr.io",
}
"""Page host -> API host of its region."""

_ALTERNATE_TYPE = re.compile(r"application/(?:[\w.-]+\+)?(?:json|vc|jwt)\b", re.IGNORECASE)
_MAX_PAGE_BYTES: Final = 2_000_000
_MAX_FOUND: Final = 20


MAX_HOST_CHARS: Final = 255
"""RFC 1035 section 2.3.4."""
_DELIMITERS = re.compile(r"[/?#]")


def split(url: str) -> SplitResult:
    """The parts of an address that anybody may have written; ValueError for one that is none.

    `urlsplit` normalizes the host, and to put combining marks in order costs the square of their number.
    """
    _check_host(url)
    return urlsplit(url)


def join(base: str, url: str) -> str:
    """`url` as it is meant where `base` is read; ValueError for one that is none."""
    _check_host(url)
    return urljoin(base, url)


def _check_host(url: str) -> None:
    if not url.isascii() and any(len(part) > MAX_HOST_CHARS for part in _DELIMITERS.split(url)):
        raise ValueError("no host has so long a name")


def _parts(url: str) -> SplitResult | None:
    """The parts of an https address on its ordinary port; None for any other."""
    try:
        parts = split(url)
        ordinary = parts.scheme == "https" and parts.port in (None, 443)
    except ValueError:
        return None
    return parts if ordinary else None


def assertion_address(url: str) -> str | None:
    """The address of the assertion that a page or address of a known site stands for; None for any other site.

    What a page's query says of the person (`identity__email`) is left out.
    """
    parts = _parts(url)
    host = (parts.hostname or "").lower() if parts else ""
    if parts is None:
        return None
    if host in _CREDLY_PAGES and (page := _CREDLY_PAGE.match(parts.path)):
        return f"{_CREDLY_ROOTS[0]}badge_assertions/{page['id'].lower()}"
    document = _CREDLY_DOCUMENT.match(parts.path) if host in _CREDLY_HOSTS else None
    badgr = _BADGR_DOCUMENT.match(parts.path) if host in _BADGR_APIS else None
    if (document and document["kind"] == "badge_assertions") or (badgr and badgr["kind"] == "assertions"):
        query = [(name, value) for name, value in parse_qsl(parts.query) if not name.startswith("identity")]
        return f"https://{host}{parts.path}" + (f"?{urlencode(query)}" if query else "")
    return None


def spellings(url: str) -> tuple[str, ...]:
    """Every address under which a known site may keep that document, the given one first."""
    parts = _parts(url)
    host = (parts.hostname or "").lower() if parts else ""
    others: tuple[str, ...] = ()
    if parts and host in _CREDLY_HOSTS and (document := _CREDLY_DOCUMENT.match(parts.path)):
        others = tuple(root + document["rest"].lower() for root in _CREDLY_ROOTS)
    elif parts and host in _BADGR_APIS and (badgr := _BADGR_DOCUMENT.match(parts.path)):
        others = (f"https://{_BADGR_APIS[host]}/public/{badgr['kind']}/{badgr['id']}",)
    return tuple(dict.fromkeys((url, *others)))


def same_document(one: str, other: str) -> bool:
    """Whether two addresses name one document: equal, https for http, or two spellings of a known site."""
    return not set(spellings(secure(one))).isdisjoint(spellings(secure(other)))


def secure(url: str) -> str:
    """The https form of a plain http address."""
    return f"https:{url[5:]}" if url.startswith("http:") else url


def site_of(origin: str) -> str:
    """The site that a host (`host` or `host:port`) belongs to: itself, unless several hosts are known to be one."""
    host = origin.lower()
    if host in _CREDLY_HOSTS:
        return "credly.com"
    return _BADGR_APIS.get(host, host)


@dataclass(frozen=True, slots=True)
class Page:
    """What a web page offers a machine: addresses of JSON, and JSON-LD that it carries itself."""

    alternates: tuple[str, ...] = ()
    embedded: tuple[str, ...] = ()


def _absolute(base: str, href: str) -> str:
    try:
        return join(base, href)
    except ValueError:
        return href


def is_page(content_type: str, content: bytes) -> bool:
    """Whether an answer is a web page, by what it says and what it is."""
    if "html" in content_type.lower():
        return content.lstrip()[:1] not in (b"{", b"[")
    return content.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def read_page(content: bytes, base: str) -> Page:
    """Find JSON behind or inside a web page; nothing in it is run.

    libxml2 reads it, in time that grows with its length; Python's own `html.parser` takes minutes for some 200 kB.
    """
    text = content[:_MAX_PAGE_BYTES].decode("utf-8", errors="replace").replace("\0", "")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        return Page()
    if root is None:
        return Page()
    links = (_absolute(base, str(link.get("href"))) for link in root.iter("link") if _is_alternate(link))
    scripts = ((script.text or "").strip() for script in root.iter("script") if _kind(script) == "application/ld+json")
    return Page(tuple(islice(links, _MAX_FOUND)), tuple(islice(filter(None, scripts), _MAX_FOUND)))


def _is_alternate(link: etree._Element) -> bool:
    relations = (link.get("rel") or "").lower().split()
    return "alternate" in relations and bool(_ALTERNATE_TYPE.match(_kind(link))) and bool(link.get("href"))


def _kind(element: etree._Element) -> str:
    return (element.get("type") or "").strip().lower()
