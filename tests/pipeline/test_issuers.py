"""The `issuers` commands over a whole connector: who waits, what a decision writes, and what it delivers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connector.bootstrap import Connector
from connector.cli.issuers import app
from connector.infra.world_file import RecordedWorld
from connector.model.records import State
from connector.ports import DocumentSource
from connector.testing.badge_host import BadgeHost
from connector.testing.issuer import Issuer, recorded_world
from connector.testing.registry_host import DccRegistryHost
from connector.verify import load_policy

from .conftest import House

POLICY = """\
# Agreed with legal on 2026-11-02.
trusted_issuers:
  - id: did:web:oldtown.example   # since the pilot
    name: Oldtown College
"""
UNKNOWN = "did:web:lakeview.example"


@pytest.fixture
def house(houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A running service whose policy does not know the issuer, and commands beside it."""
    return _house(houses, tmp_path, monkeypatch)


def _house(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str = POLICY, **more: Any
) -> House:
    file = tmp_path / "ours.yaml"
    file.write_text(policy, encoding="utf-8")
    house = houses(extra={"LER_POLICY_FILE": str(file)}, **more)
    service = house.connector

    @contextmanager
    def beside() -> Iterator[Connector]:
        command = house.build()
        house.connector = service
        try:
            yield command
        finally:
            command.stop()

    monkeypatch.setattr("connector.cli.issuers._connector", beside)
    return house


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        assert code == 2, result.exception
        return result
    assert result.exit_code == code, result.output
    return result


