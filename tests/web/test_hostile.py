"""Requests that nobody sends by mistake: the answer is a refusal in our words, or the same page as ever."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from connector.model.records import State
from connector.model.submission import Basis

from .conftest import IDLE, Candidate, House

HALF = "\\ud800"


@IDLE
@pytest.mark.parametrize(
    "member",
    [
        f'"application": "{HALF}"',
        f'"application": "1", "applicant": {{"name": "{HALF}"}}',
        f'"application": "1", "job": {{"title": "{HALF}"}}',
        '"application": ""',
        '"application": "1\\u0000"',
        '"application": "1", "candidate": "1\\r\\n2"',
        f'"application": "{"1" * 201}"',
    ],
)
async def test_an_invitation_that_nothing_could_be_handed_in_through_is_not_made(
    api: httpx.AsyncClient, member: str
) -> None:
    body = f'{{"connection": "greenhouse", {member}}}'.encode()
    answer = await api.post("/api/v1/invitations", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@IDLE
@pytest.mark.parametrize("candidate", ["4000051\x00", "4000051\r\nX: y", "4000051\u2028", ""])
async def test_an_id_with_characters_that_no_id_has_is_not_taken(
    house: House, api: httpx.AsyncClient, candidate: str
) -> None:
    answer = await api.post("/api/v1/submissions", json=house.request(text="{}", candidate=candidate))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert house.connector.submissions().items == ()


async def test_of_two_choices_at_once_one_counts_and_both_windows_show_it(house: House, person: Candidate) -> None:
    screen = await person.give_file(house.badge())
    record = house.connector.submissions().items[0]
    assert (record.state, record.basis) == (State.AWAITING_CONSENT, Basis.CANDIDATE_PAGE)
    choices = [[claim.id for claim in record.claims], [record.claims[0].id]]
    confirm = [person.client.post(f"{screen.url}/confirm", data={"claim": ids}) for ids in choices * 3]
    answers = await asyncio.gather(*confirm)
    assert [answer.status_code for answer in answers] == [200] * 6
    after = house.connector.wait(record.id)
    assert list(after.selected or ()) in choices
    assert len(house.held.notes) == 1


@IDLE
async def test_what_one_link_was_given_is_not_behind_another(house: House, person: Candidate) -> None:
    async with Candidate(house) as other:
        mine = await person.client.post(person.link, data={"text": "{}"}, follow_redirects=False)
        theirs = await other.client.post(other.link, data={"text": "{}"}, follow_redirects=False)
        token, submission, key = mine.headers["location"].removeprefix("/s/").split("/")
        their_token, their_submission, their_key = theirs.headers["location"].removeprefix("/s/").split("/")
        mixed = [
            (their_token, submission, key),
            (token, their_submission, their_key),
            (token, submission, their_key),
            (token, submission, key + "="),
            (token, submission, key[:-1]),
        ]
        for parts in mixed:
            for act in ("confirm", "withdraw", "discard", "review", "choose"):
                answer = await person.client.post(f"/s/{'/'.join(parts)}/{act}")
                assert answer.status_code == 404, (parts, act)
            assert (await person.client.get(f"/s/{'/'.join(parts)}/receipt.txt")).status_code == 404
    assert {record.state for record in house.connector.submissions().items} == {State.RECEIVED}
