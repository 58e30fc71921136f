"""Whole runs through the durable pipeline: what the ATS holds afterwards, and how many writes that took."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector import registry
from connector.errors import ConnectorError, FetchError, IntakeError, SubmissionTooLarge
from connector.infra.world_file import RecordedWorld
from connector.mapping import shipped_mapping
from connector.model.applicant import Applicant
from connector.model.changes import AtsState, Family
from connector.model.records import State
from connector.model.submission import Basis
from connector.ports import FetchedDocument, SandboxFault, SandboxPerson
from connector.testing.issuer import Issuer, recorded_world

from .conftest import House

ONE_FIELD = """
version: 1
ats: greenhouse
fields:
  skills: {target: ler_skills, type: long_text, select: "claims[?kind == 'skill']"}
"""
ATSS = ["greenhouse", "lever", "workday"]


@pytest.mark.parametrize("kind", ATSS)
def test_a_genuine_badge_ends_in_the_ats(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    record = house.deliver(house.badge())
    assert record.state is State.DELIVERED, (record.code, record.message)
    assert record.answer is not None
    assert record.answer["decision"] == "accepted"
    assert record.receipt is not None
    assert record.receipt.complete
    assert record.receipt.writes > 0
    assert record.receipt.requests >= record.receipt.writes


@pytest.mark.parametrize("kind", ATSS)
def test_the_same_ler_again_writes_nothing(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    badge = house.badge()
    first = house.deliver(badge)
    writes, held = house.writes, house.held
    again = house.deliver(badge)
    assert again.state is State.DELIVERED
    assert again.duplicate_of == first.id
    assert house.writes == writes
    assert again.receipt is not None
    assert again.receipt.writes == 0
    assert (house.held.fields, house.held.notes) == (held.fields, held.notes)


@pytest.mark.parametrize("kind", ATSS)
def test_a_second_ler_adds_and_undoing_one_leaves_the_other(houses: Callable[..., House], kind: str) -> None:
    house = houses(kind)
    everything = str(shipped_mapping(registry.plugin(kind).full_mapping))
    house.deliver(house.badge("Welder I", tags=["MIG welding"]), mapping=everything)
    one = house.held
    second = house.deliver(house.badge("Rigger II", tags=["SQL"]), mapping=everything)
    both = house.held
    assert "SQL" in visible(both)
    assert "MIG welding" in visible(both)
    undone = house.settled(house.connector.undo(second.id))
    assert (undone.state, undone.code) == (State.WITHDRAWN, "undone")
    assert visible(house.held) == visible(one)
    assert "SQL" not in visible(house.held)


def visible(state: AtsState) -> str:
    """Fields, tags, links and the newest form, as text."""
    forms = [(f.template, sorted(f.values.items())) for f in state.forms]
    return str((sorted(state.fields.items()), sorted(state.tags), sorted(state.links), forms))


def test_undoing_everything_leaves_what_was_there_before(house: House) -> None:
    before = house.held
    record = house.deliver(house.badge())
    undone = house.settled(house.connector.undo(record.id))
    assert undone.state is State.WITHDRAWN
    assert (house.held.fields, house.held.tags) == (before.fields, before.tags)
    assert undone.message is not None
    assert "note" in undone.message  # Greenhouse keeps notes, and that is said


def test_two_applications_of_one_candidate_share_what_the_ats_keeps_on_the_person(house: House) -> None:
    """Greenhouse has fields and notes on the candidate; the second application must not find a stranger's value."""
    twice = Counter(p.candidate for p in house.sandbox.people()).most_common(1)[0][0]
    here, there = [p for p in house.sandbox.people() if p.candidate == twice]
    refs = [house.ref.model_copy(update={"candidate": twice, "application": p.application}) for p in (here, there)]
    first = house.deliver(house.badge("Welder I", email=here.email), ref=refs[0], applicant=of(here))
    second = house.deliver(house.badge("Rigger II", email=here.email), ref=refs[1], applicant=of(there))
    assert {first.state, second.state} == {State.DELIVERED}
    assert first.report_id == second.report_id
    held = house.sandbox.holdings(twice, there.application)
    assert "Welder I" in str(held.fields)
    assert "Rigger II" in str(held.fields)
    assert len(held.notes) == 1
    house.settled(house.connector.undo(first.id))
    held = house.sandbox.holdings(twice, here.application)
    assert "Welder I" not in str(held.fields)
    assert "Rigger II" in str(held.fields)
    told = house.connector.submission(second.id)
    assert told is not None
    assert "Welder I" not in str(told.change_set) + str(told.receipt)


