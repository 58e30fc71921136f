"""`POST /api/v1/invitations`: a link for one applicant and one application."""

from __future__ import annotations

from datetime import datetime

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from connector.model.applicant import Applicant, ApplicationRef
from connector.model.records import NewInvitation
from connector.web.deps import ApiCaller, the_connector
from connector.web.problems import PROBLEM_RESPONSES, ApiError

router = APIRouter(
    prefix="/api/v1/invitations", tags=["invitations"], dependencies=[ApiCaller], responses=PROBLEM_RESPONSES
)

MAX_LIFETIME = 90 * 24 * 3600


class Job(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    title: str = Field(max_length=200)
    """What the job is called on the candidate's page."""


class InvitationRequest(BaseModel):
    """For whom a link is made."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={
            "examples": [
                {
                    "connection": "greenhouse",
                    "candidate": "4000051",
                    "application": "5000071",
                    "applicant": {"name": "Maria Okafor", "emails": ["maria@mail.example"]},
                    "job": {"title": "Welder"},
                }
            ]
        },
    )

    connection: str
    """The account of an ATS, by its name in the settings."""
    application: str
    """The ATS's id of the application."""
    candidate: str | None = None
    """The ATS's id of the person, where it is another one than the application's."""
    applicant: Applicant = Applicant()
    """Whom the employer knows the applicant as: what the records are held against. Every member may be left out."""
    job: Job | None = None
    """The job that was applied for."""
    language: str | None = Field(None, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    """The page's language (`en`, `es`); without one the browser says."""
    expires_in: int = Field(14 * 24 * 3600, ge=60, le=MAX_LIFETIME)
    """For how many seconds the link opens the page: 60 to 7776000; two weeks where nothing is said."""


class InvitationAnswer(BaseModel):
    url: str
    expires_at: datetime


def _require_whole_characters(body: InvitationRequest) -> None:
    """Half of a character in JSON (`\\ud800` alone) reads as text, and no text can be stored or sent with it."""
    try:
        body.model_dump_json()
    except ValueError:
        raise ApiError(422, "invalid_request", "The request holds broken characters.") from None


@router.post("", status_code=201)
async def invite(request: Request, body: InvitationRequest) -> InvitationAnswer:
    """Make a link to the candidate's page. The link is shown once: only its hash is kept."""
    connector = the_connector(request)
    if body.connection not in connector.connections:
        raise ApiError(422, "unknown_connection", "There is no connection of that name.")
    _require_whole_characters(body)
    new = NewInvitation(
        ref=ApplicationRef(
            connection=body.connection, candidate=body.candidate or body.application, application=body.application
        ),
        applicant=body.applicant,
        job_title=body.job.title if body.job else None,
        language=body.language,
        expires_in=body.expires_in,
    )
    url, invitation = await run_sync(connector.invite, new)
    return InvitationAnswer(url=url, expires_at=invitation.expires_at)
