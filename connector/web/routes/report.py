"""`/r/{id}`: the recruiter's report. A stable address per application, opened by a signed link that ends."""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response

from connector.errors import LinkError
from connector.model.records import SubmissionRecord
from connector.web.answers import four_answers
from connector.web.deps import the_connector
from connector.web.templates import catalogue, choose_language, page

router = APIRouter(include_in_schema=False)


@router.get("/r/{report_id}")
async def see_report(request: Request, report_id: str) -> Response:
    """A plain table: each shared record, four answers, the skills in it."""
    connector = the_connector(request)
    language = choose_language(None, request.headers.get("accept-language", ""))
    try:
        connector.check_report_link(report_id, dict(request.query_params))
        records = await run_sync(connector.report, report_id)
    except LinkError:
        return page("report_ended.html", language=language, status=404)
    employer = connector.settings.employer.name or catalogue(language)["employer.fallback"]
    rows = [row for record in records for row in _rows(record, employer)]
    return page("report.html", language=language, rows=rows)


def _rows(record: SubmissionRecord, employer: str) -> list[dict[str, Any]]:
    """One row per credential of which something is shared."""
    chosen = None if record.selected is None else set(record.selected)
    shared = [c for c in record.claims if (c.preselected if chosen is None else c.id in chosen)]
    rows = []
    for credential in (record.answer or {"credentials": []})["credentials"]:
        claims = [c for c in shared if c.credential == credential["path"]]
        if not claims:
            continue
        checked = record.updated_at.date().isoformat()
        host = next((c.confirmed_by for c in claims if c.confirmed_by), None) or credential["issuer"]["id"] or ""
        rows.append(
            {
                "names": [c.name for c in claims if c.kind == "achievement"] or [credential["format"]],
                "skills": [c.name for c in claims if c.kind == "skill"],
                "issuer": credential["issuer"],
                "assurance": credential["assurance"],
                "answers": four_answers(credential, employer=employer, host=host, date=checked),
                "checked": checked,
            }
        )
    return rows