def test_two_applications_of_one_candidate_stay_apart_where_the_ats_keeps_them_apart(
    houses: Callable[..., House],
) -> None:
    house = houses("workday")
    twice = Counter(p.candidate for p in house.sandbox.people()).most_common(1)[0][0]
    here, there = [p for p in house.sandbox.people() if p.candidate == twice][:2]
    for person, name in ((here, "Welder I"), (there, "Rigger II")):
        ref = house.ref.model_copy(update={"candidate": twice, "application": person.application})
        house.deliver(house.badge(name, email=person.email), ref=ref, applicant=of(person))
    assert "Rigger II" not in str(house.sandbox.holdings(twice, here.application).fields)
    assert "Welder I" not in str(house.sandbox.holdings(twice, there.application).fields)


def test_naming_the_application_or_not_is_the_same_where_it_makes_no_difference(houses: Callable[..., House]) -> None:
    house = houses("lever")
    badge = house.badge()
    house.deliver(badge)
    writes = house.writes
    again = house.deliver(badge, ref=house.ref.model_copy(update={"application": None}))
    assert again.state is State.DELIVERED
    assert house.writes == writes


def of(person: SandboxPerson) -> Applicant:
    return Applicant(emails=(person.email,))


def ler_rs(proof: Any) -> bytes:
    record = {
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiableCredential", "LERRSCredential"],
        "issuer": "did:key:z6MkjWk8",
        "issuanceDate": "2025-05-01T00:00:00Z",
        "credentialSubject": {"type": "LER-RSType.json", "skills": [{"name": "Planning"}]},
    }
    return json.dumps(record if proof is None else {**record, "proof": proof}).encode()


class TestWhatIsNotAccepted:
    def test_a_tampered_badge_is_refused_and_nothing_is_written(self, house: House) -> None:
        record = house.deliver(house.badge(tampered=True))
        assert (record.state, record.code) == (State.REFUSED, "invalid")
        assert house.writes == 0

    def test_what_cannot_be_read_is_refused_with_a_code_and_a_sentence(self, house: House) -> None:
        record = house.deliver(b'{"a": 1, "a": 2}')
        assert (record.state, record.code) == (State.REFUSED, "duplicate_member")
        assert record.message
        assert record.answer is not None
        assert record.answer["verdict"] == "malformed"
        assert house.sandbox.log == ()

    def test_one_refused_credential_does_not_keep_the_others_out(self, house: House) -> None:
        badges = [json.loads(house.badge("Welder I")), json.loads(house.badge("Rigger II", tampered=True))]
        record = house.deliver(json.dumps(badges).encode())
        assert record.state is State.DELIVERED
        assert "Welder I" in str(house.held.fields)
        assert "Rigger" not in str(house.held)

    @pytest.mark.parametrize("proof", [None, {"type": "RsaSignature2018", "jws": "e30..AA"}])
    def test_an_ler_rs_that_nobody_can_check_is_what_the_applicant_states(
        self, house: House, proof: dict[str, Any] | None
    ) -> None:
        """Its own decision stays `refused`, but the submission is not: there is something to plan with."""
        record = house.deliver(ler_rs(proof))
        assert record.state is State.DELIVERED
        assert record.answer is not None
        assert record.answer["decision"] == "refused"
        assert [(c["name"], c["assurance"], c["trusted"]) for c in record.answer["claims"]] == [
            ("Planning", "stated", False)
        ]

    @pytest.mark.parametrize("proof", [{}, [], {"type": "DataIntegrityProof"}])
    def test_an_ler_rs_with_a_broken_proof_says_nothing(self, house: House, proof: Any) -> None:
        record = house.deliver(ler_rs(proof))
        assert (record.state, record.code) == (State.REFUSED, "invalid")
        assert house.writes == 0

    def test_another_record_that_nobody_can_check_stays_refused(self, house: House) -> None:
        badge = json.loads(house.badge())
        record = house.deliver(json.dumps({**badge, "proof": {"type": "RsaSignature2018"}}).encode())
        assert (record.state, record.code) == (State.REFUSED, "unsupported")

    def test_a_wallet_backup_is_refused_before_anything_is_stored(self, house: House) -> None:
        backup = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "c2VjcmV0"}]}).encode()
        with pytest.raises(IntakeError):
            house.connector.submit(house.new(backup))
        assert house.connector.submissions().items == ()

    def test_a_file_over_the_limit_is_refused_before_anything_is_stored(self, houses: Callable[..., House]) -> None:
        house = houses(extra={"LER_MAX_UPLOAD_BYTES": "2000"}, start=False)
        with pytest.raises(SubmissionTooLarge):
            house.connector.submit(house.new(b"x" * 2001))

    def test_an_unknown_connection_is_refused(self, house: House) -> None:
        ref = house.ref.model_copy(update={"connection": "nowhere"})
        with pytest.raises(ConnectorError) as caught:
            house.connector.submit(house.new(house.badge(), ref=ref))
        assert caught.value.code == "unknown_connection"

    @pytest.mark.parametrize(
        "more",
        [{"content": None}, {"url": "https://a.example"}, {"ref": {"connection": "greenhouse", "candidate": ""}}],
    )
    def test_half_a_request_is_refused(self, house: House, more: dict[str, Any]) -> None:
        with pytest.raises(IntakeError):
            house.connector.submit(house.new(**{"content": house.badge(), **more}))


