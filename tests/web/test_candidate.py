"""The candidate's page from the first look to the withdrawal, without JavaScript, on a running connector."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector.model.changes import AtsState
from connector.ports import SandboxFault
from connector.testing.badge_host import BadgeHost
from connector.web.routes.candidate import MAX_SUBMISSIONS_PER_LINK

from .conftest import Candidate, House, Screen

ATSS = ["greenhouse", "lever", "workday"]
REPORT = "(link to a page that says what was checked)"
REPORT_LINK = re.compile(r"http://lakeshore\.example/r/[\w-]+\?e=\d+&s=[\w-]+")


def values(state: AtsState) -> set[tuple[str, str]]:
    """Every value that stands in the ATS, as text with its kind; a list option by option, the report by its name."""
    found = set(_fields(state))
    found |= {("tag", tag) for tag in state.tags} | {("link", link) for link in state.links}
    found |= {("note", note.text) for note in state.notes}
    found |= {("form", str(value)) for form in state.forms for value in form.values.values()}
    found |= {("file", file.filename) for file in state.attachments}
    return {(kind, flat(text)) for kind, text in found}


def _fields(state: AtsState) -> Iterator[tuple[str, str]]:
    for key, value in state.fields.items():
        for one in value if isinstance(value, tuple) else (value,):
            yield f"field {key}", str(one)


def flat(text: str) -> str:
    return " ".join(REPORT_LINK.sub(REPORT, text).split())


def previewed(review: Screen) -> tuple[set[str], set[str]]:
    """Every value on the review page, whole, and cut at its commas (tags and options stand in one line)."""
    shown = {flat(line) for heading, lines in review.preview().items() if heading != "File" for line in lines}
    return shown, {item for line in shown for item in line.split(", ")}


def all_said(screens: Candidate) -> str:
    return " ".join(Screen(r).text for r in screens.seen if "html" in r.headers["content-type"])


@pytest.fixture(params=ATSS)
def each_full(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    """With the mapping that writes to every kind of target the ATS has."""
    return houses(kind=request.param, full=True)


# --- all the way -------------------------------------------------------------------------------------------------


async def test_a_file_goes_all_the_way_and_the_preview_is_what_is_then_written(each_full: House) -> None:
    house, before = each_full, each_full.held
    async with Candidate(house) as person:
        start = await person.open()
        for words in ("Lakeshore Works", house.person.job, "only for this application", "You do not have to"):
            assert words in start.text
        found = await person.give_file(house.badge())
        assert set(found.boxes()) == {"Welder I", "Skill: MIG welding", "Skill: Blueprint reading"}
        assert all(box.checked for box in found.boxes().values())
        review = await person.submit(found, "review")
        assert review.heading == "This is what Lakeshore Works will see"
        assert (house.writes, house.held) == (0, before)
        receipt = await person.submit(review, "confirm")
        assert "It was added to your application." in receipt.text
    written = values(house.held) - values(before)
    whole, items = previewed(review)
    for kind, value in written:
        if kind == "file":
            assert value in review.text
        elif kind == "note":
            assert any(text in value for text in whole)
        else:
            assert value in whole | items, kind
    stands = {value for _, value in written}
    notes = " ".join(value for kind, value in written if kind == "note")
    for text in whole:
        assert text in stands or text in notes or set(text.split(", ")) <= stands


async def test_every_skill_that_is_unticked_is_left_out_of_every_target(each_full: House) -> None:
    house = each_full
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        found.boxes()["Skill: Blueprint reading"].checked = False
        review = await person.submit(found, "review")
        assert "Blueprint reading" not in review.text
        assert "MIG welding" in review.text
        receipt = await person.submit(review, "confirm")
        assert "Blueprint reading" not in receipt.text
    assert "Blueprint" not in str(house.held)
    assert "MIG welding" in str(house.held)
    assert "Blueprint" not in house.sent
    assert "MIG welding" in house.sent
    assert "Learning and employment records shared on" in house.sent, "the file is among what was sent"


async def test_before_confirmation_nothing_is_written_and_nothing_about_the_person_is_read(each_full: House) -> None:
    house = each_full
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
        assert "confirm" in review.form_actions
    about = {house.person.candidate, house.person.application}
    assert house.writes == 0
    assert not [r.path for r in house.sandbox.log if any(each in r.path for each in about)]


async def test_a_link_goes_all_the_way_and_says_who_confirmed_and_when(house: House) -> None:
    host = BadgeHost("badges.harborview.example", issuer_name="Harborview Academy")
    badge = host.issue(house.person.email, name="Data analysis basics", tags=("SQL",))
    house.world.extra = host.answers()
    house.policy["trusted_issuers"].append({"id": host.profile["id"], "name": "Harborview Academy"})
    house.write_policy()
    async with Candidate(house) as person:
        start = await person.open()
        assert "We will open the link and ask the website" in start.text
        found = await person.give(url=badge.page)
        assert re.search(
            r"The issuer's website \(badges\.harborview\.example\) confirmed it on \d+ \w+ \d{4}", found.text
        )
        assert "signature" not in found.text
        receipt = await person.submit(await person.submit(found, "review"), "confirm")
        assert "It was added" in receipt.text
    assert "confirmed by badges.harborview.example" in str(house.held.fields["ler_credentials"])


async def test_pasted_text_goes_all_the_way(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give(
            text="\n " + house.issuer.jwt_badge(name="Rigger II", email=house.person.email) + " \n"
        )
        receipt = await person.submit(await person.submit(found, "review"), "confirm")
        assert "Rigger II" in receipt.text
    assert "Rigger II" in str(house.held.fields["ler_credentials"])


async def test_the_receipt_says_what_was_confirmed_and_can_be_kept(house: House) -> None:
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
        receipt = await person.submit(review, "confirm")
        for words in ("Receipt number: sub_", "Lakeshore Works", house.person.job, "Welder I", "UTC"):
            assert words in receipt.text
        link = next(a.get("href") for a in receipt.html.xpath("//a") if "receipt.txt" in a.get("href"))
        kept = await person.client.get(link)
        assert kept.headers["content-type"].startswith("text/plain")
        assert kept.headers["content-disposition"].startswith("attachment")
        for line in kept.text.splitlines()[1:]:
            assert line in receipt.response.text or line in receipt.text


# --- choosing ----------------------------------------------------------------------------------------------------


async def test_going_back_keeps_what_was_ticked(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        found.boxes()["Skill: MIG welding"].checked = False
        again = await person.submit(await person.submit(found, "review"), "choose")
        assert {name: box.checked for name, box in again.boxes().items()} == {
            "Welder I": True,
            "Skill: MIG welding": False,
            "Skill: Blueprint reading": True,
        }


async def test_with_nothing_ticked_there_is_nothing_to_confirm(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        for box in found.boxes().values():
            box.checked = False
        review = await person.submit(found, "review")
        assert "nothing would be added" in review.text
        assert "confirm" not in review.form_actions
        confirm = review.url.removesuffix("review") + "confirm"
        screen = person.screen(await person.client.post(confirm, data={"claim": "c_of_somebody_else"}))
        assert screen.heading == "What we found"
    assert house.writes == 0


async def test_what_may_tell_something_private_starts_unticked_and_says_so(house: House) -> None:
    badge = house.badge("Peer mentor")
    house.policy["sensitive"] = {"issuers": [house.issuer.id]}
    house.write_policy()
    async with Candidate(house) as person:
        found = await person.give_file(badge)
        assert not any(box.checked for box in found.boxes().values())
        assert "something private about you" in found.text
        review = await person.submit(found, "review")
        assert "confirm" not in review.form_actions


async def test_one_bad_record_among_three_spoils_only_itself(house: House) -> None:
    badges = [house.badge("Welder I"), house.badge("Rigger II", tampered=True), house.badge("First aider")]
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": badges,
    }
    async with Candidate(house) as person:
        found = await person.give_file(presentation)
        legends = [" ".join(e.text_content().split()) for e in found.html.xpath("//legend")]
        assert len(legends) == 3
        assert "Skill: MIG welding" in found.boxes()
        assert "It was changed after it was issued" in found.text
        assert not any("Rigger" in name for name in found.boxes()), "what was changed cannot be shared"
        receipt = await person.submit(await person.submit(found, "review"), "confirm")
        assert "It was added" in receipt.text
    assert "Welder I" in str(house.held.fields)
    assert "First aider" in str(house.held.fields)
    assert "Rigger" not in str(house.held)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({"expired": True}, "It has expired."),
        ({"revoked": True}, "Its issuer has withdrawn it."),
        ({"tampered": True}, "It was changed after it was issued"),
        ({"email": "sam@school.example"}, "It was issued to another address"),
        ({"email": None, "subject_name": "Maria Okafor"}, "It carries the same name"),
        ({}, "It was issued to you."),
    ],
)
async def test_four_answers_in_plain_words(house: House, spoil: dict[str, Any], words: str) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge(**spoil))
        assert words in found.text
        answers = found.html.xpath("//ul[@class='answers']/li")
        assert len(answers) == 4
        assert all(a.text_content().strip().startswith(("Yes:", "No:", "Note:", "Not known:")) for a in answers)


async def test_what_cannot_be_shared_offers_no_form_to_share_it(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge(revoked=True))
        assert found.boxes() == {}
        assert found.form_actions == ["discard"]
        assert "Nothing of this can be passed on" in found.text


# --- changing one's mind -----------------------------------------------------------------------------------------


async def test_discarding_erases_what_was_handed_in(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge("Zither tuning"))
        gone = await person.submit(found, "discard")
        assert gone.heading == "Deleted"
        assert (await person.open(found.url)).heading == "Deleted"
    assert house.writes == 0
    with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
        rows = db.execute("select state, request, document, result, delivery from submissions").fetchall()
    assert [(state, document, result) for state, _, document, result, _ in rows] == [("withdrawn", None, None)]


NOTE, FORM = "the note that you shared records", "the form that was filled in, with what it says"


@pytest.mark.parametrize(
    ("house", "stays"),
    [
        ({"kind": "greenhouse"}, {NOTE}),
        ({"kind": "greenhouse", "full": True}, {NOTE}),
        ({"kind": "lever"}, set()),
        ({"kind": "lever", "full": True}, {FORM}),
        ({"kind": "workday"}, set()),
    ],
    indirect=["house"],
)
async def test_withdrawing_takes_it_out_and_says_what_stays(house: House, stays: set[str]) -> None:
    before = house.held
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
        assert set(review.html.xpath("//div[@class='notice']//li/text()")) == stays
        receipt = await person.submit(review, "confirm")
        gone = await person.submit(receipt, "withdraw")
        assert gone.heading == "Not shared any more"
        assert set(gone.html.xpath("//main//li/text()")) == stays
        assert (await person.open(receipt.url)).heading == "Not shared any more"
        again = person.screen(await person.client.post(receipt.url + "/withdraw"))
        assert again.heading == "Not shared any more"
    left = values(house.held) - values(before)
    assert {kind for kind, _ in left} <= {"note", "form"}
    assert bool(left) is bool(stays)


async def test_withdrawing_one_of_two_records_says_that_the_note_stays(house: House) -> None:
    """Nothing had to be kept against anybody's wish: the other record needs the note. It stands there all the same."""
    async with Candidate(house) as person:
        receipts = []
        for name in ("Welder I", "Rigger II"):
            review = await person.submit(await person.give_file(house.badge(name)), "review")
            receipts.append(await person.submit(review, "confirm"))
        gone = await person.submit(receipts[0], "withdraw")
        assert gone.heading == "Not shared any more"
        assert gone.html.xpath("//main//li/text()") == [NOTE]
    assert "Welder I" not in str(house.held.fields) and "Rigger II" in str(house.held.fields)


