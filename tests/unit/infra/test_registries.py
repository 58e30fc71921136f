"""Registries by URL: what is believed, what survives an outage, what is said when nothing could be had."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.infra.clock import FixedClock
from connector.infra.documents import GuardedDocuments, NoDocuments
from connector.infra.registries import Registries, RegistryState
from connector.infra.registry_shop import RETRY
from connector.infra.world_file import RecordedWorld
from connector.ports import DocumentSource
from connector.testing.loopback import LoopbackServer
from connector.testing.registry_host import DccRegistryHost, FederationHost
from connector.testing.signing import SigningKey
from connector.verify import Policy
from connector.verify.registries import Words

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LAKEVIEW = "did:web:lakeview.example"
ENTRY = {"name": "Lakeview University", "location": "Lakeview", "url": "https://lakeview.example"}


class Desk:
    """Registries over a stand-in, with a clock that a test turns."""

    def __init__(self, host: DccRegistryHost | FederationHost, folder: Path | None = None, **registry: Any) -> None:
        self.host, self.clock, self.folder = host, FixedClock(NOW), folder
        federated = isinstance(host, FederationHost)
        if isinstance(host, FederationHost):
            host.now = self.clock.now
            registry = {"jwks": host.jwks, **registry}
        kind = "openid_federation" if federated else "dcc"
        registry = {"url": host.url, "kind": kind, "name": "The registry", **registry}
        self.plain = Policy.model_validate({"registries": [{k: v for k, v in registry.items() if v is not None}]})
        self.restart()

    def restart(self) -> None:
        self.registries = Registries(self._source, folder=self.folder, clock=self.clock)

    def _source(self) -> DocumentSource:
        answers: dict[str, Any] = {} if self.host.down else self.host.answers()
        down = {url: {"status": 503, "body": ""} for url in self.host.answers()} if self.host.down else {}
        return RecordedWorld({**answers, **down}, base=Path.cwd(), clock=self.clock)

    def ask(self, issuer: str = LAKEVIEW) -> Words:
        [words] = self.registries.attach(self.plain).words(issuer)
        return words

    def later(self, **span: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**span))

    def refresh(self) -> None:
        self.registries.refresh(self.plain)

    @property
    def state(self) -> RegistryState:
        return self.registries.states(self.plain)[0]


@pytest.fixture(params=["dcc", "federation"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    return Desk(_host(request.param), tmp_path / "registries")


def _host(kind: str) -> DccRegistryHost | FederationHost:
    return DccRegistryHost({LAKEVIEW: ENTRY}) if kind == "dcc" else FederationHost({LAKEVIEW: "Lakeview University"})


def named(words: Words) -> str | None:
    return words.entry.name if words.entry else None


# --- listed, not listed, could not be loaded: three answers -------------------------------------------------------


def test_an_issuer_that_is_listed_is_named_with_the_day_of_the_copy(desk: Desk) -> None:
    words = desk.ask()
    assert (named(words), words.as_of, words.problem) == ("Lakeview University", NOW, "")
    assert words.dated == "The registry, copy of 2026-11-23"


def test_an_issuer_that_is_not_listed_is_not_a_problem(desk: Desk) -> None:
    words = desk.ask("did:web:elsewhere.example")
    assert (words.entry, words.problem) == (None, "")


def test_a_registry_that_never_answered_is_said_and_is_not_read_as_not_listed(desk: Desk) -> None:
    desk.host.down = True
    words = desk.ask()
    assert words.entry is None
    assert words.problem == "it answered HTTP 503"
    assert desk.state.as_of is None
    assert not desk.state.usable


def test_offline_says_that_nothing_was_fetched(tmp_path: Path) -> None:
    desk = Desk(_host("dcc"))
    desk.registries = Registries(NoDocuments, folder=None, clock=desk.clock)
    assert "offline" in desk.ask().problem


def test_offline_a_copy_that_is_there_is_used(desk: Desk) -> None:
    desk.ask()
    desk.registries = Registries(NoDocuments, folder=desk.folder, clock=desk.clock)
    assert named(desk.ask()) == "Lakeview University"


# --- outages -----------------------------------------------------------------------------------------------------


def test_the_last_good_copy_survives_an_outage_and_a_restart_with_its_age(desk: Desk) -> None:
    assert desk.ask().as_of == NOW
    desk.host.down = True
    desk.later(days=3)
    desk.restart()
    desk.refresh()
    words = desk.ask()
    assert (named(words), words.as_of, words.problem) == ("Lakeview University", NOW, "")
    assert desk.state.as_of == NOW
    assert "503" in desk.state.problem, "the doctor hears of it"


def test_without_a_folder_the_copy_in_memory_survives_an_outage(desk: Desk) -> None:
    desk.folder = None
    desk.restart()
    desk.ask()
    desk.host.down = True
    desk.later(days=3)
    desk.refresh()
    assert named(desk.ask()) == "Lakeview University"


def test_an_outage_that_is_over_brings_a_new_copy(desk: Desk) -> None:
    desk.host.down = True
    desk.ask()
    desk.host.down = False
    assert desk.ask().problem, "it was asked a moment ago"
    desk.later(seconds=RETRY.total_seconds() + 1)
    assert named(desk.ask()) == "Lakeview University"
    assert desk.state.problem == ""


def test_who_is_taken_out_of_the_registry_is_not_listed_any_more(desk: Desk) -> None:
    desk.ask()
    if isinstance(desk.host, DccRegistryHost):
        desk.host.entries.clear()
    else:
        desk.host.names.clear()
    desk.later(days=1, minutes=10)
    desk.refresh()
    words = desk.ask()
    assert (words.entry, words.problem) == (None, "")


def test_an_answer_that_is_broken_does_not_replace_the_good_copy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.ask()
    broken = {url: {"body": "<html>Maintenance</html>"} for url in desk.host.answers()}
    monkeypatch.setattr(desk.host, "answers", lambda: broken)
    desk.later(days=2)
    desk.refresh()
    assert named(desk.ask()) == "Lakeview University"
    assert desk.state.problem


def test_an_identifier_that_is_not_listed_is_not_written_down(desk: Desk) -> None:
    """It may be a person's, who issued a record for himself."""
    desk.ask()
    desk.ask("did:key:z6MkSomebody")
    assert desk.folder is not None
    [copy] = desk.folder.iterdir()
    assert LAKEVIEW in copy.read_text(encoding="utf-8")
    assert "Somebody" not in copy.read_text(encoding="utf-8")
    desk.restart()
    assert desk.ask("did:key:z6MkSomebody").problem == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"at": 1}', '{"at": "x", "body": "{}", "configuration": {}}'])
