"""The guard in front of every fetch: which addresses may be asked, and how much of an answer is read.

What a candidate sends names the URLs that are fetched here, so each is hostile until it was looked at (THREATS section
2). One parse of the URL decides everything; what it found is what is connected to.
"""

from __future__ import annotations

import ipaddress
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import idna

from connector import hosting
from connector.errors import FetchError
from connector.ports import Purpose

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 5.0
TOTAL_SECONDS: Final = 15.0
"""For one answer, redirects included; a candidate waits in front of a page while this runs."""
SESSION_SECONDS: Final = 60.0
"""For all answers that one submission needs: it may name hundreds of sites that each take their time."""
MAX_URL_CHARS: Final = 4_000
MAX_BYTES: Final = {
    Purpose.KEY: 1_000_000,
    Purpose.STATUS_LIST: 4_000_000,
    Purpose.HOSTED_BADGE: 2_000_000,
    Purpose.LINK: 10_000_000,
    Purpose.REFRESH: 1_000_000,
    Purpose.REGISTRY: 5_000_000,
}
"""After decompression. Key documents are some kB; a status list of 16 million entries is 2.7 MB at worst; a badge class
may embed its picture; a link may be a baked image."""
MAX_REDIRECTS: Final = {
    Purpose.KEY: 0,
    Purpose.STATUS_LIST: 0,
    Purpose.HOSTED_BADGE: 3,
    Purpose.LINK: 3,
    Purpose.REFRESH: 3,
    Purpose.REGISTRY: 0,
}
"""None for keys, status lists and registries: where they live is part of what they prove."""

_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80
_FIRST_FREE_PORT: Final = 1024
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))+\Z")
_NUMBER_LABEL = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
_LOCAL_SUFFIXES: Final = (
    ".localhost", ".local", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".corp", ".private",
    ".home.arpa", ".in-addr.arpa", ".ip6.arpa",
)  # fmt: skip
_SPECIAL_IPV4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments; one cloud's metadata lives there
        "192.88.99.0/24",  # 6to4 relays
        "168.63.129.16/32",  # a cloud's host agent, on a public address
    )
)
_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_TUNNELS: Final = tuple(ipaddress.IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked for, taken apart once.

    Attributes:
        url: its canonical text, without fragment.
        path: what goes into the request line, query included.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str


def refused(message: str, *, code: str = "unsafe_url", detail: str = "") -> FetchError:
    return FetchError(message, code=code, detail=detail, refused=True)


def check_url(url: str, *, plain_http: bool = False) -> Target:
    """Take `url` apart and decide whether it may be asked for.

    Args:
        plain_http: `http` is fine too (a recorded world that names it).

    Raises:
        FetchError: refused, with what is wrong.
    """
    if len(url) > MAX_URL_CHARS or _FORBIDDEN.search(url):
        raise refused("An address has characters that no address has.")
    try:
        parts = hosting.split(url)
        port = parts.port
    except ValueError:
        raise refused("An address cannot be read.") from None
    schemes = ("https", "http") if plain_http else ("https",)
    if parts.scheme not in schemes:
        raise refused("Only https addresses are fetched.", code="not_https")
    if "@" in parts.netloc:
        raise refused("An address carries a user name.", code="user_info")
    host = check_host(parts.hostname or "", bracketed="[" in parts.netloc)
    default = _HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT
    port = default if port is None else port
    if port != default and port < _FIRST_FREE_PORT:
        raise refused("An address names a port that is not asked.", code="unsafe_port", detail=str(port))
    path = _escape(parts.path or "/") + (f"?{_escape(parts.query)}" if parts.query else "")
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port == default else f"{shown}:{port}"
    return Target(f"{parts.scheme}://{authority}{path}", parts.scheme, host, port, path)


def _escape(text: str) -> str:
    """Percent-encode what is not ASCII; what is encoded already stays as it is."""
    return "".join(c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def check_host(host: str, *, bracketed: bool = False) -> str:
    """The canonical form of a host: a public name, or a public address in its one ordinary spelling."""
    if bracketed:
        return check_address(host)
    if "%" in host:
        raise refused("An address has an encoded host.")
    try:
        name = host if host.isascii() else idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except idna.IDNAError:
        raise refused("An address has a host name that cannot be read.") from None
    name = name.lower().removesuffix(".")
    if _NUMBER_LABEL.match(name.rsplit(".", 1)[-1]):
        return check_address(name)
    if len(name) > 253 or not _HOST.match(name):
        raise refused("An address has no public host name.", code="private_address")
    if name.endswith(_LOCAL_SUFFIXES):
        raise refused("An address points into a private network.", code="private_address")
    return name


def check_address(address: str) -> str:
    """Return `address` when it is public and written in the ordinary way (no octal, hex or short forms)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        raise refused("An address has an unusual number form.", code="private_address") from None
    if not is_public(ip):
        raise refused("An address points into a private network.", code="private_address")
    return str(ip)


def check_addresses(addresses: Iterable[str]) -> tuple[str, ...]:
    """All addresses of a name: each must be public, for who knows which one the next lookup brings."""
    checked = tuple(dict.fromkeys(check_address(address) for address in addresses))
    if not checked:
        raise FetchError("A host name has no address.", code="dns_failed")
    return checked


def is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether anyone on the internet could answer there, and nobody nearer could."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in _SPECIAL_IPV4)
    if ip.scope_id is not None:
        return False
    if ip in _NAT64:  # networks without IPv4 see every IPv4 host like this
        return is_public(ipaddress.IPv4Address(ip.packed[-4:]))
    return ip in _GLOBAL_IPV6 and ip.is_global and not any(ip in network for network in _TUNNELS)


def next_hop(current: Target, location: str | None) -> str:
    """Where a redirect leads, as it stands (not yet checked)."""
    if not location or _FORBIDDEN.search(location):
        raise FetchError("A redirect leads nowhere.", code="bad_response")
    try:
        return hosting.join(current.url, location)
    except ValueError:
        raise FetchError("A redirect leads nowhere.", code="bad_response") from None


def read_body(chunks: Iterable[bytes], *, encoding: str, max_bytes: int) -> bytes:
    """Read a body piece by piece, decompressed, never holding more than `max_bytes` of it (RFC 9110 section 8.4)."""
    encoding = encoding.strip().lower()
    body = bytearray()
    for piece in _decoded(chunks, encoding, max_bytes):
        body += piece
        if len(body) > max_bytes:
            raise FetchError("A document is too large.", code="too_large", detail=f"over {max_bytes} bytes")
    return bytes(body)


def _decoded(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise FetchError("A document is compressed in an unknown way.", code="bad_encoding", detail=encoding[:40])
    engine = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
    empty = True
    try:
        for chunk in chunks:
            empty = empty and not chunk
            yield engine.decompress(chunk, max_bytes + 1)
            while engine.unconsumed_tail:
                yield engine.decompress(engine.unconsumed_tail, max_bytes + 1)
            if engine.unused_data:  # zlib would keep all that comes behind the end, however much it is
                raise FetchError("A document's compression is broken.", code="bad_encoding")
    except zlib.error:
        raise FetchError("A document's compression is broken.", code="bad_encoding") from None
    if not empty and not engine.eof:
        raise FetchError("A document's compression is broken.", code="bad_encoding")
