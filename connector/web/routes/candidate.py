"""`/s/{token}`: the candidate's page for one application. Plain forms; no account, no script, no cookie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from anyio import move_on_after
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.datastructures import UploadFile

from connector.errors import ConnectorError, DeliveryError, FetchError, IntakeError, UnreadableSubmission
from connector.mapping.text import clean
from connector.model.records import RESTING_STATES, NewSubmission, State, SubmissionRecord
from connector.model.submission import Basis
from connector.web.answers import Reader, four_answers
from connector.web.credentials import Found, credentials, worth_showing
from connector.web.forms import read_form
from connector.web.reviewing import CANNOT_BE_REMOVED, Preview, what_stayed, what_stays
from connector.web.templates import words
from connector.web.visits import Handed, TheHanded, TheVisit, Visit, address, settled

router = APIRouter(prefix="/s", include_in_schema=False)

MAX_SUBMISSIONS_PER_LINK: Final = 20
NAMES_PATIENCE_SECONDS: Final = 3.0
_WORDS_BY_CODE: Final = {
    "wallet_backup": "wallet_backup",
    "too_large": "too_large",
    "too_many": "too_large",
    "too_complex": "too_large",
    "several_records": "several",
    "no_credential": "no_credential",
    "link_needs_login": "link_private",
    "link_opens_wallet": "link_private",
    "link_not_found": "link_missing",
    "unsafe_link": "unsafe_link",
}
_WORDS_BY_VERDICT: Final = {
    "malformed": "malformed",
    "unsupported": "no_credential",
    "no_credential": "no_credential",
    "unresolvable": "fetch_failed",
}
_SENT: Final = {
    State.DELIVERED: "receipt.sent",
    State.PARTLY_DELIVERED: "receipt.partly",
    State.FAILED: "receipt.failed",
    State.REFUSED: "receipt.refused",
}


@router.get("/{token}")
async def start(visit: TheVisit) -> Response:
    """Who asks, why, and three ways to hand over a record."""
    limit = f"{visit.connector.settings.max_upload_bytes / 1e6:g}"
    return visit.page(
        "candidate_start.html",
        at=visit.start,
        job=visit.invitation.job_title,
        until=visit.day(visit.invitation.expires_at),
        limit=limit,
        privacy_url=visit.connector.settings.employer.privacy_url,
    )


@router.post("/{token}")
async def hand_over(request: Request, visit: TheVisit) -> Response:
    """Take a file, a link or pasted text; keep it encrypted; send the browser to the page about it."""
    if len(visit.invitation.submissions) >= MAX_SUBMISSIONS_PER_LINK:
        return visit.problem("too_many", status=429)
    content, url = await _handed_over(request)
    if not content and not url:
        return visit.problem("empty")
    new = NewSubmission(
        ref=visit.invitation.ref,
        basis=Basis.CANDIDATE_PAGE,
        content=content or None,
        url=url if not content else None,
        applicant=visit.invitation.applicant,
        consent=False,
        invitation=visit.invitation.id,
    )
    try:
        record = await run_sync(visit.connector.submit, new)
    except (IntakeError, FetchError) as error:
        fallback = "malformed" if isinstance(error, UnreadableSubmission) else "other"
        return visit.problem(_WORDS_BY_CODE.get(error.code, fallback))
    return RedirectResponse(address(visit, record) + visit.suffix, 303)


async def _handed_over(request: Request) -> tuple[bytes, str]:
    form = await read_form(request, max_files=1, max_fields=5)
    file, text, url = form.get("file"), form.get("text"), form.get("url")
    if isinstance(file, UploadFile) and file.size:
        return await file.read(), ""
    if isinstance(text, str) and text.strip():
        return text.strip().encode(), ""
    return b"", url.strip() if isinstance(url, str) else ""


@router.get("/{token}/{submission}/{key}")
async def see(handed: TheHanded) -> Response:
    """What was found, or the receipt: whatever comes next for this record."""
    record = await settled(handed)
    if record.state is State.AWAITING_CONSENT:
        return _found(handed, record)
    if record.state is State.WITHDRAWN:
        return _gone(handed, record)
    if record.consented_at is not None:
        return _receipt(handed, record)
    if record.state is State.ASSESSED and record.code != "link_not_found":
        return handed.page("candidate_later.html", again=True, key=_problem(record))
    if record.state in RESTING_STATES or record.state is State.ASSESSED:
        return _unusable(handed, record)
    return handed.page("candidate_wait.html", again=True)


def _found(handed: Handed, record: SubmissionRecord, ticked: tuple[str, ...] | None = None) -> Response:
    """What is in it, credential by credential, and what of it could be passed on."""
    again = ticked is None
    if ticked is None:
        ticked = tuple(claim.id for claim in record.claims if claim.preselected)
    records = [_in_words(handed.visit, found) for found in worth_showing(credentials(record))]
    can_share = record.state is State.AWAITING_CONSENT and bool(record.claims)
    return handed.page("candidate_found.html", again=again, records=records, ticked=ticked, can_share=can_share)


def _in_words(visit: Visit, found: Found) -> dict[str, Any]:
    date = visit.day(found.confirmed_on) if found.confirmed_on else ""
    answers = four_answers(
        found.credential, Reader.CANDIDATE, employer=visit.employer, host=found.confirmed_by, date=date
    )
    return {"credential": found, "answers": answers}


def _unusable(handed: Handed, record: SubmissionRecord) -> Response:
    """Nothing of it can be passed on: what was found out about it, or why it could not be read."""
    if record.state is State.REFUSED and record.answer and record.answer["credentials"]:
        return _found(handed, record)
    return handed.visit.problem(_problem(record), status=200)


def _problem(record: SubmissionRecord) -> str:
    """The words for why it could not be read: by the error's code, else by what kind of trouble it was."""
    verdict = record.answer["verdict"] if record.answer else ""
    return _WORDS_BY_CODE.get(record.code or "", _WORDS_BY_VERDICT.get(verdict, "other"))


