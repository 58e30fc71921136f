"""A recorded world answers what its file says, behind the same guard as the network (CONTRACT section 3)."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError, FetchError
from connector.infra.clock import FixedClock
from connector.infra.documents import Cache, NoDocuments
from connector.infra.world_file import RecordedWorld
from connector.ports import FetchedDocument, Purpose

URL = "https://issuer.example/did.json"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def world(answers: Any, base: Path = Path()) -> RecordedWorld:
    return RecordedWorld(answers, base=base, clock=FixedClock(NOW))


def get(answers: Any, url: str = URL, purpose: Purpose = Purpose.KEY, base: Path = Path()) -> FetchedDocument:
    return world(answers, base).get(url, purpose=purpose)


def refusal(answers: Any, url: str = URL, purpose: Purpose = Purpose.KEY, base: Path = Path()) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get(answers, url, purpose, base)
    return caught.value


def outcomes(source: RecordedWorld) -> list[tuple[str, str, int | None]]:
    return [(r.url, r.outcome, r.status) for r in source.requests]


def test_a_file_is_looked_for_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "did.json").write_text('{"id": 1}')
    (tmp_path / "world.json").write_text(json.dumps({URL: "inner/did.json"}))
    found = RecordedWorld.load(tmp_path / "world.json", clock=FixedClock(NOW)).get(URL, purpose=Purpose.KEY)
    assert (found.content, found.status, found.content_type) == (b'{"id": 1}', 200, "application/json")
    assert (found.url, found.fetched_at) == (URL, NOW)


def test_the_list_shape_takes_the_first_entry_of_an_address_and_no_alternates(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("first")
    entries = [
        {"url": URL, "file": "a", "sha256": "..."},
        {"url": URL, "file": "b"},
        {"file": "c", "alternate_for": URL},
    ]
    assert get(entries, base=tmp_path).content == b"first"


def test_everything_else_answers_404_and_is_listed() -> None:
    source = world({})
    assert source.get(URL, purpose=Purpose.KEY).status == 404
    assert outcomes(source) == [(URL, "answered", 404)]


def test_an_answer_has_status_type_and_body() -> None:
    found = get({URL: {"status": 410, "content_type": "text/plain", "body": "gone"}})
    assert (found.status, found.content_type, found.content) == (410, "text/plain", b"gone")


def test_fragments_and_spelling_of_an_address_do_not_matter() -> None:
    answers = {"https://Issuer.Example:443/did.json": {"body": "x"}}
    assert get(answers, f"{URL}#key-1").content == b"x"


def test_compressed_answers_are_opened_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "ok.gz").write_bytes(gzip.compress(b"{}"))
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"0" * 20_000_000))
    answers = {URL: {"file": "ok.gz", "content_encoding": "gzip"}}
    assert get(answers, base=tmp_path).content == b"{}"
    answers = {URL: {"file": "bomb.gz", "content_encoding": "gzip"}}
    assert refusal(answers, base=tmp_path).code == "too_large"
    assert refusal({URL: {"body": "{}", "content_encoding": "gzip"}}).code == "bad_encoding"


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"body": "{}", "delay_seconds": 60}, "timeout"),
        ({"body": "{}" * 100, "drip_seconds": 1}, "timeout"),
        ({"body": "infinite stream"}, "too_large"),
        ({"file": "not-there.json"}, "recorded_file_missing"),
    ],
)
def test_an_answer_that_never_ends_well_is_a_failure_and_nobody_waits_for_it(answer: Any, code: str) -> None:
    source = world({URL: answer})
    with pytest.raises(FetchError) as caught:
        source.get(URL, purpose=Purpose.KEY)
    assert (caught.value.code, caught.value.refused) == (code, False)
    assert outcomes(source) == [(URL, "failed", None)]


def test_a_slow_answer_within_the_limits_is_an_answer() -> None:
    assert get({URL: {"body": "{}", "delay_seconds": 1, "drip_seconds": 0.5}}).status == 200


@pytest.mark.parametrize(
    "dns", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::1"], [["93.184.216.34"], ["10.0.0.1"]]]
)
def test_a_name_that_resolves_to_a_private_address_now_or_next_is_never_asked(dns: Any) -> None:
    source = world({URL: {"body": "{}", "dns": dns}})
    with pytest.raises(FetchError) as caught:
        source.get(URL, purpose=Purpose.KEY)
    assert caught.value.refused
    assert outcomes(source) == [(URL, "refused", None)]


def test_a_name_that_resolves_to_public_addresses_is_asked() -> None:
    assert get({URL: {"body": "{}", "dns": ["93.184.216.34", "2606:4700::1111"]}}).status == 200


def test_the_guard_stands_in_front_of_what_a_file_names_too() -> None:
    for url in ("https://127.0.0.1/x", "https://localhost/x", "http://10.0.0.1/x"):
        assert refusal({url: {"body": "{}"}}, url).refused


def test_plain_http_is_reachable_only_where_a_key_says_so() -> None:
    url = "http://issuer.example/list.json"
    assert get({url: {"body": "[]"}}, url).content == b"[]"
    assert refusal({url.replace("http:", "https:"): {"body": "[]"}}, url).code == "not_https"


def test_keys_and_status_lists_follow_no_redirect() -> None:
    answers = {URL: {"location": "https://issuer.example/new"}, "https://issuer.example/new": {"body": "{}"}}
    for purpose in (Purpose.KEY, Purpose.STATUS_LIST):
        assert refusal(answers, purpose=purpose).code == "redirect_refused"


def test_links_follow_three_redirects_and_no_fourth() -> None:
    hops = {f"https://issuer.example/{n}": {"status": 301, "location": f"/{n + 1}"} for n in range(4)}
    answers = {**hops, "https://issuer.example/4": {"body": "end"}}
    assert get(answers, "https://issuer.example/1", Purpose.LINK).url == "https://issuer.example/4"
    assert refusal(answers, "https://issuer.example/0", Purpose.LINK).code == "too_many_redirects"


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/", "http://issuer.example/x", "https://a:b@issuer.example/", "//localhost/x"]
)
def test_every_hop_passes_the_guard(target: str) -> None:
    source = world({URL: {"location": target}})
    with pytest.raises(FetchError):
        source.get(URL, purpose=Purpose.LINK)
    assert [r.outcome for r in source.requests] == ["answered", "refused"]


def test_a_redirect_without_a_place_to_go_is_a_failure() -> None:
    assert refusal({URL: {"status": 302}}, purpose=Purpose.LINK).code == "bad_response"


def test_dids_and_urns_are_keys_of_their_own() -> None:
    source = world({"did:example:123": {"body": "doc"}, "urn:uuid:1": {"status": 404}})
    found, gone = source.recorded("did:example:123"), source.recorded("urn:uuid:1")
    assert found is not None and found.content == b"doc"
    assert gone is not None and gone.status == 404
    assert source.recorded("did:example:456") is None
    assert [r.url for r in source.requests] == ["did:example:123", "urn:uuid:1"]


def test_sessions_share_answers_and_keep_their_own_list_of_requests() -> None:
    source = world({URL: {"body": "{}"}})
    source.get(URL, purpose=Purpose.KEY)
    other = source.session()
    assert other.requests == ()
    other.get(URL, purpose=Purpose.KEY)
    assert len(source.requests) == len(other.requests) == 1


@pytest.mark.parametrize(
    "answers",
    ["text", 5, {URL: 5}, {URL: {"status": "ok?"}}, [{"file": "x"}], ["x"], {URL: {"dns": 7}}],
)
def test_a_file_that_is_no_world_says_so(answers: Any, tmp_path: Path) -> None:
    path = tmp_path / "world.json"
    path.write_text(json.dumps(answers))
    with pytest.raises(ConfigurationError):
        RecordedWorld.load(path)


def test_a_world_that_is_not_there_or_not_json_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        RecordedWorld.load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigurationError):
        RecordedWorld.load(tmp_path / "bad.json")


# --- the cache ----------------------------------------------------------------------------------------------------


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def document(status: int = 200, content: bytes = b"{}") -> FetchedDocument:
    return FetchedDocument(URL, status, "application/json", content, NOW)


def test_an_answer_is_given_again_until_its_age_is_over() -> None:
    clock = Time()
    cache = Cache(clock)
    cache.put(URL, "a", document(), 300)
    clock.now = 299
    assert cache.find(URL, "a") is not None and cache.find(URL, "b") is None
    clock.now = 301
    assert cache.find(URL, "a") is None


def test_a_list_says_itself_how_long_it_may_be_kept_within_a_day() -> None:
    clock = Time()
    cache = Cache(clock)
    cache.put(URL, "a", document(), 300)
    cache.keep(URL, 3600)
    clock.now = 3599
    assert cache.find(URL, "a") is not None
    cache.keep(URL, 1e9)
    clock.now += 24 * 3600 + 1
    assert cache.find(URL, "a") is None


@pytest.mark.parametrize("status", [404, 410, 500, 301])
def test_only_successes_are_kept(status: int) -> None:
    cache = Cache()
    cache.put(URL, "a", document(status), 300)
    assert cache.find(URL, "a") is None


def test_the_cache_is_bounded_in_number_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.infra.documents.MAX_CACHED", 3)
    monkeypatch.setattr("connector.infra.documents.MAX_CACHED_BYTES", 100)
    cache = Cache()
    for number in range(5):
        cache.put(f"{URL}/{number}", "a", document(content=b"x"), 300)
    assert [cache.find(f"{URL}/{n}", "a") is not None for n in range(5)] == [False, False, True, True, True]
    cache.put(URL, "a", document(content=b"x" * 99), 300)
    assert cache.find(f"{URL}/3", "a") is None and cache.find(URL, "a") is not None


def test_a_fresh_answer_is_asked_for_although_one_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "doc"
    file.write_text("old")
    source = world({URL: "doc"}, tmp_path)
    source.get(URL, purpose=Purpose.KEY)
    file.write_text("new")
    assert source.get(URL, purpose=Purpose.KEY).content == b"old"
    assert source.get(URL, purpose=Purpose.KEY, fresh=True).content == b"new"
    assert source.get(URL, purpose=Purpose.KEY).content == b"new"


def test_offline_nothing_is_asked_and_everything_wanted_is_listed() -> None:
    source = NoDocuments()
    with pytest.raises(FetchError) as caught:
        source.get(URL, purpose=Purpose.KEY)
    assert (caught.value.code, caught.value.refused) == ("offline", True)
    assert source.recorded("did:example:123") is None
    assert [(r.url, r.outcome) for r in source.requests] == [(URL, "refused")]


def test_a_did_that_a_file_gives_a_private_address_is_refused_like_a_url() -> None:
    source = world({"did:web:evil.example": {"body": "{}", "dns": ["169.254.169.254"]}})
    with pytest.raises(FetchError) as caught:
        source.recorded("did:web:evil.example")
    assert caught.value.refused
    assert [(r.url, r.outcome) for r in source.requests] == [("did:web:evil.example", "refused")]