def test_a_copy_on_disk_that_is_broken_is_fetched_anew(desk: Desk, content: str) -> None:
    desk.ask()
    assert desk.folder is not None
    for file in desk.folder.iterdir():
        file.write_text(content, encoding="utf-8")
    desk.restart()
    assert named(desk.ask()) == "Lakeview University"


def test_a_disk_without_room_costs_the_copy_and_not_the_answer(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    desk.folder = tmp_path / "file" / "registries"
    desk.restart()
    assert named(desk.ask()) == "Lakeview University"


def test_a_recorded_world_or_another_pin_has_its_own_copy(tmp_path: Path) -> None:
    desk = Desk(_host("dcc"), tmp_path)
    desk.ask()
    other = Desk(_host("dcc"), tmp_path, sha256="0" * 64)
    assert "pins" in other.ask().problem


# --- pins --------------------------------------------------------------------------------------------------------


def test_a_pinned_file_is_believed_only_with_its_content(tmp_path: Path) -> None:
    host = DccRegistryHost({LAKEVIEW: ENTRY})
    desk = Desk(host, tmp_path, sha256=hashlib.sha256(host.text().encode()).hexdigest())
    assert named(desk.ask()) == "Lakeview University"
    host.entries["did:web:intruder.example"] = ENTRY
    desk.later(days=1)
    desk.refresh()
    assert desk.ask("did:web:intruder.example").entry is None
    assert named(desk.ask()) == "Lakeview University", "the last good copy"
    assert "pins" in desk.state.problem


def test_a_federation_without_pinned_keys_says_nothing() -> None:
    desk = Desk(_host("federation"), jwks=None)
    assert desk.ask().problem == "the policy pins no keys for it (jwks)"
    assert not desk.state.pinned


# --- statements: one fault each beside the twin above -------------------------------------------------------------


def _stranger(host: FederationHost) -> None:
    host.signing = SigningKey("somebody else", "ES256")


def _another_key_named(host: FederationHost) -> None:
    host.header = {"kid": "anchor-2"}


FAULTS: dict[str, tuple[Any, str]] = {
    "another signer": (_stranger, "not signed by a key"),
    "another kid": (_another_key_named, "not signed by a key"),
    "no kid": ({"header": {"kid": None}}, "not signed by a key"),
    "another algorithm": ({"header": {"alg": "EdDSA"}}, "not signed by a key"),
    "no algorithm": ({"header": {"alg": "none"}}, "not signed by a key"),
    "another kind of token": ({"header": {"typ": "JWT"}}, "another kind"),
    "no kind of token": ({"header": {"typ": None}}, "another kind"),
    "crit in the header": ({"header": {"crit": ["exp"]}}, "not allowed"),
    "a key in the header": ({"header": {"jwk": SigningKey("somebody else", "ES256").public_jwk}}, "not allowed"),
    "crit in the claims": ({"claims": {"crit": ["x"]}}, "not understood"),
    "by somebody else": ({"claims": {"iss": "https://elsewhere.example"}}, "somebody else"),
    "about somebody else": ({"claims": {"sub": "did:web:elsewhere.example"}}, "somebody else"),
    "a prefix of the subject": ({"claims": {"sub": LAKEVIEW[:-1]}}, "somebody else"),
    "from the future": ({"claims": {"iat": NOW.timestamp() + 600}}, "future"),
    "over": ({"claims": {"exp": NOW.timestamp() - 600}}, "end date"),
    "no end": ({"claims": {"exp": None}}, "(exp)"),
    "no beginning": ({"claims": {"iat": None}}, "(iat)"),
    "an end in words": ({"claims": {"exp": "tomorrow"}}, "(exp)"),
    "an end that is true": ({"claims": {"exp": True}}, "(exp)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_statement_with_one_thing_wrong_is_not_believed(name: str) -> None:
    host = FederationHost({LAKEVIEW: "Lakeview University"})
    desk = Desk(host)
    desk.ask("did:web:elsewhere.example")  # the configuration is had while all is well
    fault, why = FAULTS[name]
    if callable(fault):
        fault(host)
    else:
        for member, value in fault.items():
            setattr(host, member, value)
    words = desk.ask()
    assert words.entry is None
    assert why in words.problem


def test_a_configuration_by_another_key_gives_no_statements_a_chance() -> None:
    host = FederationHost({LAKEVIEW: "Lakeview University"})
    desk = Desk(host)
    _stranger(host)
    assert "not signed" in desk.ask().problem


def test_a_configuration_of_another_entity_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FederationHost({LAKEVIEW: "Lakeview University"})
    desk = Desk(host)
    other = FederationHost({}, host="elsewhere.example", now=desk.clock.now)
    other.key = other.signing = host.key
    monkeypatch.setattr(host, "configuration", other.configuration)
    assert "somebody else" in desk.ask().problem


def test_a_configuration_may_name_its_endpoint_only_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    host = FederationHost({LAKEVIEW: "Lakeview University"})
    desk = Desk(host)
    entity = {"federation_fetch_endpoint": "http://federation.example/fetch"}
    monkeypatch.setattr(host, "configuration", lambda: host.sign(host._claims(host.url, entity)))
    assert "no place" in desk.ask().problem


def test_the_address_may_be_the_configurations_own() -> None:
    host = FederationHost({LAKEVIEW: "Lakeview University"})
    assert named(Desk(host, url=f"{host.url}/.well-known/openid-federation").ask()) == "Lakeview University"
    assert named(Desk(host, url=f"{host.url}/").ask()) == "Lakeview University"


def test_keys_that_a_statement_names_are_kept_with_it() -> None:
    host, key = FederationHost({LAKEVIEW: "Lakeview University"}), SigningKey("lakeview")
    host.subject_keys[LAKEVIEW] = [key.public_jwk, {"kty": "oct", "k": "AA"}]
    entry = Desk(host).ask().entry
    assert entry is not None
    assert entry.keys is not None
    assert len(entry.keys) == 1


@pytest.mark.parametrize(("name", "test"), [("Identity Registry (TEST)", True), ("Identity Registry", False)])
def test_a_federation_that_calls_itself_a_test_lists_test_issuers(name: str, test: bool, tmp_path: Path) -> None:
    desk = Desk(FederationHost({LAKEVIEW: "Lakeview University"}, own_name=name), tmp_path)
    assert desk.ask().is_test is test
    desk.restart()
    assert desk.ask().is_test is test


def test_copies_are_kept_fresh_in_the_background(desk: Desk) -> None:
    desk.plain = Policy(
        registries=tuple(r.model_copy(update={"recognise": (LAKEVIEW,)}) for r in desk.plain.registries)
    )
    assert desk.folder is not None
    desk.registries.start(lambda: desk.plain)
    deadline = time.monotonic() + 10
    while not any(LAKEVIEW in copy.read_text() for copy in desk.folder.glob("*.json")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    desk.registries.stop()
    desk.host.down = True
    assert named(desk.ask()) == "Lakeview University", "it was asked before anybody wanted to know"


# --- over real HTTP, and what an assessment may wait --------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dcc", "federation"])
def test_a_registry_is_asked_over_http_through_the_guard(kind: str, tmp_path: Path) -> None:
    host = _host(kind)
    server = LoopbackServer().start(host)
    try:
        source = GuardedDocuments(unsafe_loopback_hosts={host.host: ("127.0.0.1", server.port)})
        desk = Desk(host, tmp_path)
        desk.clock.set(datetime.now(UTC))
        desk.registries = Registries(source.session, folder=tmp_path, clock=desk.clock)
        assert named(desk.ask()) == "Lakeview University"
        asked = len(host.asked)
        assert named(desk.ask()) == "Lakeview University"
        assert len(host.asked) == asked, "kept"
        assert desk.ask("did:web:elsewhere.example").problem == ""
        host.down = True
        desk.later(days=2)
        desk.refresh()
        assert named(desk.ask()) == "Lakeview University"
    finally:
        server.stop()


@pytest.mark.parametrize("kind", ["dcc", "federation"])
def test_a_registry_on_a_private_address_is_never_asked(kind: str) -> None:
    host = _host(kind)
    desk = Desk(host)
    desk.registries = Registries(
        GuardedDocuments(resolve=lambda name, port: ["10.0.0.7"]).session, folder=None, clock=desk.clock
    )
    assert "private_address" in desk.ask().problem


def test_a_slow_registry_holds_an_assessment_up_for_a_moment_and_not_again() -> None:
    desk = Desk(_host("federation"))

    def slow() -> DocumentSource:
        time.sleep(0.8)
        return desk._source()

    desk.registries = Registries(slow, folder=None, clock=desk.clock, patience=0.05)
    began = time.monotonic()
    for number in range(200):
        assert desk.ask(f"did:web:issuer-{number}.example").problem == "it has not answered yet"
    assert time.monotonic() - began < 0.7
