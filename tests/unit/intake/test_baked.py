"""Records in images: found without decoding a pixel, one per image, bounded."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest

from connector.errors import IntakeError, SubmissionTooLarge, UnreadableSubmission, UnsupportedFormat
from connector.intake import receive
from connector.model.credential import CredentialFormat, UnverifiedCredential
from connector.model.submission import Submission
from connector.testing import bake

BADGE = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": "did:web:lakeview.example",
    "credentialSubject": {"achievement": {"name": "Schweißen ✓"}},
}
JSON = json.dumps(BADGE, ensure_ascii=False)
ADDRESS = "https://badges.lakeview.example/assertions/1"
END = bake.png_chunk("IEND", b"")


def take(content: bytes) -> UnverifiedCredential:
    (found,) = receive(Submission(content=content))
    return found


def refusal(content: bytes) -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        receive(Submission(content=content))
    return caught.value


def with_chunks(*chunks: bytes) -> bytes:
    picture = bake.plain_png()
    return picture[: -len(END)] + b"".join(chunks) + END


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compressed": True},
        {"keyword": "openbadges"},
        {"kind": "tEXt"},
        {"kind": "zTXt"},
        {"kind": "zTXt", "keyword": "openbadges"},
    ],
)
def test_a_record_is_found_in_every_kind_of_text_chunk(options: dict[str, Any]) -> None:
    found = take(bake.bake_png(JSON, **options))
    assert (found.document, found.carrier, found.path) == (BADGE, "png", "$")


@pytest.mark.parametrize("attribute", [True, False])
def test_a_token_is_found_in_an_image(attribute: bool) -> None:
    token = "eyJhbGciOiJFZERTQSJ9.eyJ2YyI6eyJ0eXBlIjpbIlZlcmlmaWFibGVDcmVkZW50aWFsIl19fQ.c2ln"
    for content, carrier in ((bake.bake_png(token), "png"), (bake.bake_svg(token, attribute=attribute), "svg")):
        found = take(content)
        assert found.jws is not None and found.jws.token == token and found.carrier == carrier


@pytest.mark.parametrize("text", [JSON, json.dumps({**BADGE, "x": "]]> & <b>"})])
def test_a_record_is_found_in_an_svg(text: str) -> None:
    found = take(bake.bake_svg(text))
    assert found.document == json.loads(text) and found.carrier == "svg"


@pytest.mark.parametrize(
    "content",
    [
        bake.bake_png(ADDRESS, keyword="openbadges"),
        bake.bake_png(ADDRESS.replace("https", "http"), keyword="openbadges", kind="tEXt"),
        bake.bake_svg(ADDRESS, version=2, attribute=True),
    ],
)
def test_an_image_that_holds_only_an_address_is_a_hosted_badge(content: bytes) -> None:
    found = take(content)
    assert (found.format, found.document) == (CredentialFormat.OPEN_BADGE_2, {})
    assert found.url is not None and found.url.endswith("/assertions/1")


def test_an_image_without_a_record_says_so() -> None:
    other = with_chunks(bake.text_chunk("made by hand", keyword="Comment"))
    for content in (bake.plain_png(), other, b'<svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'):
        error = refusal(content)
        assert isinstance(error, UnsupportedFormat) and error.code == "no_credential"


def test_the_same_record_twice_is_one_and_two_different_ones_are_none() -> None:
    same = bake.text_chunk(JSON), bake.text_chunk(JSON, compressed=True)
    assert take(with_chunks(*same)).document == BADGE
    other = json.dumps({**BADGE, "id": "urn:other"})
    for chunks in (
        (bake.text_chunk(JSON), bake.text_chunk(other)),
        (bake.text_chunk(JSON), bake.text_chunk(other, keyword="openbadges")),
    ):
        assert refusal(with_chunks(*chunks)).code == "several_records"
    svg = bake.bake_svg(JSON).replace(b"<rect", bake.bake_svg(other).split(b">", 2)[2].split(b"<rect")[0] + b"<rect")
    assert refusal(svg).code == "several_records"


def test_a_wrong_checksum_or_a_cut_is_a_broken_image() -> None:
    good = bake.bake_png(JSON)
    for content in (good[:-4], good[:60], good[:-12], good.replace(b"OpenBadgeCredential", b"OpenBadgeCredentia1")):
        assert refusal(content).code == "bad_image"


@pytest.mark.parametrize(
    "body",
    [
        b"openbadgecredential",
        b"openbadgecredential\0",
        b"openbadgecredential\0\x00\x00",
        b"openbadgecredential\0\x02\x00\0\0{}",
        b"openbadgecredential\0\x01\x05\0\0" + zlib.compress(b"{}"),
        b"openbadgecredential\0\x01\x00\0\0not compressed",
        b"openbadgecredential\0\x01\x00\0\0" + zlib.compress(b"{}")[:-2],
        b"openbadgecredential\0\x00\x00\0\0",
    ],
)
def test_a_broken_text_chunk_is_malformed(body: bytes) -> None:
    assert isinstance(refusal(with_chunks(bake.png_chunk("iTXt", body))), UnreadableSubmission)


def test_a_bomb_in_a_chunk_is_not_inflated() -> None:
    bomb = zlib.compress(b" " * 60_000_000)
    chunk = bake.png_chunk("iTXt", b"openbadgecredential\0\x01\x00\0\0" + bomb)
    assert isinstance(refusal(with_chunks(chunk)), SubmissionTooLarge)


def test_what_stands_behind_the_end_of_an_image_is_not_read() -> None:
    assert refusal(bake.plain_png() + bake.text_chunk(JSON)).code == "no_credential"


def test_a_chunk_that_claims_more_than_there_is_is_broken() -> None:
    content = bake.plain_png()[: -len(END)] + struct.pack(">I4s", 0x7FFFFFFF, b"iTXt") + b"x"
    assert refusal(content).code == "bad_image"


def test_pictures_themselves_are_never_decoded() -> None:
    """The picture data may be anything at all."""
    picture = bake.plain_png()
    start = picture.index(b"IDAT") - 4
    broken = picture[:start] + bake.png_chunk("IDAT", b"no picture") + END
    assert take(bake.bake_png(JSON, image=broken)).document == BADGE


@pytest.mark.parametrize(
    "svg",
    [
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
        b'<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://dtd.example/x.dtd"><svg/>',
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE svg+AD4-<svg/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE svg><svg/>'.encode("utf-16"),
    ],
)
def test_a_document_type_is_not_read(svg: bytes) -> None:
    error = refusal(svg)
    assert isinstance(error, UnreadableSubmission) and error.code in ("xml_doctype", "not_utf8")


@pytest.mark.parametrize("svg", [b"<svg", b"<svg><rect></svg>", b"<svg>&undefined;</svg>", b'<?xml version="1.0"?>'])
def test_a_broken_svg_is_malformed(svg: bytes) -> None:
    assert isinstance(refusal(svg), UnreadableSubmission)


def test_an_element_of_another_namespace_is_no_record() -> None:
    svg = bake.bake_svg(JSON).replace(b"https://purl.imsglobal.org/ob/v3p0", b"https://evil.example/ob")
    assert refusal(svg).code == "no_credential"


def test_a_comment_inside_the_record_is_not_part_of_it() -> None:
    svg = bake.bake_svg(JSON).replace(b"<openbadges:credential>", b"<openbadges:credential><!-- { -->")
    assert take(svg).document == BADGE


def test_other_xml_is_not_supported() -> None:
    assert refusal(b"<europassCredential/>").code == "unsupported_format"
