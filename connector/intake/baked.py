"""Baked images: the record in a PNG's text chunk or an SVG's element (Open Badges 3.0 section 5.3, 2.0 Baking 1.0).

Pixels are never decoded. Chunks are bounded and their checksums hold; one image carries one record, or both are the
same, else nothing is chosen. An SVG is parsed without DTD, entities or network.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final

from lxml import etree

from connector import codec
from connector.errors import SubmissionTooLarge, UnreadableSubmission, UnsupportedFormat
from connector.intake.limits import MAX_BAKED_COPIES, MAX_BAKED_TEXT_BYTES, MAX_PNG_CHUNKS, MAX_SVG_MARKS

_SIGNATURE_BYTES: Final = 8
_KEYWORDS: Final = (b"openbadgecredential", b"openbadges")
_TEXT_CHUNKS: Final = frozenset({b"iTXt", b"tEXt", b"zTXt"})
_NAMESPACES: Final = (
    "https://purl.imsglobal.org/ob/v3p0",
    "http://openbadges.org",
    "https://openbadges.org",
    "http://purl.imsglobal.org/ob/v2p0",
    "https://purl.imsglobal.org/ob/v2p0",
)
_ENCODED_PLAINLY = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*"
    rb"(?:(?!<\?xml\s)|<\?xml\s(?![^>]*encoding)|<\?xml\s[^>]*?encoding\s*=\s*[\"'](?:utf-?8|us-ascii|ascii|iso-8859-1|windows-1252)[\"'])",
    re.IGNORECASE,
)
"""Encodings in which a mark of XML is the byte that ASCII has for it."""
_ELEMENTS: Final = frozenset({"credential", "assertion"})


def is_markup(content: bytes) -> bool:
    """Whether this is XML or HTML (a byte order mark and white space aside)."""
    head = content[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith((b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE", b"<!doctype", b"<html", b"<openbadges")) or bool(
        re.match(rb"<[A-Za-z][\w:.-]*[\s/>]", head)
    )


# --- PNG ---------------------------------------------------------------------------------------------------------


def png_text(content: bytes) -> bytes:
    """The record's text in a PNG.

    Raises:
        UnsupportedFormat: code `no_credential`, nothing is baked in.
        UnreadableSubmission: broken, or two different records.
    """
    texts = (_chunk_text(kind, body) for kind, body in _chunks(content) if kind in _TEXT_CHUNKS)
    return _only_one(text for text in texts if text is not None)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG up to IEND (PNG third edition section 5.3), their checksums checked."""
    chunks: list[tuple[bytes, bytes]] = []
    position = _SIGNATURE_BYTES
    while position < len(content):
        if position + 12 > len(content) or len(chunks) >= MAX_PNG_CHUNKS:
            raise _broken_image()
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise _broken_image()
        body = content[position + 8 : end - 4]
        if kind in _TEXT_CHUNKS and zlib.crc32(kind + body) != struct.unpack_from(">I", content, end - 4)[0]:
            raise _broken_image()
        chunks.append((kind, body if kind in _TEXT_CHUNKS else b""))
        if kind == b"IEND":
            return chunks
        position = end
    raise _broken_image()


def _chunk_text(kind: bytes, body: bytes) -> bytes | None:
    keyword, separator, rest = body.partition(b"\0")
    if keyword not in _KEYWORDS:
        return None
    if not separator:
        raise _broken_image()
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return _inflate(rest[:1], rest[1:])
    return _international_text(rest)


def _international_text(rest: bytes) -> bytes:
    """iTXt: compression flag, compression method, language, translated keyword, text (section 11.3.3.4)."""
    if len(rest) < 2:
        raise _broken_image()
    compressed, method = rest[0], rest[1:2]
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3 or compressed > 1:
        raise _broken_image()
    return _inflate(method, parts[2]) if compressed else parts[2]


def _inflate(method: bytes, data: bytes) -> bytes:
    if method != b"\0":
        raise _broken_image()
    return codec.inflate(data, max_bytes=MAX_BAKED_TEXT_BYTES, gzip=False)


def _broken_image() -> UnreadableSubmission:
    return UnreadableSubmission("The image is broken or cut short.", code="bad_image")


# --- SVG ---------------------------------------------------------------------------------------------------------


def svg_text(content: bytes) -> bytes:
    """The record's text in an SVG.

    Raises:
        UnsupportedFormat: code `no_credential`, or it is no SVG.
        UnreadableSubmission: broken, with a DTD, or two different records.
    """
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", content, re.IGNORECASE):
        if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<!doctype\s+html", content, re.IGNORECASE):
            raise _web_page()
        raise _doctype()
    root = _parse(content)
    name = etree.QName(root).localname.lower()
    if name == "html":
        raise _web_page()
    if name != "svg":
        raise UnsupportedFormat("This XML file is no kind of record that is known here.")
    return _only_one(text for text in map(_element_text, _elements(root)) if text)


def _parse(content: bytes) -> etree._Element:
    if max(content.count(b"<"), content.count(b"=")) > MAX_SVG_MARKS:
        raise SubmissionTooLarge("The drawing has too many parts to be read.", code="too_many")
    if not _ENCODED_PLAINLY.match(content):  # in another, nothing of what is looked for above would be found
        raise UnreadableSubmission("The image is not UTF-8 text.", code="not_utf8")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        if re.search(rb"<(?:html|head|body)[\s>]", content[:2000], re.IGNORECASE):
            raise _web_page() from None
        raise UnreadableSubmission("The image is broken or cut short.", code="bad_image") from None
    info = root.getroottree().docinfo  # written in an encoding that hid it from the look before
    if info.doctype:  # type: ignore[union-attr]  # missing in lxml-stubs
        raise _doctype()
    return root


def _doctype() -> UnreadableSubmission:
    return UnreadableSubmission("The image declares a document type, which is not read.", code="xml_doctype")


def _web_page() -> UnsupportedFormat:
    return UnsupportedFormat("This is a web page, not a record. Share the record's file or its link.", detail="html")


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    for element in root.iter(etree.Element):
        name = etree.QName(element)
        if name.localname in _ELEMENTS and (name.namespace or "").rstrip("/") in _NAMESPACES:
            yield element


def _element_text(element: etree._Element) -> bytes | None:
    """The JSON in the element, else the token or address in `verify` (which a hosted 2.0 badge has beside its JSON)."""
    inner = str(element.xpath("string()")).strip()
    return (inner or (element.get("verify") or "").strip()).encode() or None


def _only_one(texts: Iterator[bytes]) -> bytes:
    """The one text, however often it is there; each is looked at and let go, so that many of them cost no memory."""
    first: bytes | None = None
    for count, text in enumerate(texts):
        first = text.strip() if first is None else first
        if count >= MAX_BAKED_COPIES or text.strip() != first:
            raise UnreadableSubmission("There are two different records in this image.", code="several_records")
    if first is None:
        raise UnsupportedFormat(
            "There is no record in this image. Share the badge file or its link.", code="no_credential"
        )
    if not first:
        raise UnreadableSubmission("The record in this image is empty.", code="bad_image")
    return first