class TestConsentAndTakingBack:
    def test_a_candidates_submission_waits_for_the_choice(self, house: House) -> None:
        waiting = house.deliver(house.badge(), basis=Basis.CANDIDATE_PAGE, consent=False)
        assert waiting.state is State.AWAITING_CONSENT
        assert house.sandbox.log == ()
        [achievement] = [c for c in waiting.claims if c.kind == "achievement"]
        preview = house.connector.preview(waiting.id, (achievement.id,))
        assert house.sandbox.log == ()
        done = house.settled(house.connector.consent(waiting.id, (achievement.id,), "page"))
        assert done.state is State.DELIVERED
        assert done.change_set == preview
        assert "Welder I" in str(house.held.fields)
        assert "Welder I skill" not in str(house.held.fields)  # the skill was not ticked

    def test_a_refusing_credential_never_asks_for_consent(self, house: House) -> None:
        assert house.deliver(house.badge(tampered=True), consent=False).state is State.REFUSED

    def test_withdrawing_takes_the_values_away_and_keeps_the_record(self, house: House) -> None:
        record = house.deliver(house.badge())
        withdrawn = house.settled(house.connector.withdraw(record.id))
        assert (withdrawn.state, withdrawn.code) == (State.WITHDRAWN, "withdrawn")
        assert "Welder" not in str(house.held.fields)
        assert withdrawn.answer is not None
        assert house.connector.report(record.report_id or "") == []

    def test_withdrawing_can_mean_removal(self, houses: Callable[..., House]) -> None:
        house = houses(extra={"LER_GREENHOUSE__WITHDRAWAL": "remove"})
        record = house.deliver(house.badge())
        withdrawn = house.settled(house.connector.withdraw(record.id))
        assert (withdrawn.state, withdrawn.answer, withdrawn.claims) == (State.WITHDRAWN, None, ())

    def test_withdrawing_can_mean_a_task_for_the_privacy_office(self, houses: Callable[..., House]) -> None:
        house = houses(extra={"LER_GREENHOUSE__WITHDRAWAL": "review"})
        record = house.deliver(house.badge())
        asked = house.connector.withdraw(record.id)
        assert (asked.state, asked.code) == (State.DELIVERED, "withdrawal_requested")
        assert "Welder" in str(house.held.fields)

    def test_erasing_leaves_nothing_here_and_says_what_stays_there(self, house: House) -> None:
        record = house.deliver(house.badge())
        house.connector.erase(record.id)
        erased = house.settled(record)
        assert (erased.state, erased.code) == (State.WITHDRAWN, "erased")
        assert (erased.answer, erased.claims, erased.change_set, erased.document_sha256) == (None, (), None, None)
        assert "note" in (erased.message or "")
        assert "Welder" not in str(house.held.fields)

    def test_erasing_one_leaves_no_word_of_it_in_the_others_records(self, house: House) -> None:
        first = house.deliver(house.badge("Welder I"))
        second = house.deliver(house.badge("Rigger II"))
        assert "Welder I" in str(second.change_set)
        house.connector.erase(first.id)
        house.settled(first)
        left = house.connector.submission(second.id)
        assert left is not None
        assert "Rigger II" in str(left.change_set)
        assert "Welder I" not in str(left.change_set) + str(left.receipt)

    def test_a_recruiters_own_value_is_left_and_that_is_said(self, house: House) -> None:
        mapping = house.folder / "own.yaml"
        mapping.write_text(ONE_FIELD, encoding="utf-8")
        connector: Any = house.connector
        adapter = connector._accounts.adapter("greenhouse")
        seen = connector._courier.call(adapter.read(house.ref, frozenset({Family.FIELDS})))
        connector._courier.call(adapter.set_fields(house.ref, {"ler_skills": "by hand"}, seen))
        record = house.deliver(house.badge(), mapping=str(mapping))
        assert (record.state, record.code) == (State.DELIVERED, "left_as_it_is")
        assert house.held.fields["ler_skills"] == "by hand"
        assert record.receipt is not None
        assert [s.reason for s in record.receipt.skipped][-1] == "kept_existing_value"

    def test_undoing_before_anything_was_written_asks_the_ats_nothing(self, house: House) -> None:
        waiting = house.deliver(house.badge(), consent=False)
        undone = house.settled(house.connector.undo(waiting.id))
        assert undone.state is State.WITHDRAWN
        assert house.sandbox.log == ()

    def test_handing_in_again_after_undo_writes_again_but_no_second_note(self, house: House) -> None:
        record = house.deliver(house.badge())
        full = house.held
        house.settled(house.connector.undo(record.id))
        house.deliver(house.badge())
        assert house.held.fields == full.fields
        assert len(house.held.notes) == 1

    def test_acting_on_what_does_not_exist_is_said(self, house: House) -> None:
        for act in (house.connector.undo, house.connector.retry, house.connector.withdraw, house.connector.erase):
            with pytest.raises(ConnectorError) as caught:
                act("sub_none")
            assert caught.value.code == "unknown_submission"
        assert house.connector.submission("sub_none") is None


