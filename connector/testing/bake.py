"""Bakes a record into an image, the way issuers' download buttons do (Open Badges 3.0 section 5.3, Baking 1.0)."""

from __future__ import annotations

import struct
import zlib
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
OB3_KEYWORD: Final = "openbadgecredential"
OB2_KEYWORD: Final = "openbadges"
OB3_NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
OB2_NAMESPACE: Final = "http://openbadges.org"

TextChunk = Literal["iTXt", "tEXt", "zTXt"]


def png_chunk(kind: str, body: bytes) -> bytes:
    """One chunk with its length and checksum."""
    name = kind.encode("ascii")
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def plain_png(colour: tuple[int, int, int] = (30, 90, 150), size: int = 64) -> bytes:
    """A square of one colour: a picture to bake into."""
    rows = (b"\0" + bytes(colour) * size) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return _SIGNATURE + png_chunk("IHDR", header) + png_chunk("IDAT", zlib.compress(rows)) + png_chunk("IEND", b"")


def no_picture(*chunks: bytes) -> bytes:
    """What begins and ends as a PNG and holds these chunks, and no picture."""
    return _SIGNATURE + png_chunk("IHDR", bytes(13)) + b"".join(chunks) + png_chunk("IEND", b"")


def text_chunk(text: str, *, keyword: str = OB3_KEYWORD, kind: TextChunk = "iTXt", compressed: bool = False) -> bytes:
    """The chunk that carries the record."""
    raw, name = text.encode(), keyword.encode("ascii") + b"\0"
    if kind == "tEXt":
        return png_chunk(kind, name + raw)
    if kind == "zTXt":
        return png_chunk(kind, name + b"\0" + zlib.compress(raw))
    body = zlib.compress(raw) if compressed else raw
    return png_chunk(kind, name + bytes([compressed, 0]) + b"\0\0" + body)


def bake_png(
    text: str,
    *,
    keyword: str = OB3_KEYWORD,
    kind: TextChunk = "iTXt",
    compressed: bool = False,
    image: bytes | None = None,
) -> bytes:
    """A PNG with `text` in it, before the picture's end."""
    picture = image or plain_png()
    end = picture.rindex(png_chunk("IEND", b""))
    return picture[:end] + text_chunk(text, keyword=keyword, kind=kind, compressed=compressed) + picture[end:]


def bake_svg(text: str, *, version: Literal[2, 3] = 3, attribute: bool = False) -> bytes:
    """An SVG with `text` in a CDATA section, or (a token, an address) in the attribute `verify`."""
    namespace, name = (OB3_NAMESPACE, "credential") if version == 3 else (OB2_NAMESPACE, "assertion")
    inner = f"<openbadges:{name} verify={quoteattr(text)}/>" if attribute else _cdata(name, text)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges={quoteattr(namespace)} viewBox="0 0 64 64">'
        f'{inner}<rect width="64" height="64" fill="#1e5a96"/></svg>'
    ).encode()


def _cdata(name: str, text: str) -> str:
    body = f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)
    return f"<openbadges:{name}>{body}</openbadges:{name}>"