@pytest.mark.parametrize(
    ("house", "kept"),
    [
        ({"overrides": {"LER_GREENHOUSE__WITHDRAWAL": "restrict"}}, True),
        ({"overrides": {"LER_GREENHOUSE__WITHDRAWAL": "remove"}}, False),
    ],
    indirect=["house"],
)
async def test_after_a_withdrawal_a_copy_is_named_where_one_is_kept(house: House, kept: bool) -> None:
    async with Candidate(house) as person:
        receipt = await person.submit(await person.submit(await person.give_file(house.badge()), "review"), "confirm")
        gone = await person.submit(receipt, "withdraw")
        assert ("A copy of the record that is not used any more is kept until" in gone.text) is kept
    with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
        ((document,),) = db.execute("select document from submissions").fetchall()
    assert (document is not None) is kept


@pytest.mark.parametrize("house", [{"kind": "workday"}], indirect=True)
async def test_a_field_that_the_ats_knows_by_its_key_alone_is_called_as_the_mapping_calls_it(house: House) -> None:
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
    assert "Credentials" in review.preview()
    assert not any(heading.startswith("ler") for heading in review.preview())


async def test_the_empty_cover_around_records_is_not_shown_as_one(house: House) -> None:
    issuer = house.issuer
    async with Candidate(house) as person:
        found = await person.give_file(issuer.clr(badges=[house.badge("Welder I"), house.badge("Rigger II")]))
        assert [" ".join(e.text_content().split()) for e in found.html.xpath("//legend")] == ["Welder I", "Rigger II"]
        assert "There is nothing in this record" not in found.text
        tampered = issuer.clr(badges=[house.badge("Welder I")])
        tampered["name"] = "Another transcript"
        assert "Record 1" in (await person.give_file(tampered)).text


