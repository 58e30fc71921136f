"""`/docs`: the API's description for people, drawn from `/openapi.json`, without anything from another host."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from connector.web.deps import the_connector
from connector.web.reference import calls
from connector.web.templates import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    description = request.app.openapi()
    found = calls(description, the_connector(request).settings.public_url)
    return page("api.html", calls=found, info=description["info"])
