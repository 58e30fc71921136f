"""Small uploads that would become large: they are answered in bounded memory (THREATS section 1)."""

from __future__ import annotations

import json
import tracemalloc
import zlib

import pytest

from connector.errors import SubmissionTooLarge, UnreadableSubmission
from connector.intake import receive
from connector.intake.baked import png_text, svg_text
from connector.intake.limits import MAX_BAKED_COPIES
from connector.model.submission import Submission
from connector.testing.bake import no_picture, png_chunk

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="https://purl.imsglobal.org/ob/v3p0">%s</svg>'


def _compressed(text: bytes) -> bytes:
    return png_chunk("zTXt", b"openbadges\0\0" + zlib.compress(text, 9))


def test_many_small_chunks_that_inflate_to_the_limit_are_not_all_held():
    """1500 chunks of 5 kB would have become 7 GB."""
    image = no_picture(_compressed(b"{}" + b" " * 4_900_000) * 300)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableSubmission) as refusal:
            png_text(image)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal.value.code == "several_records"
    assert peak < 60_000_000


def test_the_same_record_a_few_times_is_one_record():
    record = json.dumps({"type": "Assertion"}).encode()
    assert png_text(no_picture(_compressed(record) * MAX_BAKED_COPIES)) == record


def test_two_different_records_stay_two_whatever_stands_between_them():
    with pytest.raises(UnreadableSubmission) as refusal:
        png_text(no_picture(_compressed(b"{}"), _compressed(b"{}"), _compressed(b"[]")))
    assert refusal.value.code == "several_records"


def test_elements_in_elements_do_not_multiply_their_text():
    inner = b'{"a": "%s"}' % (b"x" * 1_000_000)
    with pytest.raises(UnreadableSubmission) as refusal:
        svg_text(SVG % (b"<o:credential>" * 200 + inner + b"</o:credential>" * 200))
    assert refusal.value.code == "several_records"


@pytest.mark.parametrize("wrap", ["[%s]", '{"type": ["VerifiablePresentation"], "verifiableCredential": [%s]}'])
def test_a_list_of_a_million_nothings_is_not_looked_through(wrap: str):
    with pytest.raises(SubmissionTooLarge) as refusal:
        receive(Submission(content=(wrap % ",".join(["{}"] * 1_000_000)).encode()))
    assert refusal.value.code == "too_many"