async def test_discarding_after_confirming_changes_nothing(house: House) -> None:
    """An old page in another tab must not undo what was confirmed since."""
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        await person.submit(await person.submit(found, "review"), "confirm")
        held = house.held
        assert (await person.submit(found, "discard")).heading == "Your receipt"
        assert (await person.submit(found, "review")).heading == "Your receipt"
    assert house.held == held


async def test_confirming_twice_writes_once(house: House) -> None:
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
        await person.submit(review, "confirm")
        writes = house.writes
        assert (await person.submit(review, "confirm")).heading == "Your receipt"
    assert house.writes == writes


@pytest.mark.parametrize("house", [{"overrides": {"LER_GREENHOUSE__WITHDRAWAL": "review"}}], indirect=True)
async def test_where_the_privacy_office_decides_the_person_is_told(house: House) -> None:
    async with Candidate(house) as person:
        receipt = await person.submit(await person.submit(await person.give_file(house.badge()), "review"), "confirm")
        asked = await person.submit(receipt, "withdraw")
        assert "You asked to stop sharing this" in asked.text
        assert "withdraw" not in asked.form_actions


# --- the link ----------------------------------------------------------------------------------------------------


async def test_the_link_never_shows_what_was_shared_through_it(house: House) -> None:
    async with Candidate(house) as person, Candidate(house) as thief:
        thief.link = person.link
        found = await person.give_file(house.badge("Welder I"))
        await person.submit(await person.submit(found, "review"), "confirm")
        assert "Welder I" in str(house.held.fields)
        await thief.open()
        own = await thief.give_file(house.badge("Rigger II", tags=["Knots"]))
        review = await thief.submit(own, "review")
        receipt = await thief.submit(review, "confirm")
        assert "Rigger II" in receipt.text
        said = all_said(thief) + "".join(r.text for r in thief.seen)
        assert "Welder I" not in said
        assert "/r/" not in said, "the recruiter's link would open everything"
    assert "Welder I" in str(house.held.fields) and "Rigger II" in str(house.held.fields)


