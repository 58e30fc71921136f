"""For whom: the applicant as the employer knows them, and where that person is in the ATS."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Applicant(BaseModel):
    """What the caller knows of the applicant; every member may be empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    emails: tuple[str, ...] = ()
    dids: tuple[str, ...] = ()


class ApplicationRef(BaseModel):
    """One candidacy of one person in one connection.

    Attributes:
        connection: the connection's name (one account of one ATS).
        candidate: the ATS's id of the person (Lever: the opportunity's).
        application: the ATS's id of the candidacy, where the ATS has one.
    """

    model_config = ConfigDict(frozen=True)

    connection: str
    candidate: str
    application: str | None = None
