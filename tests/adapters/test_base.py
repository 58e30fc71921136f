"""How every adapter reads HTTP: which answers may be tried again, which may have taken effect, which are final."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from adapters.base import (
    BaseAdapter,
    Kept,
    absent,
    all_pages,
    changed_fields,
    error_for,
    json_of,
    present,
    retry_after_seconds,
    same_value,
    send,
    shaped,
    split_marker,
    with_marker,
)
from connector.errors import (
    AtsAuthError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
    UnsupportedByAts,
)
from connector.model.applicant import ApplicationRef
from connector.model.changes import AtsState, AttachmentState, NoteState

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REF = ApplicationRef(connection="x", candidate="1")


def answer(status: int, **options: object) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "https://ats.example/x"), **options)  # type: ignore[arg-type]  # test shorthand


# --- Retry-After -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0.5", 0.5),
        (" 12 ", 12),
        ("-1", 0),
        ("86401", 86_400),
        ("9" * 40, 86_400),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2099 12:00:00 GMT", 86_400),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("1" * 65, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_as_a_date_and_kept_within_a_day(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@given(st.text(max_size=80))
def test_no_retry_after_header_can_break_the_reader(header: str) -> None:
    seconds = retry_after_seconds(header, now=NOW)
    assert seconds is None or 0 <= seconds <= 86_400


# --- statuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedByAts),
        (401, AtsAuthError),
        (403, AtsAuthError),
        (404, NotFoundInAts),
        (409, RejectedByAts),
        (410, NotFoundInAts),
        (422, RejectedByAts),
        (429, RetryableDeliveryError),
        (302, RetryableDeliveryError),
        (500, RetryableDeliveryError),
        (503, RetryableDeliveryError),
    ],
)
def test_each_status_stands_for_one_error(status: int, kind: type[Exception]) -> None:
    assert type(error_for(answer(status), vendor="Ats", write=False)) is kind


@pytest.mark.parametrize(("status", "unsure"), [(408, True), (423, False), (429, False), (500, True), (301, True)])
def test_only_a_write_that_may_have_been_done_is_left_open(status: int, unsure: bool) -> None:
    wrote = error_for(answer(status), vendor="Ats", write=True)
    read = error_for(answer(status), vendor="Ats", write=False)
    assert isinstance(wrote, RetryableDeliveryError) and isinstance(read, RetryableDeliveryError)
    assert (wrote.maybe_applied, read.maybe_applied) == (unsure, False)


def test_the_atss_words_are_kept_apart_from_the_message() -> None:
    error = error_for(answer(422), vendor="Ats", write=True, words="Maria Okafor is not allowed" * 100)
    assert isinstance(error, RejectedByAts)
    assert error.ats_words.startswith("Maria") and len(error.ats_words) == 500
    assert "Maria" not in error.message + error.detail


@pytest.mark.parametrize(
    ("failure", "unsure"),
    [
        (httpx.ConnectError("x"), False),
        (httpx.ConnectTimeout("x"), False),
        (httpx.PoolTimeout("x"), False),
        (httpx.ReadTimeout("x"), True),
        (httpx.WriteTimeout("x"), True),
        (httpx.ReadError("x"), True),
        (httpx.RemoteProtocolError("x"), True),
        (httpx.DecodingError("x"), True),
    ],
)
async def test_a_broken_exchange_is_retryable_and_open_once_something_was_sent(
    failure: httpx.HTTPError, unsure: bool
) -> None:
    def break_it(request: httpx.Request) -> httpx.Response:
        raise failure

    async with httpx.AsyncClient(transport=httpx.MockTransport(break_it)) as client:
        for write in (True, False):
            with pytest.raises(RetryableDeliveryError) as caught:
                await send(client, "POST", "https://ats.example/x", vendor="Ats", write=write)
            assert caught.value.maybe_applied == (unsure and write)


def test_a_2xx_that_is_no_json_is_a_failure() -> None:
    for content in (b"<html>", b'{"a": ', b"", b"\xff", b"[" * 100_000):
        with pytest.raises(RetryableDeliveryError) as caught:
            json_of(answer(200, content=content), vendor="Ats", write=True)
        assert caught.value.maybe_applied


class _Row(BaseModel):
    name: int


def test_a_shape_error_names_places_and_no_values() -> None:
    with pytest.raises(RetryableDeliveryError) as caught:
        shaped(TypeAdapter(list[_Row]), [{"name": "Maria Okafor"}], vendor="Ats", write=False)
    assert "0.name" in caught.value.detail
    assert "Maria" not in caught.value.detail + caught.value.message


# --- pages -------------------------------------------------------------------------------------------------------


async def test_pages_are_followed_to_the_end() -> None:
    pages = {None: ([1, 2], "a"), "a": ([3], "b"), "b": ([], None)}

    async def fetch(cursor: str | None) -> tuple[list[int], str | None]:
        return pages[cursor]

    assert await all_pages(fetch, vendor="Ats") == [1, 2, 3]


@pytest.mark.parametrize("step", [0, 1])
async def test_pages_without_end_are_given_up(step: int) -> None:
    async def fetch(cursor: int | None) -> tuple[list[int], int | None]:
        return [1], (cursor or 1) + step

    with pytest.raises(RetryableDeliveryError, match="could not be read"):
        await all_pages(fetch, vendor="Ats", max_pages=20)


# --- notes and values --------------------------------------------------------------------------------------------


@given(st.text(), st.from_regex(r"[a-f0-9]{16}", fullmatch=True))
def test_a_note_gives_back_its_marker_and_its_text(text: str, marker: str) -> None:
    assert split_marker(with_marker(text, marker)) == (marker, text)


@pytest.mark.parametrize(
    "body",
    ["", "Phone screen went well.", "ler-ref: abc\nand more", "see ler-ref: abc", "ler-ref:\nabc", "ler-ref: a b"],
)
def test_other_peoples_notes_have_no_marker(body: str) -> None:
    assert split_marker(body) is None


def test_a_marker_survives_white_space_that_the_ats_adds_at_the_end() -> None:
    assert split_marker("text\nler-ref: abc \n\n") == ("abc", "text")


def test_values_are_compared_as_a_recruiter_would() -> None:
    assert same_value(("a", "b"), ("b", "a"))
    assert not same_value(("a",), ("a", "a"))
    assert not same_value(True, 1)
    assert not same_value(False, None)
    assert same_value(3, 3.0)


def test_only_what_differs_is_written_and_empty_means_nothing() -> None:
    seen = AtsState(fields={"a": "x", "b": ("p", "q"), "d": "z"})
    wanted = {"a": "x", "b": ("q", "p"), "c": "", "d": None, "e": "new"}
    assert changed_fields(wanted, seen) == {"d": None, "e": "new"}


def test_what_is_missing_and_what_is_there_keep_their_order_once_each() -> None:
    assert absent(["b", "a", "b", "c"], {"c"}) == ["b", "a"]
    assert present(["b", "a", "b", "c"], {"b", "c"}) == ["b", "c"]


# --- what is kept ------------------------------------------------------------------------------------------------


async def test_a_table_is_loaded_once_and_again_when_old_or_when_something_is_missing() -> None:
    loads, clock = [0], [100.0]

    async def load() -> dict[str, int]:
        loads[0] += 1
        return {f"key{loads[0]}": 1}

    kept = Kept(load, 300, lambda: clock[0])
    assert await kept.where(lambda table: "nothing" in table) == {"key1": 1}
    assert loads[0] == 1, "just loaded: asking again would say the same"
    assert await kept.where(lambda table: "key2" in table) == {"key2": 1}
    assert await kept.get() == {"key2": 1}
    clock[0] += 301
    assert await kept.get() == {"key3": 1}


async def test_a_table_that_could_not_be_loaded_is_not_kept() -> None:
    outcomes: list[dict[str, int] | None] = [None, {"a": 1}]

    async def load() -> dict[str, int]:
        outcome = outcomes.pop(0)
        if outcome is None:
            raise RetryableDeliveryError("down")
        return outcome

    kept = Kept(load, 300)
    with pytest.raises(RetryableDeliveryError):
        await kept.get()
    assert await kept.get() == {"a": 1}


async def test_the_base_supports_nothing() -> None:
    base, seen = BaseAdapter(), AtsState()
    for call in (
        base.set_fields(REF, {"a": "b"}, seen),
        base.add_tags(REF, ["a"], seen),
        base.remove_tags(REF, ["a"], seen),
        base.add_links(REF, ["a"], seen),
        base.remove_links(REF, ["a"], seen),
        base.put_note(REF, "m", "t", private=True, existing=None),
        base.remove_note(REF, NoteState("m", "1", "t")),
        base.remove_attachment(REF, AttachmentState("f", "1")),
    ):
        with pytest.raises(UnsupportedByAts):
            await call
