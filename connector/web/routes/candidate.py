"""`/s/{token}`: the candidate's page for one application. Plain forms; no account, no script, no cookie.

The link is submit-only: holding it never shows what was handed in through it earlier. What was handed in is behind an
address with a key of its own, which only the browser that handed it in was sent to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile

from connector.errors import ConnectorError, FetchError, IntakeError, LinkError
from connector.model.records import RESTING_STATES, Invitation, NewSubmission, State, SubmissionRecord
from connector.model.submission import Basis
from connector.ports import NoteSupport
from connector.web.answers import four_answers
from connector.web.deps import the_connector
from connector.web.templates import catalogue, choose_language, page

if TYPE_CHECKING:
    from connector.bootstrap import Connector

router = APIRouter(prefix="/s", include_in_schema=False)

MAX_SUBMISSIONS_PER_LINK: Final = 20
PROBLEM_WORDS: Final = frozenset(
    {"wallet_backup", "too_large", "unsupported_format", "no_credential", "malformed", "unsafe_link", "fetch_failed"}
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a candidate: the invitation it came with, and how to speak to the person."""

    connector: Connector
    invitation: Invitation
    token: str
    language: str
    employer: str

    def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        return page(
            template,
            language=self.language,
            status=status,
            employer=self.employer,
            job=self.invitation.job_title,
            privacy_url=self.connector.settings.employer.privacy_url,
            base=f"/s/{self.token}",
            **values,
        )

    def problem(self, key: str, *, status: int = 422) -> HTMLResponse:
        return self.page("candidate_problem.html", status=status, key=f"error.{key}")


async def _visit(request: Request, token: str) -> Visit:
    connector = the_connector(request)
    invitation = await run_sync(connector.invitation, token)
    language = choose_language(invitation.language, request.headers.get("accept-language", ""))
    employer = connector.settings.employer.name or catalogue(language)["employer.fallback"]
    return Visit(connector, invitation, token, language, employer)


def _ended(request: Request) -> HTMLResponse:
    language = choose_language(None, request.headers.get("accept-language", ""))
    return page("candidate_ended.html", language=language, status=404)


@router.get("/{token}")
async def start(request: Request, token: str) -> Response:
    """Who asks, why, and three ways to hand over a record."""
    try:
        visit = await _visit(request, token)
    except LinkError:
        return _ended(request)
    limit = visit.connector.settings.max_upload_bytes // 1_000_000
    return visit.page("candidate_start.html", until=_day(visit.invitation.expires_at), limit=limit)


@router.post("/{token}")
async def hand_over(request: Request, token: str) -> Response:
    """Take a file, a link or pasted text; keep it encrypted; send the browser to the page about it."""
    try:
        visit = await _visit(request, token)
    except LinkError:
        return _ended(request)
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
        return visit.problem(error.code if error.code in PROBLEM_WORDS else "other")
    key = visit.connector.view_key(record.id)
    return RedirectResponse(f"/s/{token}/{record.id}/{key}", 303)


async def _handed_over(request: Request) -> tuple[bytes, str]:
    form = await request.form(max_files=1, max_fields=5)
    file, text, url = form.get("file"), form.get("text"), form.get("url")
    if isinstance(file, UploadFile) and file.size:
        return await file.read(), ""
    if isinstance(text, str) and text.strip():
        return text.strip().encode(), ""
    return b"", url.strip() if isinstance(url, str) else ""


async def _own(request: Request, token: str, submission: str, key: str) -> tuple[Visit, SubmissionRecord]:
    """The visit and the submission, only for the browser that was given the submission's key.

    Raises:
        LinkError: the link, the submission or the key is not right, or they do not belong together.
    """
    visit = await _visit(request, token)
    if not visit.connector.check_view_key(submission, key):
        raise LinkError("This link is not complete.")
    record = await run_sync(visit.connector.submission, submission)
    if record is None or record.id not in visit.invitation.submissions:
        raise LinkError("This link is not complete.")
    return visit, record


