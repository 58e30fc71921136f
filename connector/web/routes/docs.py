"""`/docs`: the API's description for people, drawn from `/openapi.json`, without anything from another host."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from connector.web.templates import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    description = request.app.openapi()
    calls = [
        {"method": method.upper(), "path": path, **call}
        for path, methods in sorted(description["paths"].items())
        for method, call in methods.items()
    ]
    return page("api.html", calls=calls, info=description["info"])