async def test_a_page_about_a_record_opens_only_with_its_own_key_and_link(house: House) -> None:
    async with Candidate(house) as person, Candidate(house) as other:
        found = await person.give_file(house.badge())
        theirs = await other.give_file(house.badge("Rigger II"))
        base, submission, key = found.url.rsplit("/", 2)
        _, other_submission, other_key = theirs.url.rsplit("/", 2)
        for url in (
            f"{base}/{submission}/{other_key}",
            f"{base}/{submission}/x",
            f"{base}/{other_submission}/{other_key}",
            f"{other.link}/{submission}/{key}",
            f"{base}/sub_0/{key}",
            f"{base}/{submission}",
        ):
            screen = await person.open(url)
            assert (screen.status, "Welder I" in screen.text) == (404, False)
            assert (await person.client.post(f"{url}/confirm", data={})).status_code in (404, 405)
    assert house.writes == 0


async def test_an_unknown_and_an_ended_link_say_how_to_go_on(house: House) -> None:
    async with Candidate(house) as person:
        unknown = await person.open("http://lakeshore.example/s/no-such-link-at-all")
        house.clock.at = datetime.now(UTC) + timedelta(days=15)
        ended = await person.open()
        posted = await person.give_file(house.badge())
        for screen in (unknown, ended, posted):
            assert (screen.status, screen.heading) == (404, "This link can no longer be used")
            assert "Ask the employer who sent it for a new one" in screen.text
            assert "Your application is not affected" in screen.text


