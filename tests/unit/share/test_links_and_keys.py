"""Signed links, API keys, and what may be done to a submission when."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from connector.errors import ConnectorError, LinkError
from connector.infra.crypto import Vault
from connector.model.applicant import ApplicationRef
from connector.model.claims import SkillClaim, SkillSource
from connector.model.records import State
from connector.model.submission import Basis
from connector.model.work import Action, Work
from connector.share import consent, links
from connector.share.keys import new_api_key

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VAULT = Vault(["k" * 40])
END = NOW + timedelta(days=1)


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def code_of(query: dict[str, str], now: datetime = NOW, report: str = "r1") -> str | None:
    try:
        links.check_report_link(VAULT, report, query, now)
    except LinkError as error:
        return error.code
    return None


class TestReportLinks:
    URL = links.report_link(VAULT, "https://ler.example", "r1", END)

    def test_it_opens_its_report_until_its_end(self) -> None:
        assert self.URL.startswith("https://ler.example/r/r1?")
        assert code_of(query(self.URL)) is None
        assert code_of(query(self.URL), END) == "link_expired"

    def test_it_opens_no_other_report(self) -> None:
        assert code_of(query(self.URL), report="r2") == "link_invalid"

    def test_made_twice_it_is_the_same(self) -> None:
        assert links.report_link(VAULT, "https://ler.example", "r1", END) == self.URL

    def test_its_end_cannot_be_moved(self) -> None:
        assert code_of({**query(self.URL), "e": str(int(END.timestamp()) + 1)}) == "link_invalid"

    @pytest.mark.parametrize("e", ["", "-1", "1e9", "٣", "9" * 30, "abc"])
    def test_a_broken_end_is_simply_wrong(self, e: str) -> None:
        assert code_of({**query(self.URL), "e": e}) == "link_invalid"

    def test_without_anything_it_opens_nothing(self) -> None:
        assert code_of({}) == "link_invalid"


def test_a_view_key_fits_its_submission_only() -> None:
    key = links.view_key(VAULT, "sub_1")
    assert links.is_view_key(VAULT, "sub_1", key)
    assert not links.is_view_key(VAULT, "sub_2", key)
    assert not links.is_view_key(VAULT, "sub_1", "")


def test_an_api_key_is_long_and_its_hash_is_what_the_service_compares() -> None:
    key, digest = new_api_key()
    assert len(key) > 40
    assert digest == "sha256$" + hashlib.sha256(key.encode()).hexdigest()
    assert new_api_key()[0] != key


CLAIM = SkillClaim(id="cl1", name="MIG", credential="$", document_sha256="0", source=SkillSource.TAG)


def work(state: State, **more: object) -> Work:
    values = {
        "id": "sub_1",
        "ref": ApplicationRef(connection="x", candidate="c"),
        "state": state,
        "basis": Basis.CANDIDATE_PAGE,
        "created_at": NOW,
        "updated_at": NOW,
        "claims": (CLAIM,),
    }
    return Work.model_validate({**values, **more})


def refused(error: pytest.ExceptionInfo[ConnectorError]) -> str:
    return error.value.code


class TestConsent:
    def test_a_choice_sets_it_going(self) -> None:
        after = consent.consented(work(State.AWAITING_CONSENT, consent=False), ("cl1", "cl1"), "page")
        assert (after.state, after.live, after.consent, after.selected) == (State.PLANNED, True, True, ("cl1",))

    def test_choosing_nothing_or_something_foreign_is_refused(self) -> None:
        for selected, code in (((), "nothing_selected"), (("other",), "unknown_claim")):
            with pytest.raises(ConnectorError) as caught:
                consent.consented(work(State.AWAITING_CONSENT), selected, None)
            assert refused(caught) == code

    def test_confirming_twice_is_one_choice(self) -> None:
        done = work(State.DELIVERED, consent=True, selected=("cl1",))
        assert consent.consented(done, ("cl1",), None) is done

    def test_a_choice_cannot_be_changed_afterwards(self) -> None:
        with pytest.raises(ConnectorError) as caught:
            consent.consented(work(State.DELIVERED, selected=("cl1",)), ("cl2",), None)
        assert refused(caught) == "not_allowed_now"


class TestRetry:
    @pytest.mark.parametrize(
        ("before", "state"),
        [
            (work(State.REFUSED), State.RECEIVED),
            (work(State.FAILED), State.RECEIVED),
            (work(State.FAILED, live=True), State.PLANNED),
            (work(State.PARTLY_DELIVERED, live=True), State.PLANNED),
            (work(State.FAILED, action=Action.UNDO), State.DELIVERING),
        ],
    )
    def test_it_goes_on_where_it_can(self, before: Work, state: State) -> None:
        assert consent.retried(before.model_copy(update={"attempts": 9})).state is state
        assert consent.retried(before.model_copy(update={"attempts": 9})).attempts == 0

    @pytest.mark.parametrize("state", [State.WITHDRAWN, State.AWAITING_CONSENT])
    def test_what_was_taken_back_or_waits_for_a_choice_is_not_set_going(self, state: State) -> None:
        with pytest.raises(ConnectorError) as caught:
            consent.retried(work(state))
        assert refused(caught) == "not_allowed_now"


class TestTakingBack:
    def test_it_counts_no_longer(self) -> None:
        after = consent.taken_back(work(State.DELIVERED, live=True), Action.UNDO)
        assert (after.live, after.action, after.state) == (False, Action.UNDO, State.DELIVERING)

    @pytest.mark.parametrize("state", [State.WITHDRAWN, State.REFUSED])
    def test_nothing_can_be_undone_where_nothing_stands(self, state: State) -> None:
        with pytest.raises(ConnectorError) as caught:
            consent.taken_back(work(state), Action.UNDO)
        assert refused(caught) == "not_allowed_now"

    @pytest.mark.parametrize("state", list(State))
    def test_erasing_is_always_possible(self, state: State) -> None:
        assert consent.taken_back(work(state), Action.ERASE).action is Action.ERASE