@router.post("/{token}/{submission}/{key}/choose")
async def choose(request: Request, handed: TheHanded) -> Response:
    """Back from the review, with what was ticked."""
    if handed.record.state is not State.AWAITING_CONSENT:
        return handed.back()
    return _found(handed, handed.record, await _ticked(request, handed.record))


@router.post("/{token}/{submission}/{key}/review")
async def review(request: Request, handed: TheHanded) -> Response:
    """Show exactly what would be written with this choice; nothing is written."""
    record, connector = handed.record, handed.visit.connector
    if record.state is not State.AWAITING_CONSENT:
        return handed.back()
    selected = await _ticked(request, record)
    change_set = await run_sync(partial(connector.preview, record.id, selected, alone=True))
    assert record.report_id is not None, "every stored submission has one"
    report_url = await run_sync(connector.report_url, record.report_id)
    preview = Preview(handed.visit.language, await _field_names(handed), report_url)
    stays = what_stays(change_set.changes, connector.capabilities(record.ref.connection))
    return handed.page("candidate_review.html", selected=selected, shown=preview.shown(change_set.changes), stays=stays)


async def _field_names(handed: Handed) -> dict[str, str]:
    """What the ATS calls its fields. Without an answer in time the page shows their keys."""
    connection = handed.record.ref.connection
    with suppress(DeliveryError), move_on_after(NAMES_PATIENCE_SECONDS):
        catalog = await run_sync(handed.visit.connector.catalog, connection, abandon_on_cancel=True)
        return {field.key: field.name for field in catalog.fields}
    return {}


@router.post("/{token}/{submission}/{key}/confirm")
async def confirm(request: Request, handed: TheHanded) -> Response:
    if handed.record.state is State.AWAITING_CONSENT:
        selected = await _ticked(request, handed.record)
        if selected:
            await _unless_too_late(partial(handed.visit.connector.consent, handed.record.id, selected))
    return handed.back()