def listed(*more: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = json.loads(run("list", "--json", *more).stdout)
    issuers: list[dict[str, Any]] = found["issuers"]
    return issuers


def policy_text(house: House) -> str:
    return Path(house.extra["LER_POLICY_FILE"]).read_text(encoding="utf-8")


# --- the whole way -----------------------------------------------------------------------------------------------


def test_an_accepted_issuers_records_are_delivered_anew_and_a_second_accept_writes_nothing(house: House) -> None:
    first = house.deliver(house.badge())
    assert (first.answer or {})["decision"] == "accepted_with_warning"
    before, writes = dict(house.held.fields), house.writes
    [met] = listed()
    assert (met["id"], met["waiting"], met["bound"], met["domain"]) == (UNKNOWN, 1, True, "lakeview.example")
    assert met["proof"] == "its keys were obtained from lakeview.example itself"
    assert (met["names"], met["samples"]) == (["Lakeview University"], ["Welder I"])

    done = json.loads(run("accept", UNKNOWN, "--name", "Lakeview University", "--json").stdout)
    [again] = done["reevaluated"]
    assert (again["id"], again["state"]) == (first.id, "delivered")
    assert again["writes"] > 0
    assert house.writes > writes
    assert house.held.fields != before
    record = house.connector.submission(first.id)
    assert record is not None
    assert (record.answer or {})["decision"] == "accepted"
    assert policy_text(house) == POLICY + '  - id: did:web:lakeview.example\n    name: "Lakeview University"\n'

    settled, writes = dict(house.held.fields), house.writes
    assert "already" in str(run("later", UNKNOWN, code=2).exception)
    done = json.loads(run("accept", UNKNOWN, "--json").stdout)
    assert done["reevaluated"] == []
    assert (house.writes, dict(house.held.fields)) == (writes, settled)
    found = json.loads(run("list", "--json").stdout)
    assert (found["issuers"], len(found["decisions"])) == ([], 1)


def test_judging_anew_without_a_change_writes_nothing(house: House) -> None:
    first = house.deliver(house.badge())
    writes = house.writes
    house.connector.reevaluate(first.id)
    record = house.connector.wait(first.id)
    assert (record.state, house.writes) == (State.DELIVERED, writes)


def test_a_rejected_issuers_values_are_taken_back_and_its_records_refused(house: House) -> None:
    empty = dict(house.held.fields)
    first = house.deliver(house.badge())
    assert dict(house.held.fields) != empty
    [done] = json.loads(run("reject", UNKNOWN, "--json").stdout)["reevaluated"]
    assert (done["state"], done["writes"] > 0) == ("refused", True)
    record = house.connector.submission(first.id)
    assert record is not None
    assert (record.state, record.code, record.live) == (State.REFUSED, "issuer_denied", False)
    assert {k: v for k, v in house.held.fields.items() if v} == {k: v for k, v in empty.items() if v}
    assert listed() == [], "decided"
    assert load_policy(Path(house.extra["LER_POLICY_FILE"])).denies(UNKNOWN)

    run("accept", UNKNOWN)
    record = house.connector.wait(first.id)
    assert record.state is State.DELIVERED
    assert not load_policy(Path(house.extra["LER_POLICY_FILE"])).denies(UNKNOWN)


def test_what_waits_for_the_candidates_choice_is_not_delivered_by_a_decision(house: House) -> None:
    waiting = house.deliver(house.badge(), consent=False)
    run("accept", UNKNOWN)
    record = house.connector.submission(waiting.id)
    assert record is not None
    assert (record.state, house.writes) == (State.AWAITING_CONSENT, 0)
    done = house.settled(house.connector.consent(waiting.id, tuple(c.id for c in waiting.claims)))
    assert (done.answer or {})["decision"] == "accepted"


def test_what_was_taken_back_stays_so(house: House) -> None:
    first = house.deliver(house.badge())
    house.settled(house.connector.undo(first.id))
    writes = house.writes
    assert json.loads(run("accept", UNKNOWN, "--json").stdout)["reevaluated"] == []
    assert house.writes == writes


def test_an_outage_at_the_issuers_site_takes_nothing_back(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer("lakeview", method="web")
    world = _Switched(recorded_world(issuer))
    house = _house(houses, tmp_path, monkeypatch, issuer=issuer, documents=world)
    first = house.deliver(house.badge())
    held = dict(house.held.fields)
    world.down = True
    result = json.loads(run("accept", UNKNOWN, "--json").stdout)
    assert [one["state"] for one in result["reevaluated"]] == ["delivered"]
    assert dict(house.held.fields) == held
    world.down = False
    record = house.connector.wait(first.id)
    assert (record.answer or {})["decision"] == "accepted", "it is judged when the site is back"


def test_an_outage_keeps_nothing_of_an_issuer_that_is_denied_now(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer("lakeview", method="web")
    world = _Switched(recorded_world(issuer))
    house = _house(houses, tmp_path, monkeypatch, issuer=issuer, documents=world, clock=_Ahead())
    empty = {k: v for k, v in house.held.fields.items() if v}
    house.deliver(house.badge())
    world.down = True
    assert isinstance(house.clock, _Ahead)
    house.clock.days = 2  # beyond the time for which a fetch that failed is tried again
    [done] = json.loads(run("reject", UNKNOWN, "--json").stdout)["reevaluated"]
    assert done["state"] == "refused"
    assert {k: v for k, v in house.held.fields.items() if v} == empty


class _Ahead:
    """A clock that a test sets ahead by days."""

    days = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


class _Switched:
    """A recorded world that can be down."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._up = RecordedWorld(answers, base=Path.cwd())
        down = {url: {"status": 503, "body": ""} for url in answers}
        self._down = RecordedWorld(down, base=Path.cwd())
        self.down = False

    def session(self) -> DocumentSource:
        return (self._down if self.down else self._up).session()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._down if self.down else self._up, name)


def test_without_a_running_service_the_command_does_the_work_itself(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = _house(houses, tmp_path, monkeypatch)
    first = house.deliver(house.badge())
    house.connector.stop()
    writes = house.writes
    house.build()
    monkeypatch.setattr("connector.cli.issuers._connector", lambda: nullcontext(house.connector))
    [again] = json.loads(run("accept", UNKNOWN, "--json").stdout)["reevaluated"]
    assert (again["id"], again["state"]) == (first.id, "delivered")
    assert house.writes > writes


# --- the list ----------------------------------------------------------------------------------------------------


def test_an_issuer_that_was_put_off_comes_back_with_something_new_or_at_its_day(house: House) -> None:
    house.deliver(house.badge())
    run("later", UNKNOWN)
    assert listed() == []
    assert [one["id"] for one in listed("--all")] == [UNKNOWN]
    house.deliver(house.badge("Rigger II"))
    assert [(one["id"], one["waiting"]) for one in listed()] == [(UNKNOWN, 2)]
    soon = house.connector.now() + timedelta(days=2)
    run("later", UNKNOWN, "--until", f"{soon:%Y-%m-%d}")
    house.deliver(house.badge("Fitter"))
    assert listed() == []
    run("later", UNKNOWN, "--until", "2020-01-01")
    assert [one["id"] for one in listed()] == [UNKNOWN]


def test_a_record_whose_signature_does_not_hold_says_nothing_of_the_issuer_it_names(house: House) -> None:
    house.deliver(house.badge(tampered=True))
    assert listed() == []
    house.deliver(house.badge())
    assert [one["id"] for one in listed()] == [UNKNOWN]


def test_an_issuer_that_resembles_one_on_the_list_is_marked(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer("other", method="web", name="Oldtown Colllege", domain="0ldtown.example")
    house = _house(houses, tmp_path, monkeypatch, issuer=issuer)
    house.deliver(house.badge())
    [met] = listed()
    assert met["lookalike"] == "did:web:oldtown.example"
    assert "resembles" in run("list").output
    assert "resembles did:web:oldtown.example" in run("suggest").stdout


def test_what_registries_say_is_shown_with_its_day_and_an_outage_by_name(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer("lakeview", method="web")
    registry = DccRegistryHost({issuer.id: {"name": "Lakeview (listed)", "url": "https://lakeview.example"}})
    world = RecordedWorld(recorded_world(issuer, extra=registry.answers()), base=tmp_path)
    rules = f"registries:\n  - {{url: {registry.url}, name: Members}}\n  - {{url: https://gone.example/r.json}}\n"
    house = _house(houses, tmp_path, monkeypatch, policy=rules, issuer=issuer, documents=world)
    record = house.deliver(house.badge())
    [credential] = (record.answer or {})["credentials"]
    assert (credential["issuer"]["name_source"], credential["assurance"]) == ("registry", "genuine_unbound")
    found = json.loads(run("list", "--json").stdout)
    [met] = found["issuers"]
    day = f"{house.connector.now():%Y-%m-%d}"
    assert met["registries"] == [f"Members, copy of {day}: Lakeview (listed)"]
    assert met["unavailable"] == ["gone.example: it answered HTTP 404"]
    members, gone = found["registries"]
    assert (members["entries"], members["problem"], members["age_seconds"] < 60) == (1, None, True)
    assert (gone["as_of"], gone["problem"]) == (None, "it answered HTTP 404")
    assert "could not be loaded" in run("list").output
    run("accept", UNKNOWN)
    assert 'name: "Lakeview (listed)"' in policy_text(house), "a registry's name, not its own word"


def test_a_hosted_badge_is_evidence_by_its_site(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = BadgeHost()
    world = RecordedWorld(host.answers(), base=tmp_path)
    house = _house(houses, tmp_path, monkeypatch, documents=world)
    badge = host.issue(house.person.email)
    later = RecordedWorld(host.answers(), base=tmp_path)
    object.__setattr__(house.connector._tools, "documents", later.session)
    house.deliver(badge.text().encode())
    [met] = listed()
    assert met["id"] == host.profile["id"]
    assert met["proof"] == f"confirmed by {host.host}, where its records live"


def test_every_decision_is_kept_with_who_took_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "rosa")
    house.deliver(house.badge())
    run("later", UNKNOWN)
    run("accept", UNKNOWN, "--types", "OpenBadgeCredential", "--from", "2020-01-01", "--until", "2030-01-01")
    run("reject", "did:web:mill.example")
    decisions = json.loads(run("list", "--json").stdout)["decisions"]
    assert [(d["issuer"], d["decision"], d["by"]) for d in decisions] == [
        (UNKNOWN, "later", "rosa"),
        (UNKNOWN, "accepted", "rosa"),
        ("did:web:mill.example", "rejected", "rosa"),
    ]
    assert decisions[1]["entry"] == {
        "id": UNKNOWN,
        "types": ["OpenBadgeCredential"],
        "from": "2020-01-01",
        "until": "2030-01-01",
    }


# --- what is refused ---------------------------------------------------------------------------------------------


def test_a_name_is_no_identifier(house: House) -> None:
    house.deliver(house.badge())
    result = run("accept", "Lakeview University", code=2)
    assert UNKNOWN in str(result.exception)
    assert policy_text(house) == POLICY


@pytest.mark.parametrize("option", ["--from", "--until"])
@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "2026-1-1"])
def test_a_day_that_is_none_is_said(house: House, option: str, day: str) -> None:
    assert option in str(run("accept", UNKNOWN, option, day, code=2).exception)
    assert policy_text(house) == POLICY


def test_a_test_issuer_is_not_accepted_unless_the_policy_lets_it_through(house: House) -> None:
    published = "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q"
    assert "published" in str(run("accept", published, code=2).exception)
    assert policy_text(house) == POLICY
    Path(house.extra["LER_POLICY_FILE"]).write_text(f"{POLICY}test_issuers: allow\n", encoding="utf-8")
    run("accept", published)
    assert published in policy_text(house)


def test_a_file_that_cannot_be_written_is_left_and_the_lines_are_printed(house: House, tmp_path: Path) -> None:
    """A file that is mounted into a container is a link, and belongs to somebody else."""
    house.deliver(house.badge())
    writes, file = house.writes, Path(house.extra["LER_POLICY_FILE"])
    file.rename(tmp_path / "mounted.yaml")
    file.symlink_to(tmp_path / "mounted.yaml")
    for command, words in (("accept", "trusted_issuers:"), ("reject", "denied_issuers:")):
        result = run(command, UNKNOWN, code=2)
        assert result.stdout == f"{words}\n  - {UNKNOWN}\n"
        assert "cannot be written" in result.stderr
    assert (policy_text(house), house.writes) == (POLICY, writes)
    assert json.loads(run("list", "--json").stdout)["decisions"] == []


def test_a_starter_policy_is_a_policy_and_leaves_out_whom_nothing_stands_behind(
    houses: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = _house(houses, tmp_path, monkeypatch)
    hostile = house.issuer.unsigned_badge(email=house.person.email)
    hostile["issuer"]["name"] = hostile["credentialSubject"]["achievement"]["name"] = 'Evil\n  - id: "did:web:x"'
    house.deliver(json.dumps(house.issuer.sign(hostile)).encode())
    keyed = Issuer("somebody")
    house.deliver(json.dumps(keyed.open_badge(email=house.person.email)).encode())
    text = run("suggest").stdout
    file = tmp_path / "starter.yaml"
    file.write_text(text, encoding="utf-8")
    policy = load_policy(file)
    assert [entry.id for entry in policy.trusted_issuers] == [UNKNOWN]
    assert f"#   {keyed.id}: neither a domain nor a registry stands behind it" in text
    assert policy_text(house) == POLICY, "nothing is written by itself"


def test_without_submissions_there_is_nothing_to_suggest(house: House, tmp_path: Path) -> None:
    file = tmp_path / "starter.yaml"
    file.write_text(run("suggest").stdout, encoding="utf-8")
    assert load_policy(file).trusted_issuers == ()
    assert "Nobody waits" in run("list").output
