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
    model_config = ConfigDict(extra="forbid")

    title: str = Field(max_length=200)


class InvitationRequest(BaseModel):
    """`expires_in` is in seconds; `candidate` is the ATS's id of the person, where it is another one."""

    model_config = ConfigDict(extra="forbid")

    connection: str
    application: str
    candidate: str | None = None
    applicant: Applicant = Applicant()
    job: Job | None = None
    language: str | None = Field(None, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    expires_in: int = Field(14 * 24 * 3600, ge=60, le=MAX_LIFETIME)


class InvitationAnswer(BaseModel):
    url: str
    expires_at: datetime


@router.post("", status_code=201)
async def invite(request: Request, body: InvitationRequest) -> InvitationAnswer:
    """Make a link to the candidate's page. The link is shown once: only its hash is kept."""
    connector = the_connector(request)
    if body.connection not in connector.connections:
        raise ApiError(422, "unknown_connection", "There is no connection of that name.")
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
