"""The web service: one application, two surfaces.

*Public*: the candidate's page (`/s`). *Internal*: the API, the recruiter's report, the description of the API. They
can be served on separate addresses by building the application twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI, Response
from starlette.formparsers import MultiPartParser
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from connector.errors import StoreError
from connector.web import problems
from connector.web.auth import ApiKeys
from connector.web.limits import BodyLimit
from connector.web.routes import candidate, docs, invitations, report, submissions

if TYPE_CHECKING:
    from connector.bootstrap import Connector

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
MULTIPART_OVERHEAD = 20_000
"""What form fields and part headers may add to the largest file."""


async def _with_security_headers(request: Request, call_next: RequestResponseEndpoint) -> Response:
    response = await call_next(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def create_app(connector: Connector, *, public: bool = True, internal: bool = True) -> FastAPI:
    """Build the application around a running connector.

    Args:
        public: serve the candidate's surface.
        internal: serve the API and the reports.
    """
    app = FastAPI(
        title="ler-ats-connector",
        version=connector.version,
        description="Learning and employment records into an ATS. It never scores or ranks people.",
        openapi_url="/openapi.json" if internal else None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.connector = connector
    app.state.api_keys = ApiKeys(connector.settings.api_key_hashes)
    # An upload stays in memory up to the limit: the form parser would otherwise put it on disk, in clear.
    MultiPartParser.spool_max_size = connector.settings.max_upload_bytes + MULTIPART_OVERHEAD
    problems.install(app)
    app.include_router(_health(connector))
    app.mount("/static", StaticFiles(packages=[("connector.web", "static")]), name="static")
    if internal:
        app.include_router(submissions.router)
        app.include_router(invitations.router)
        app.include_router(report.router)
        app.include_router(docs.router)
    if public:
        app.include_router(candidate.router)
    app.add_middleware(BaseHTTPMiddleware, dispatch=_with_security_headers)
    app.add_middleware(BodyLimit, limit=connector.settings.max_upload_bytes + MULTIPART_OVERHEAD)
    return app


def _health(connector: Connector) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    def readyz() -> dict[str, str]:
        if not connector.ready():
            raise StoreError("The database does not answer.")
        return {"status": "ready"}

    return router