async def test_after_many_uses_a_link_is_refused_kindly(house: House) -> None:
    async with Candidate(house) as person:
        for number in range(MAX_SUBMISSIONS_PER_LINK):
            screen = await person.client.post(person.link, data={"text": f"nothing {number}"}, follow_redirects=False)
            assert screen.status_code == 303
        refused = await person.give_file(house.badge())
        assert refused.status == 429
        assert "Ask Lakeshore Works for a new link" in refused.text
        assert len(house.connector.submissions().items) == MAX_SUBMISSIONS_PER_LINK


# --- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a file, enter a link or paste some text first."),
        ({"text": "   "}, "Choose a file, enter a link or paste some text first."),
        ({"text": "hello"}, "We could not find a record in this"),
        ({"text": '{"a": 1}'}, "We could not find a record in this"),
        ({"text": '{"@context": ['}, "seems to be damaged"),
        ({"text": '{"id": 1, "id": 2}'}, "seems to be damaged"),
        ({"url": "http://127.0.0.1/admin"}, "This link can not be opened by us"),
        ({"url": "ftp://files.example/x"}, "This link can not be opened by us"),
        ({"url": "https://badges.example/" + "x" * 5000}, "This is too large for this page"),
        ({"url": "https://badges.example/gone"}, "There is nothing behind this link"),
    ],
)
async def test_what_cannot_be_read_gets_a_helpful_sentence(house: House, fields: dict[str, str], words: str) -> None:
    async with Candidate(house) as person:
        screen = await person.give(**fields)
        assert words in screen.text
        assert screen.heading == "That did not work"
        back = screen.html.xpath("//main//a[@class='button']")[0].get("href")
        assert (await person.open(back)).heading == "Share records of your skills"
    assert house.writes == 0


async def test_a_photo_gets_a_next_step_and_no_talk_of_formats(house: House) -> None:
    async with Candidate(house) as person:
        for content in (b"\xff\xd8\xff\xe0 photo", b"%PDF-1.7 scan", b"\x89PNG\r\n\x1a\nbroken", b""):
            screen = await person.give_file(content, "photo.jpg")
            assert screen.heading == "That did not work"
            assert "JSON" not in screen.text


async def test_what_takes_longer_can_be_come_back_to(house: House) -> None:
    """The site of a hosted badge does not answer just now: that is tried again for a day."""
    host = BadgeHost("badges.harborview.example", issuer_name="Harborview Academy")
    badge = host.issue(house.person.email, name="Data analysis basics", tags=("SQL",))
    house.world.extra = {badge.page: {"status": 503, "body": "busy"}}
    async with Candidate(house) as person:
        later = await person.give(url=badge.page)
        assert later.heading == "We are not finished yet"
        assert "discard" in later.form_actions
        house.world.extra = host.answers()
        house.connector.retry(later.url.split("/")[-2])
        house.connector.wait(later.url.split("/")[-2], 20)
        assert (await person.open(later.url)).heading == "What we found"


async def test_an_ats_that_does_not_answer_does_not_stop_the_review(house: House) -> None:
    async with Candidate(house) as person:
        found = await person.give_file(house.badge())
        house.sandbox.inject(SandboxFault(status=500, times=50, on="read"))
        review = await person.submit(found, "review")
        assert review.status == 200
        assert "Credentials" in review.preview(), "what the mapping calls it: a key says nothing to a person"


async def test_a_database_that_does_not_answer_is_no_json_for_a_person(house: House) -> None:
    async with Candidate(house) as person:
        with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
            db.execute("ALTER TABLE submissions RENAME TO elsewhere")
        screen = await person.give_file(house.badge())
        assert (screen.status, screen.heading) == (503, "This does not work just now")
        with sqlite3.connect(house.folder / "data" / "connector.sqlite") as db:
            db.execute("ALTER TABLE elsewhere RENAME TO submissions")
        assert (await person.give_file(house.badge())).heading == "What we found"


async def test_a_delivery_that_fails_says_so_without_blame(house: House) -> None:
    async with Candidate(house) as person:
        review = await person.submit(await person.give_file(house.badge()), "review")
        house.sandbox.permissions.clear()
        receipt = await person.submit(review, "confirm")
        assert "It could not be added to your application" in receipt.text
        assert "you do not need to do anything" in receipt.text