class TestTheAtsInTrouble:
    def test_a_lost_answer_is_not_followed_by_a_second_note(self, house: House) -> None:
        house.sandbox.inject(SandboxFault(reset=True, after_commit=True, on="write", times=3))
        record = house.deliver(house.badge())
        assert record.state is State.DELIVERED
        assert len(house.held.notes) == 1
        assert record.attempts > 1

    def test_retry_after_is_obeyed_by_waiting_without_asking(self, house: House) -> None:
        house.sandbox.inject(SandboxFault(status=429, headers={"Retry-After": "20"}, on="write"))
        started = time.monotonic()
        submitted = house.connector.submit(house.new(house.badge()))
        record = house.settled(submitted)
        assert record.state is State.DELIVERED
        assert time.monotonic() - started >= 20 / 20  # the time scale of these tests
        refused = [n for n, r in enumerate(house.sandbox.log) if r.status == 429]
        assert len(refused) == 1

    def test_a_pause_of_the_account_holds_for_its_other_submissions(self, house: House) -> None:
        house.sandbox.inject(SandboxFault(status=429, headers={"Retry-After": "40"}, on="read"))
        first = house.connector.submit(house.new(house.badge()))
        while not any(r.status == 429 for r in house.sandbox.log):
            time.sleep(0.02)
        asked = len(house.sandbox.log)
        other = house.sandbox.people()[1]
        ref = house.ref.model_copy(update={"candidate": other.candidate, "application": other.application})
        second = house.connector.submit(house.new(house.badge("Rigger II"), ref=ref))
        time.sleep(0.8)
        assert len(house.sandbox.log) == asked
        assert house.settled(first).state is State.DELIVERED
        assert house.settled(second).state is State.DELIVERED

    def test_a_burst_of_errors_ends_delivered(self, house: House) -> None:
        house.sandbox.inject(SandboxFault(status=503, on="any", times=4))
        assert house.deliver(house.badge()).state is State.DELIVERED

    def test_refused_credentials_end_failed_and_a_retry_delivers(self, house: House) -> None:
        house.sandbox.inject(SandboxFault(status=403, on="any", times=1))
        record = house.deliver(house.badge())
        assert record.state is State.FAILED
        assert record.code is not None
        assert record.code.startswith("ats_")
        assert house.settled(house.connector.retry(record.id)).state is State.DELIVERED

    def test_a_candidate_who_is_gone_ends_failed_and_is_not_made_again(self, house: House) -> None:
        ref = house.ref.model_copy(update={"candidate": house.sandbox.absent_candidate, "application": None})
        record = house.deliver(house.badge(), ref=ref)
        assert (record.state, record.code) == (State.FAILED, "not_found_in_ats")
        assert house.writes == 0


