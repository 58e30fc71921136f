"""`/docs`: the API's description for people, drawn from `/openapi.json`, without anything from another host."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from connector.web.templates import page

router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    description = request.app.openapi()
    calls = [
        _call(method, path, call)
        for path, methods in sorted(description["paths"].items())
        for method, call in methods.items()
    ]
    return page("api.html", calls=calls, info=description["info"])


def _call(method: str, path: str, call: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": f"{method.upper()} {path}",
        "words": call.get("description") or call["summary"],
        "parameters": call.get("parameters", []),
        "bodies": list(call.get("requestBody", {}).get("content", {})),
        "answers": [status for status in call["responses"] if status != "default"],
    }
