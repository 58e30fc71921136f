"""What the pages and commands ask of the connector beside submissions: links, reports, probes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from connector.bootstrap import build
from connector.config import load_settings
from connector.errors import ConnectorError, LinkError, MappingError, PolicyFileError
from connector.infra.clock import FixedClock
from connector.model.applicant import Applicant
from connector.model.changes import ChangeSet
from connector.model.records import NewInvitation, State
from connector.operate.doctor import run_doctor
from tests.house import KEY

from .conftest import House


def test_an_invitation_link_leads_back_to_what_it_was_made_for(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    new = NewInvitation(ref=house.ref, applicant=Applicant(name="Maria Okafor"), job_title="Welder")
    url, made = house.connector.invite(new)
    prefix, _, token = url.rpartition("/")
    assert prefix == "http://127.0.0.1:8080/s"
    assert house.connector.invitation(token) == made
    assert made.ref == house.ref
    with pytest.raises(LinkError):
        house.connector.invitation(token[:-1])


def test_the_written_report_link_opens_the_report_of_all_live_submissions(house: House) -> None:
    first = house.deliver(house.badge())
    second = house.deliver(house.badge("Rigger II"))
    assert first.report_id == second.report_id
    assert first.report_id is not None
    url = next(v for v in house.held.fields.values() if isinstance(v, str) and "/r/" in v)
    assert urlsplit(url).path == f"/r/{first.report_id}"
    house.connector.check_report_link(first.report_id, dict(parse_qsl(urlsplit(url).query)))
    assert [r.id for r in house.connector.report(first.report_id)] == [first.id, second.id]
    with pytest.raises(LinkError):
        house.connector.check_report_link(first.report_id, {})
    with pytest.raises(LinkError):
        house.connector.report("guess")


def test_a_view_key_belongs_to_one_submission(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    key = house.connector.view_key("sub_1")
    assert house.connector.check_view_key("sub_1", key)
    assert not house.connector.check_view_key("sub_2", key)


def test_the_doctor_looks_at_a_real_account(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    probes = run_doctor(house.connector)
    named = {p.name: p for p in probes}
    assert named["storage"].ok
    assert all(p.ok for name, p in named.items() if name.startswith("greenhouse: field")), named
    assert any(name.startswith("greenhouse: field") for name in named)


def test_an_expired_assessment_is_made_again_before_anything_is_written(houses: Callable[..., House]) -> None:
    """A candidate decides after two days; the badge was revoked in between."""
    clock = FixedClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    house = houses(clock=clock)
    badge = house.badge(valid_until="2026-11-24T00:00:00Z")
    waiting = house.deliver(badge, consent=False)
    assert (waiting.answer or {})["verdict"] == "verified"
    clock.set(clock.now() + timedelta(days=2))
    done = house.settled(house.connector.consent(waiting.id, tuple(c.id for c in waiting.claims)))
    assert (done.answer or {})["verdict"] == "expired"


def test_a_policy_that_changed_counts_from_the_next_submission(house: House) -> None:
    assert house.deliver(house.badge()).state is State.DELIVERED
    policy = house.folder / "policy.yaml"
    policy.write_text("trusted_issuers: []\n", encoding="utf-8")
    record = house.deliver(house.badge("Rigger II"))
    assert (record.answer or {})["decision"] == "accepted_with_warning"
    policy.write_text("trusted_isuers: []\n", encoding="utf-8")
    record = house.deliver(house.badge("Fitter"))
    assert (record.answer or {})["decision"] == "accepted_with_warning"


def test_an_issuer_that_was_dropped_before_the_choice_is_not_written_as_recognised(house: House) -> None:
    waiting = house.deliver(house.badge(), consent=False)
    assert (waiting.answer or {})["decision"] == "accepted"
    (house.folder / "policy.yaml").write_text("trusted_issuers: []\n", encoding="utf-8")
    done = house.settled(house.connector.consent(waiting.id, tuple(c.id for c in waiting.claims)))
    assert (done.answer or {})["decision"] == "accepted_with_warning"
    assert all(change.trust == "unverified" for change in (done.change_set or ChangeSet(ats="")).changes)


def test_a_denied_issuers_badge_is_not_written_at_all(house: House) -> None:
    waiting = house.deliver(house.badge(), consent=False)
    (house.folder / "policy.yaml").write_text(f"denied_issuers: ['{house.issuer.id}']\n", encoding="utf-8")
    done = house.settled(house.connector.consent(waiting.id, tuple(c.id for c in waiting.claims)))
    assert done.state is State.REFUSED
    assert house.writes == 0


def test_a_broken_policy_file_keeps_the_service_from_starting(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("trusted_isuers: []\n", encoding="utf-8")
    environ = {
        "LER_DATA_DIR": str(tmp_path / "d"),
        "LER_SECRET_KEY": KEY,
        "LER_POLICY_FILE": str(tmp_path / "policy.yaml"),
    }
    with pytest.raises(PolicyFileError, match=r"policy\.yaml:1"):
        build(load_settings(environ, env_file=None))


def test_a_mapping_for_another_ats_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "greenhouse.yaml").write_text("version: 1\nats: lever\nnote: {}\n", encoding="utf-8")
    environ = {
        "LER_DATA_DIR": str(tmp_path / "d"),
        "LER_SECRET_KEY": KEY,
        "LER_MAPPING_DIR": str(tmp_path),
        "LER_GREENHOUSE__CLIENT_ID": "c",
        "LER_GREENHOUSE__CLIENT_SECRET": "s",
    }
    settings = load_settings(environ, env_file=None)
    with pytest.raises(
        MappingError, match=r"greenhouse\.yaml:2:6: This mapping is for lever; the connection is greenh"
    ):
        build(settings)
    build(settings, files=False).stop()


def test_the_first_start_writes_a_key_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings({"LER_DATA_DIR": str(tmp_path / "d")}, env_file=None)
    build(settings).stop()
    assert "secret.key" in caplog.text
    caplog.clear()
    build(settings).stop()
    assert "secret.key" not in caplog.text


def test_asking_an_unknown_connection_is_said(houses: Callable[..., House]) -> None:
    house = houses(start=False)
    for ask in (house.connector.probe, house.connector.capabilities, house.connector.catalog):
        with pytest.raises(ConnectorError) as caught:
            ask("nowhere")
        assert caught.value.code == "unknown_connection"
