"""One request of a candidate: the link it came by, what it handed in, and how to speak to the person.

The link is submit-only: holding it never shows what was handed in through it earlier. What was handed in is behind an
address with a key of its own, which only the browser that handed it in was sent to.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from connector.errors import LinkError
from connector.model.records import RESTING_STATES, Invitation, SubmissionRecord
from connector.web.deps import the_connector
from connector.web.templates import catalogue, choose_language, day, known_language, languages, page, words

if TYPE_CHECKING:
    from connector.bootstrap import Connector

PATIENCE_SECONDS: Final = 8.0
"""How long an answer waits for something to happen, so that most people never see "not yet". A page that reloads by
itself would take the screen away from whoever reads slowly or listens to it."""
LOOK_EVERY_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Visit:
    """The invitation behind the link, and the language.

    Attributes:
        chosen: the language came from the address (`?lang=`), and every address on the page keeps it.
    """

    connector: Connector
    invitation: Invitation
    token: str
    language: str
    chosen: bool

    @property
    def employer(self) -> str:
        return self.connector.settings.employer.name or words(self.language, "employer.fallback")

    @property
    def start(self) -> str:
        return f"/s/{self.token}"

    @property
    def suffix(self) -> str:
        return f"?lang={self.language}" if self.chosen else ""

    def day(self, moment: date) -> str:
        return day(self.language, moment)

    def page(self, template: str, *, status: int = 200, at: str | None = None, **values: Any) -> HTMLResponse:
        """A page in the visit's language.

        Args:
            at: the address that shows this page again; with it the other languages are offered.
        """
        others = [(tag, catalogue(tag)["language.name"]) for tag in languages() if tag != self.language]
        return page(
            template,
            language=self.language,
            status=status,
            employer=self.employer,
            start=self.start,
            suffix=self.suffix,
            at=at,
            others=others if at else (),
            **values,
        )

    def problem(self, key: str, *, status: int = 422) -> HTMLResponse:
        return self.page("candidate_problem.html", status=status, key=f"error.{key}")


async def visit(request: Request, token: str) -> Visit:
    """The visit of whoever holds the link; LinkError for a link that is not one (any more)."""
    connector = the_connector(request)
    invitation = await run_sync(connector.invitation, token)
    chosen = known_language(request.query_params.get("lang"))
    language = choose_language(chosen or invitation.language, request.headers.get("accept-language", ""))
    return Visit(connector, invitation, token, language, chosen is not None)


TheVisit = Annotated[Visit, Depends(visit)]


@dataclass(frozen=True, slots=True)
class Handed:
    """A visit to one thing that was handed in, by the browser that did it."""

    visit: Visit
    record: SubmissionRecord
    here: str
    """Its address, without a query."""

    def page(self, template: str, *, status: int = 200, again: bool = False, **values: Any) -> HTMLResponse:
        at = self.here if again else None
        return self.visit.page(template, status=status, at=at, here=self.here, **values)

    def back(self) -> RedirectResponse:
        """To whatever comes next for it."""
        return RedirectResponse(self.here + self.visit.suffix, 303)


async def handed(visit: TheVisit, submission: str, key: str) -> Handed:
    """What was handed in; LinkError when submission, key and link do not belong together."""
    record = None
    if visit.connector.check_view_key(submission, key):
        record = await run_sync(visit.connector.submission, submission)
    if record is None or record.id not in visit.invitation.submissions:
        raise LinkError("This link is not complete.")
    return Handed(visit, record, address(visit, record))


TheHanded = Annotated[Handed, Depends(handed)]


def address(visit: Visit, record: SubmissionRecord) -> str:
    """Where the browser that handed it in finds it."""
    return f"{visit.start}/{record.id}/{visit.connector.view_key(record.id)}"


async def settled(handed: Handed) -> SubmissionRecord:
    """The record once nothing moves any more, or as it stands when our patience ends."""
    deadline, record = time.monotonic() + PATIENCE_SECONDS, handed.record
    while _moving(record) and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        now: SubmissionRecord | None = await run_sync(handed.visit.connector.submission, record.id)
        record = now or record
    return record


def _moving(record: SubmissionRecord) -> bool:
    """Something happens to it right now. What waits for another attempt may take hours."""
    return record.state not in RESTING_STATES and record.next_attempt_at is None