# --- hostile credentials -----------------------------------------------------------------------------------------

HOSTILE = (
    '<script>alert(1)</script><img src="https://evil.example/x" onerror="alert(2)">" onfocus=alert(3) x="\u202eevil'
)


async def test_text_from_a_credential_is_data_on_every_screen(each_full: House) -> None:
    house = each_full
    badge = house.badge(
        HOSTILE,
        achievement_id="urn:uuid:1f0e0c6e-6a51-4a4e-9d3c-2c9f6a1f7a11",
        tags=[HOSTILE, "{{ 7 * 7 }}", "</main></body>"],
    )
    async with Candidate(house) as person:
        found = await person.give_file(badge)
        review = await person.submit(found, "review")
        receipt = await person.submit(review, "confirm")
        for screen in (found, review, receipt):
            assert screen.html.xpath("//script | //img | //iframe | //*[@onerror] | //*[@onfocus]") == []
            assert "\u202e" not in screen.response.text
            assert "{{ 7 * 7 }}" in screen.text or screen is review
            assert "<script" not in screen.response.text
            assert len(screen.html.xpath("//main")) == 1
        record = house.connector.submissions().items[0]
        assert record.report_id is not None
        report = Screen(await person.client.get(house.connector.report_url(record.report_id)))
        assert report.html.xpath("//script | //img") == []
        assert "alert(1)" in report.text


async def test_an_issuer_that_names_itself_is_quoted_as_saying_so(house: House) -> None:
    badge = house.stranger.open_badge(name="Leadership", email=house.person.email)
    async with Candidate(house) as person:
        found = await person.give_file(badge)
        assert "It says it was issued by Skill Mill" in found.text
        assert "This issuer is not on the list of Lakeshore Works" in found.text


# --- every page --------------------------------------------------------------------------------------------------


async def test_the_first_screen_is_light_and_asks_nobody_else(person: Candidate) -> None:
    start = await person.open()
    weight = len(start.response.content)
    resources = start.html.xpath("//link/@href | //@src")
    for url in resources:
        assert url.startswith("http://lakeshore.example/")
        weight += len((await person.client.get(url)).content)
    assert weight <= 100_000


async def test_no_page_sets_a_cookie_or_needs_more_than_its_policy_allows(house: House) -> None:
    async with Candidate(house) as person:
        await person.open()
        found = await person.give_file(house.badge())
        receipt = await person.submit(await person.submit(found, "review"), "confirm")
        await person.submit(receipt, "withdraw")
        await person.open("http://lakeshore.example/s/unknown")
        await person.give()
        assert len(person.seen) == 7
        for answer in person.seen:
            screen = Screen(answer)
            assert "set-cookie" not in answer.headers
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "script-src" not in answer.headers["content-security-policy"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert screen.html.xpath("//script | //style | //@style | //meta[@http-equiv]") == []
            assert screen.html.get("lang") == "en"
            assert len(screen.html.xpath("//h1")) == 1
            assert screen.html.xpath("//form[@method != 'post']") == []
        assert not person.client.cookies


async def test_the_page_speaks_the_language_of_the_browser_the_invitation_or_the_switch(house: House) -> None:
    async with Candidate(house) as person:
        spanish = await person.open(headers={"Accept-Language": "fr-CA, es-MX;q=0.8, en;q=0.5"})
        assert (spanish.html.get("lang"), spanish.heading) == ("es", "Comparta constancias de lo que sabe hacer")
        assert (await person.open(headers={"Accept-Language": "de"})).html.get("lang") == "en"
        invited = await person.open(await person.invited(language="es"))
        assert invited.html.get("lang") == "es"
        assert (await person.open()).html.get("lang") == "en"
        switch = (await person.open()).html.xpath("//nav//a[@lang='es']")[0]
        assert switch.text == "Español"
        person.link = switch.get("href")
        found = await person.give_file(house.badge())
        review = await person.submit(found, "review")
        receipt = await person.submit(review, "confirm")
        for screen in (found, review, receipt):
            assert screen.html.get("lang") == "es"
        assert re.search(r"Confirmado el \d+ de \w+ de \d{4}", receipt.text)
        assert json.dumps(house.held.fields["ler_credentials"]).count("genuine") == 1
