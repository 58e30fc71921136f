"""A link instead of a file: fetched once, through the guard, and then read like anything else.

Public links of wallets (VerifierPlus, LCW), pages of badge sites, raw records. A hosted Open Badges 2.0 keeps its
address: its site is asked again when it is verified. Nothing personal is sent; queries of badge pages are dropped.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, parse_qs

from connector import codec, hosting
from connector.errors import FetchError, IntakeError, UnsafeLink, UnsupportedFormat
from connector.intake import kinds
from connector.model.submission import Submission
from connector.ports import DocumentSource, FetchedDocument, Purpose

ACCEPT: Final = (
    "application/vc+ld+json, application/vc, application/ld+json, application/json;q=0.9, application/jwt, "
    "application/vc+jwt, application/vc+sd-jwt, image/png;q=0.5, image/svg+xml;q=0.5, text/html;q=0.1"
)
MAX_LINK_CHARS: Final = 4_000
_MAX_ALTERNATES: Final = 3
_WALLET_SCHEMES = re.compile(r"(?:web\+)?interaction:", re.IGNORECASE)
_SHARE_PAGE = re.compile(r"/credentials/([0-9a-fA-F-]{36})/?\Z")
_CLOSED_SITES: Final = {
    "linkedin.com": "LinkedIn shows records only to people who are signed in.",
    "facebook.com": "Facebook shows records only to people who are signed in.",
    "drive.google.com": "A file in Google Drive cannot be read from here.",
    "docs.google.com": "A file in Google Drive cannot be read from here.",
    "dropbox.com": "A file in Dropbox cannot be read from here.",
    "icloud.com": "A file in iCloud cannot be read from here.",
    "onedrive.live.com": "A file in OneDrive cannot be read from here.",
}


def fetch_link(url: str, documents: DocumentSource) -> Submission:
    """Fetch what a link points to.

    Raises:
        UnsafeLink: the link may not be followed (not https, a private address, no link at all).
        UnsupportedFormat: it leads to a page with no record in it, or to a site that needs a login.
        FetchError: no answer, or the answer that there is nothing; trying later may help.
    """
    address = resolve(url)
    if hosting.assertion_address(address) is not None:
        return _hosted(address)
    document = _get(address, documents)
    if hosting.is_page(document.content_type, document.content):
        return _behind_page(document, documents)
    return _submission(document)


def resolve(url: str) -> str:
    """The address to ask for a link that a person pasted: wallets and badge sites show pages, not records.

    Raises:
        UnsafeLink, UnsupportedFormat.
    """
    text = url.strip().strip("<>")
    if len(text) > MAX_LINK_CHARS:
        raise UnsafeLink("The link is too long.")
    text = _carried(text) or text
    parts = _split(text)
    if _WALLET_SCHEMES.match(text):
        raise UnsupportedFormat("This link opens a wallet; it holds no record.", code="link_opens_wallet")
    if parts.scheme not in ("https", "http") or not parts.hostname:  # http: the guard decides, and lists it
        raise UnsafeLink("Only links that start with https:// can be followed.")
    _refuse_closed(parts.hostname)
    if parts.hostname in ("verifierplus.org", "www.verifierplus.org"):
        return _share_data(text) or text
    return hosting.assertion_address(text) or text


def _split(text: str) -> SplitResult:
    try:
        return hosting.split(text)
    except ValueError:
        raise UnsafeLink("This is not a link that can be read.") from None


def _carried(text: str) -> str | None:
    """The address in `#verify?vc=...`: a wallet's link names the record's own address in its fragment."""
    parts = _split(text)
    for part in (parts.fragment.partition("?")[2], parts.query):
        found = parse_qs(part).get("vc", [])
        if found and found[0].startswith("https://"):
            return found[0]
    return None


def _refuse_closed(host: str) -> None:
    for site, why in _CLOSED_SITES.items():
        if host == site or host.endswith(f".{site}"):
            raise UnsupportedFormat(f"{why} Share the record's file or its public link.", code="link_needs_login")


def _share_data(url: str) -> str | None:
    """VerifierPlus: the data behind `/credentials/{uuid}` is at `/api/credentials/{uuid}`."""
    parts = _split(url)
    found = _SHARE_PAGE.match(parts.path)
    return f"https://{parts.netloc}/api/credentials/{found[1]}" if found else None


def _hosted(address: str) -> Submission:
    """A badge of a known site: only its address is handed on, for its site is asked when it is verified."""
    return Submission(content=address.encode(), label=address, url=address)


def _get(url: str, documents: DocumentSource) -> FetchedDocument:
    try:
        document = documents.get(url, purpose=Purpose.LINK, accept=ACCEPT, fresh=True)
    except FetchError as error:
        if error.code == "not_https":
            raise UnsafeLink("Only links that start with https:// can be followed.") from None
        if error.refused and error.code != "offline":
            raise UnsafeLink("This link may not be followed.", detail=error.code) from None
        raise
    if document.status in (404, 410) and not _says_revoked(document):
        raise FetchError(
            "The link leads to nothing. It may have been unshared, or it has expired.", code="link_not_found"
        )
    if document.status in (401, 403):
        raise UnsupportedFormat("The link needs a login. Share the record's file instead.", code="link_needs_login")
    if document.status != 200 and not _says_revoked(document):
        raise FetchError(
            "The site behind the link has a problem.", code="link_failed", detail=f"HTTP {document.status}"
        )
    return document


def _says_revoked(document: FetchedDocument) -> bool:
    """Open Badges 2.0 section 4: a revoked hosted badge answers 410 and says so."""
    value = _parsed(document.content)
    return document.status in (200, 410) and isinstance(value, dict) and value.get("revoked") is True


def _parsed(content: bytes) -> object:
    try:
        return codec.parse_json(content)
    except IntakeError:
        return None


def _submission(document: FetchedDocument) -> Submission:
    if _says_revoked(document):
        return _hosted(document.url)
    return Submission(content=document.content, label=document.url, url=document.url)


def _behind_page(page: FetchedDocument, documents: DocumentSource) -> Submission:
    """The record behind a page: its alternates, what is embedded in it, and the share page of a wallet."""
    found = hosting.read_page(page.content, page.url)
    shared = _share_data(page.url)
    for address in (*found.alternates[:_MAX_ALTERNATES], *([shared] if shared else [])):
        try:
            document = _get(address, documents)
        except (FetchError, UnsafeLink):
            continue  # one way behind the page of several
        if not hosting.is_page(document.content_type, document.content):
            return _submission(document)
    for text in found.embedded:
        value = _parsed(text.encode())
        if isinstance(value, dict) and (kinds.is_credential(value) or kinds.is_open_badge_2(value)):
            return Submission(content=text.encode(), label=page.url, url=page.url)
    raise UnsupportedFormat(
        "The link leads to a page without a record that can be read. Share the record's file instead.",
        code="link_is_page",
    )