class TestIdempotency:
    def test_the_same_key_gives_the_same_submission(self, house: House) -> None:
        badge = house.badge()
        first = house.connector.submit(house.new(badge, idempotency_key="k"))
        again = house.connector.submit(house.new(badge, idempotency_key="k"))
        assert again.id == first.id
        assert len(house.connector.submissions().items) == 1

    def test_the_same_key_with_another_request_is_refused(self, house: House) -> None:
        house.connector.submit(house.new(house.badge(), idempotency_key="k"))
        with pytest.raises(ConnectorError) as caught:
            house.connector.submit(house.new(house.badge("Rigger II"), idempotency_key="k"))
        assert caught.value.code == "idempotency_conflict"

    def test_many_at_once_for_one_application_end_with_one_note(self, house: House) -> None:
        badges = [house.badge(f"Part {n}") for n in range(6)]
        submitted = [house.connector.submit(house.new(b)) for b in badges for _ in range(2)]
        assert {house.settled(s).state for s in submitted} == {State.DELIVERED}
        assert len(house.held.notes) == 1
        assert all(f"Part {n}" in str(house.held.fields) for n in range(6))


class TestWhatCouldNotBeFoundOut:
    def test_a_key_that_cannot_be_had_just_now_is_tried_again(
        self, houses: Callable[..., House], tmp_path: Path
    ) -> None:
        issuer = Issuer("lakeview", method="web")
        world = Outage(recorded_world(issuer), base=tmp_path)
        house = houses(issuer=issuer, documents=world)
        submitted = house.connector.submit(house.new(house.badge()))
        while (house.connector.submission(submitted.id) or submitted).state is State.RECEIVED:
            time.sleep(0.02)
        waiting = house.connector.submission(submitted.id)
        assert waiting is not None
        assert (waiting.state, waiting.code) == (State.ASSESSED, "unresolvable")
        assert waiting.next_attempt_at is not None
        world.down = False
        assert house.settled(submitted).state is State.DELIVERED

    def test_it_is_final_when_its_time_is_over(self, houses: Callable[..., House], tmp_path: Path) -> None:
        issuer = Issuer("lakeview", method="web")
        house = houses(
            issuer=issuer,
            documents=Outage(recorded_world(issuer), base=tmp_path),
            extra={"LER_RECHECK_HOURS": "0"},
        )
        record = house.deliver(house.badge())
        assert (record.state, record.code) == (State.REFUSED, "unresolvable")

    def test_a_status_that_could_not_be_read_is_delivered_as_such_and_mended_later(
        self, houses: Callable[..., House], tmp_path: Path
    ) -> None:
        issuer = Issuer("lakeview", method="key")
        badge = json.dumps(
            issuer.open_badge(email="maria.okafor@mail.example", status=issuer.status_entry(), tags=["Welding"])
        ).encode()
        world = Outage(recorded_world(issuer), base=tmp_path)
        house = houses(issuer=issuer, documents=world)
        record = house.deliver(badge)
        assert record.state is State.DELIVERED
        assert record.answer is not None
        assert record.answer["verdict"] == "status_unknown"
        world.down = False
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            now = house.connector.submission(record.id)
            assert now is not None
            if now.state is State.DELIVERED and (now.answer or {}).get("verdict") == "verified":
                break
            time.sleep(0.05)
        else:
            pytest.fail("the status was not asked for again")
        assert len(house.held.notes) == 1


class Outage(RecordedWorld):
    """A world whose hosts do not answer while `down`; its sessions share that."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._down = {"down": True}

    @property
    def down(self) -> bool:
        return self._down["down"]

    @down.setter
    def down(self, value: bool) -> None:
        self._down["down"] = value

    def get(self, url: str, **more: Any) -> FetchedDocument:
        if self.down:
            self._note(url, "failed", None)
            raise FetchError("A site could not be reached.", code="unreachable")
        return super().get(url, **more)
