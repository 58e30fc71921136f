"""`/r/{id}`: the recruiter's report. A stable address per application, opened by a signed link that ends.

Claims that may reveal a protected trait are left out: the link stands in a field that ordinary users see.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from connector.mapping.text import clean
from connector.model.claims import AchievementClaim, SkillClaim
from connector.model.records import SubmissionRecord
from connector.web.answers import Answer, Reader, four_answers
from connector.web.credentials import Found, credentials
from connector.web.deps import the_connector
from connector.web.templates import choose_language, day, page, words

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One credential of which something is shared."""

    names: tuple[str, ...]
    skills: tuple[str, ...]
    endorsers: tuple[str, ...]
    found: Found
    answers: list[Answer]
    checked: str


@router.get("/r/{report_id}")
async def see_report(request: Request, report_id: str) -> Response:
    """A plain table: each shared record, four answers, the skills in it."""
    connector = the_connector(request)
    connector.check_report_link(report_id, dict(request.query_params))
    records = await run_sync(connector.report, report_id)
    log.info("report %s was opened", report_id)
    language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
    employer = connector.settings.employer.name or words(language, "employer.fallback")
    rows = [row for record in records for row in _rows(record, language, employer)]
    return page("report.html", language=language, rows=rows)


def _rows(record: SubmissionRecord, language: str, employer: str) -> list[Row]:
    chosen = None if record.selected is None else set(record.selected)
    rows = []
    for found in credentials(record):
        shared = [c for c in found.claims if (c.preselected if chosen is None else c.id in chosen) and not c.sensitive]
        if not shared:
            continue
        confirmed = day(language, found.confirmed_on) if found.confirmed_on else ""
        answers = four_answers(
            found.credential, Reader.RECRUITER, employer=employer, host=found.confirmed_by, date=confirmed
        )
        rows.append(
            Row(
                names=tuple(clean(c.name) for c in shared if isinstance(c, AchievementClaim)),
                skills=tuple(clean(c.name) for c in shared if isinstance(c, SkillClaim)),
                endorsers=tuple(found.endorsers),
                found=found,
                answers=answers,
                checked=day(language, record.assessed_at) if record.assessed_at else "",
            )
        )
    return rows