@router.post("/{token}/{submission}/{key}/withdraw")
async def withdraw(handed: TheHanded) -> Response:
    """The person changed their mind. Doing it twice does no more than once."""
    if handed.record.live:
        await _unless_too_late(partial(handed.visit.connector.withdraw, handed.record.id))
    return handed.back()


async def _unless_too_late(step: Callable[[], object]) -> None:
    """Do it, unless somebody was faster (a second click, another window): the page says how it stands."""
    try:
        await run_sync(step)
    except ConnectorError as error:
        if error.code != "not_allowed_now":
            raise


@router.post("/{token}/{submission}/{key}/discard")
async def discard(handed: TheHanded) -> Response:
    """Share nothing: what was handed in is erased. Once it is confirmed there is `withdraw` instead."""
    if handed.record.consented_at is None:
        await run_sync(handed.visit.connector.erase, handed.record.id)
    return handed.back()


@router.get("/{token}/{submission}/{key}/receipt.txt")
async def receipt_text(handed: TheHanded) -> Response:
    """The receipt, to keep."""
    if handed.record.consented_at is None:
        return handed.back()
    name = {"Content-Disposition": f'attachment; filename="receipt-{handed.record.id}.txt"'}
    return PlainTextResponse("\n".join(_receipt_lines(handed, handed.record)) + "\n", headers=name)


def _receipt(handed: Handed, record: SubmissionRecord) -> Response:
    if record.live and record.code == "withdrawal_requested":
        outcome = "receipt.asked"
    elif record.live or record.state is State.REFUSED:
        outcome = "receipt.nothing" if record.code == "nothing_to_write" else _SENT.get(record.state, "receipt.sending")
    else:
        outcome = "withdrawn.failed" if record.state is State.FAILED else "withdrawn.moving"
    lines = _receipt_lines(handed, record)[1:]
    can_withdraw = record.live and outcome != "receipt.asked"
    moving = outcome in ("receipt.sending", "withdrawn.moving")
    return handed.page(
        "candidate_receipt.html", again=True, outcome=outcome, lines=lines, can_withdraw=can_withdraw, moving=moving
    )


def _receipt_lines(handed: Handed, record: SubmissionRecord) -> list[str]:
    """What was confirmed, by name; the same on the page and in the file."""
    visit, chosen = handed.visit, set(record.selected or ())
    assert record.consented_at is not None, "asked only for what was confirmed"
    job = visit.invitation.job_title

    def say(key: str, **parts: Any) -> str:
        return words(visit.language, key, **parts)

    shared = [
        f"- {say(f'claim.{claim.kind}', name=clean(claim.name))}" for claim in record.claims if claim.id in chosen
    ]
    return [
        say("receipt.file_title"),
        say("receipt.number", id=record.id),
        say("receipt.when", date=visit.day(record.consented_at), time=f"{record.consented_at:%H:%M} UTC"),
        say("receipt.to", employer=visit.employer),
        *([say("receipt.job", job=job)] if job else []),
        say("receipt.purpose", employer=visit.employer),
        say("receipt.items"),
        *shared,
    ]


def _gone(handed: Handed, record: SubmissionRecord) -> Response:
    """It was withdrawn or deleted; with what this ATS keeps all the same."""
    connector, connection = handed.visit.connector, record.ref.connection
    stays = what_stayed(record.receipt, connector.mapping(connection), connector.capabilities(connection))
    some = any(s.reason == CANNOT_BE_REMOVED for s in record.receipt.skipped) if record.receipt else False
    return handed.page(
        "candidate_gone.html",
        again=True,
        key="discarded" if record.code == "erased" else "withdrawn",
        stays=stays,
        some_stays=some and not stays,
        copy_kept=bool(record.claims),  # what is deleted here has none left
    )


async def _ticked(request: Request, record: SubmissionRecord) -> tuple[str, ...]:
    """The claims that were ticked, in the page's order; ids that are not of this record are dropped."""
    form = await read_form(request, max_fields=len(record.claims) + 10)
    ticked = {value for value in form.getlist("claim") if isinstance(value, str)}
    return tuple(claim.id for claim in record.claims if claim.id in ticked)
