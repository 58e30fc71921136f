"""`/r/{id}`: the recruiter's report, opened by a signed link that ends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connector.model.records import NewSubmission
from connector.testing.badge_host import BadgeHost
from connector.testing.issuer import Issuer, StatusEntry

from .conftest import Candidate, House, Screen


def deliver(house: House, document: Any = None, **more: Any) -> str:
    """Hand in, wait until it rests, return its id."""
    person = house.person
    values = {
        "ref": {"connection": house.kind, "candidate": person.candidate, "application": person.application},
        "basis": "api",
        "content": None if document is None else json.dumps(document).encode(),
        "applicant": {"name": person.name, "emails": (person.email,)},
        **more,
    }
    return house.connector.wait(house.connector.submit(NewSubmission.model_validate(values)).id, 30).id


def link_of(house: House, submission: str) -> str:
    record = house.connector.submission(submission)
    assert record is not None and record.report_id is not None
    return house.connector.report_url(record.report_id)


async def opened(house: House, url: str, **headers: str) -> Screen:
    async with house.client(headers=headers) as recruiter:
        return Screen(await recruiter.get(url))


def cells(screen: Screen) -> list[list[str]]:
    rows = screen.html.xpath("//tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in rows]


async def test_each_record_gets_four_answers_in_a_proper_table(house: House) -> None:
    deliver(house, house.badge("Welder I"))
    screen = await opened(house, link_of(house, deliver(house, house.badge("Hot works permit", expired=True))))
    assert screen.status == 200
    head = [" ".join(h.text_content().split()) for h in screen.html.xpath("//thead//th[@scope='col']")]
    assert head == ["Record", "Genuine", "Valid when checked", "Issuer on the list", "About this applicant"]
    assert len(screen.html.xpath("//table/caption")) == 1
    assert len(screen.html.xpath("//tbody/tr/th[@scope='row']")) == 2
    first, second = cells(screen)
    assert first[0].startswith("Welder I Issued by Lakeview University")
    assert re.search(r"Checked on \d+ \w+ \d{4}", first[0])
    assert "MIG welding, Blueprint reading" in first[0]
    assert first[1:] == [
        "Yes: It is genuine: nobody changed it after it was issued.",
        "Yes: It was valid when we checked.",
        "Yes: Lakeshore Works knows this issuer.",
        "Yes: It was issued to this applicant.",
    ]
    assert second[2] == "Note: It has expired."
    assert "It does not rate the applicant" in screen.text
    assert "how well the applicant does the work today" in screen.text


async def test_a_genuine_endorsement_is_named_and_a_forged_one_is_not(house: House) -> None:
    guild = Issuer("guild", name="Guild of Welders")
    stranger = Issuer("stranger", name="A stranger")
    badge_id = "urn:uuid:8f3f6d2c-0000-4000-8000-000000000001"
    endorsements = [guild.endorsement(badge_id), stranger.endorsement(badge_id, wrong_key=True)]
    badge = house.badge("Welder I", id=badge_id, edit=lambda document: document.update(endorsement=endorsements))
    screen = await opened(house, link_of(house, deliver(house, badge)))
    [row] = cells(screen)
    assert "Endorsed, with a genuine signature, by: Guild of Welders" in row[0]
    assert "stranger" not in screen.text


async def test_an_unreachable_status_list_is_not_known_rather_than_yes(house: House) -> None:
    badge = house.badge("Welder I", status=StatusEntry("https://status.lakeview.example/gone", 7))
    screen = await opened(house, link_of(house, deliver(house, badge)))
    [row] = cells(screen)
    assert row[2] == "Not known: We could not find out whether it is still valid. We will try again."
    assert row[1].startswith("Yes:")


async def test_a_hosted_badge_says_who_confirmed_it_and_when(house: House) -> None:
    host = BadgeHost("badges.harborview.example", issuer_name="Harborview Academy")
    badge = host.issue(house.person.email, name="Data analysis basics", tags=("SQL",))
    house.world.extra = host.answers()
    screen = await opened(house, link_of(house, deliver(house, url=badge.page)))
    [row] = cells(screen)
    assert re.match(
        r"Yes: The issuer's website \(badges\.harborview\.example\) confirmed it on \d+ \w+ \d{4}\.", row[1]
    )
    assert "It says it was issued by Harborview Academy" in row[0]
    assert row[3] == "Note: This issuer is not on the list of Lakeshore Works."


async def test_only_what_was_chosen_is_shown_and_withdrawn_records_vanish(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        found.boxes()["Skill: Blueprint reading"].checked = False
        await person.submit(await person.submit(found, "review"), "confirm")
    kept = house.connector.submissions().items[0].id
    other = deliver(house, house.badge("Rigger II", tags=["Knots"]))
    screen = await opened(house, link_of(house, kept))
    assert [row[0].split(" Issued")[0] for row in cells(screen)] == ["Welder I", "Rigger II"]
    assert "Blueprint" not in screen.text
    house.connector.withdraw(kept)
    house.connector.wait(kept, 30)
    screen = await opened(house, link_of(house, kept))
    assert [row[0].split(" Issued")[0] for row in cells(screen)] == ["Rigger II"]
    house.connector.undo(other)
    house.connector.wait(other, 30)
    screen = await opened(house, link_of(house, kept))
    assert "Nothing is shared at the moment" in screen.text


@pytest.mark.parametrize("house", [{"kind": "lever", "full": True}], indirect=True)
async def test_what_waits_for_consent_or_may_be_sensitive_is_not_shown(house: House) -> None:
    submission = deliver(house, house.badge("Welder I"))
    async with Candidate(house) as person:
        await person.give_file(house.badge("Rigger II"))
    screen = await opened(house, link_of(house, submission))
    assert "Rigger II" not in screen.text
    house.policy["sensitive"] = {"issuers": [house.issuer.id]}
    house.write_policy()
    private = house.badge("Peer mentor")
    async with Candidate(house) as person:
        found = await person.give_file(private)
        for box in found.boxes().values():
            box.checked = True
        await person.submit(await person.submit(found, "review"), "confirm")
    assert "Peer mentor" in str(house.held.forms)
    assert "Peer mentor" not in (await opened(house, link_of(house, submission))).text


async def test_a_registrys_words_are_shown_with_its_name_and_are_not_the_employers_list(house: House) -> None:
    entry = {"name": "Lakeview (listed)", "url": "https://lakeview.example"}
    (house.folder / "members.json").write_text(json.dumps({house.issuer.id: entry}), encoding="utf-8")
    house.policy = {"registries": [{"file": "members.json", "name": "Member list"}]}
    house.write_policy()
    screen = await opened(house, link_of(house, deliver(house, house.badge("Welder I"))))
    [row] = cells(screen)
    assert "Issued by Lakeview (listed)" in row[0]
    assert "In a registry, which is no list of ours: Member list: Lakeview (listed)" in row[0]
    assert row[3] == "Note: This issuer is not on the list of Lakeshore Works."


async def test_a_forged_an_ended_or_another_reports_link_opens_nothing(house: House) -> None:
    url = link_of(house, deliver(house, house.badge("Welder I")))
    path, _, query = url.partition("?")
    fields = dict(httpx.QueryParams(query))
    forged = [
        path,
        f"{path}?e={fields['e']}",
        f"{path}?e={int(fields['e']) + 1}&s={fields['s']}",
        f"{path}?e={fields['e']}&s={fields['s'][:-2]}xx",
        f"{path}?e=9999999999999&s={fields['s']}",
        f"{path}?e=-1&s={fields['s']}",
        f"{path}x?{query}",
        f"{path.rpartition('/')[0]}/another?{query}",
    ]
    for attempt in forged:
        screen = await opened(house, attempt)
        assert (screen.status, screen.heading) == (404, "This link has ended"), attempt
        assert "Welder" not in screen.text
    house.clock.at = datetime.now(UTC) + timedelta(days=181)
    assert (await opened(house, url)).status == 404
    house.clock.at = None
    assert (await opened(house, url)).status == 200


async def test_the_report_gives_nothing_away_to_search_engines_and_histories(house: House) -> None:
    url = link_of(house, deliver(house, house.badge("Welder I")))
    screen = await opened(house, url)
    first, last = house.person.name.lower().split()
    title = screen.html.findtext(".//title")
    for personal in (first, last, house.person.email, "@", "welder"):
        assert personal not in url.lower()
        assert personal not in title.lower()
    assert "noindex" in screen.response.headers["x-robots-tag"]
    assert screen.html.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert screen.response.headers["referrer-policy"] == "no-referrer"
    assert screen.response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in screen.response.headers


async def test_link_checkers_may_ask_by_head(house: House) -> None:
    url = link_of(house, deliver(house, house.badge("Welder I")))
    async with house.client() as checker:
        answer = await checker.head(url)
    assert (answer.status_code, answer.content) == (200, b"")


async def test_the_report_is_there_in_spanish(house: House) -> None:
    screen = await opened(house, link_of(house, deliver(house, house.badge())), **{"Accept-Language": "es"})
    assert screen.html.get("lang") == "es"
    assert "Sí: Se emitió a nombre de esta persona candidata." in screen.text


@pytest.mark.parametrize("spoil", [{"tampered": True}, {"revoked": True}])
async def test_a_refused_record_is_not_in_the_report(house: House, spoil: dict[str, Any]) -> None:
    deliver(house, house.badge("Welder I"))
    screen = await opened(house, link_of(house, deliver(house, house.badge("Rigger II", **spoil))))
    assert "Rigger" not in screen.text
    assert len(cells(screen)) == 1