@router.get("/{token}/{submission}/{key}")
async def see(request: Request, token: str, submission: str, key: str) -> Response:
    """What was found, or the receipt: whatever comes next for this record."""
    try:
        visit, record = await _own(request, token, submission, key)
    except LinkError:
        return _ended(request)
    here = f"/s/{token}/{submission}/{key}"
    if record.state is State.AWAITING_CONSENT:
        return visit.page("candidate_found.html", here=here, records=_found(visit, record))
    if record.state is State.WITHDRAWN:
        return visit.page("candidate_message.html", key="withdrawn")
    if record.selected is None and record.state in (State.REFUSED, State.FAILED):
        if not record.answer or not record.answer["credentials"]:
            return visit.problem(record.code if record.code in PROBLEM_WORDS else "other", status=200)
        return visit.page("candidate_found.html", here=here, records=_found(visit, record))
    if record.selected is None and record.state not in RESTING_STATES:
        return visit.page("candidate_wait.html", here=here)
    return visit.page(
        "candidate_receipt.html", here=here, record=record, shared=_shared(record), when=_day(record.updated_at)
    )


@router.post("/{token}/{submission}/{key}/review")
async def review(request: Request, token: str, submission: str, key: str) -> Response:
    """Show exactly what would be written with this choice; nothing is written."""
    try:
        visit, record = await _own(request, token, submission, key)
    except LinkError:
        return _ended(request)
    here = f"/s/{token}/{submission}/{key}"
    if record.state is not State.AWAITING_CONSENT:
        return RedirectResponse(here, 303)
    selected = await _ticked(request, record)
    change_set = await run_sync(visit.connector.preview, submission, selected)
    capabilities = visit.connector.capabilities(record.ref.connection)
    note_stays = capabilities.notes is NoteSupport.APPEND_ONLY and any(c.op == "put_note" for c in change_set.changes)
    return visit.page(
        "candidate_review.html",
        here=here,
        selected=selected,
        changes=change_set.changes if selected else (),
        note_stays=note_stays,
    )


@router.post("/{token}/{submission}/{key}/confirm")
async def confirm(request: Request, token: str, submission: str, key: str) -> Response:
    try:
        visit, record = await _own(request, token, submission, key)
    except LinkError:
        return _ended(request)
    if record.state is State.AWAITING_CONSENT:
        selected = await _ticked(request, record)
        if selected:
            await run_sync(visit.connector.consent, submission, selected)
    return RedirectResponse(f"/s/{token}/{submission}/{key}", 303)


@router.post("/{token}/{submission}/{key}/withdraw")
async def withdraw(request: Request, token: str, submission: str, key: str) -> Response:
    try:
        visit, record = await _own(request, token, submission, key)
    except LinkError:
        return _ended(request)
    try:
        await run_sync(visit.connector.withdraw, record.id)
    except ConnectorError as error:
        if error.code != "not_allowed_now":
            raise
    return RedirectResponse(f"/s/{token}/{submission}/{key}", 303)


@router.post("/{token}/{submission}/{key}/discard")
async def discard(request: Request, token: str, submission: str, key: str) -> Response:
    """Share nothing: what was handed in is erased."""
    try:
        visit, record = await _own(request, token, submission, key)
    except LinkError:
        return _ended(request)
    await run_sync(visit.connector.erase, record.id)
    return visit.page("candidate_message.html", key="discarded")


async def _ticked(request: Request, record: SubmissionRecord) -> tuple[str, ...]:
    """The claims that were ticked, in the page's order; ids that are not of this record are dropped."""
    form = await request.form(max_files=0, max_fields=2000)
    ticked = {value for value in form.getlist("claim") if isinstance(value, str)}
    return tuple(claim.id for claim in record.claims if claim.id in ticked)


def _found(visit: Visit, record: SubmissionRecord) -> list[dict[str, Any]]:
    """One entry per credential: its name, its issuer, the four answers, and the claims that could be passed on."""
    answer = record.answer or {"credentials": []}
    found = []
    for credential in answer["credentials"]:
        claims = [c for c in record.claims if c.credential == credential["path"]]
        name = next((c.name for c in claims if c.kind == "achievement"), None)
        host = next((c.confirmed_by for c in claims if c.confirmed_by), None) or credential["issuer"]["id"] or ""
        answers = four_answers(credential, employer=visit.employer, host=host, date=_day(record.updated_at))
        found.append({"name": name, "issuer": credential["issuer"]["name"], "answers": answers, "claims": claims})
    return found


def _shared(record: SubmissionRecord) -> list[str]:
    chosen = set(record.selected or ())
    return [claim.name for claim in record.claims if claim.id in chosen]


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
