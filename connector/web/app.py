"""The web service: one application, two surfaces.

*Public*: the candidate's page (`/s`). *Internal*: the API, the recruiter's report, the description of the API. They
can be served on separate addresses by building the application twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from starlette.staticfiles import StaticFiles

from connector.errors import StoreError
from connector.web import openapi, problems
from connector.web.auth import ApiKeys
from connector.web.forms import MULTIPART_OVERHEAD
from connector.web.guards import AccessLog, HeadAsGet, SecurityHeaders, UnexpectedErrors
from connector.web.limits import BodyLimit
from connector.web.routes import candidate, docs, invitations, report, submissions

if TYPE_CHECKING:
    from connector.bootstrap import Connector


def create_app(connector: Connector, *, public: bool = True, internal: bool = True) -> FastAPI:
    """Build the application around a running connector.

    Args:
        public: serve the candidate's surface.
        internal: serve the API and the reports.
    """
    app = FastAPI(
        title="ler-ats-connector",
        version=connector.version,
        description="Learning and employment records into an ATS. It says what was checked, and judges nobody.",
        openapi_url="/openapi.json" if internal else None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.connector = connector
    app.state.api_keys = ApiKeys(connector.settings.api_key_hashes)
    problems.install(app)
    openapi.install(app)
    app.include_router(_health(connector))
    app.mount("/static", StaticFiles(packages=[("connector.web", "static")]), name="static")
    if internal:
        app.include_router(submissions.router)
        app.include_router(invitations.router)
        app.include_router(report.router)
        app.include_router(docs.router)
    if public:
        app.include_router(candidate.router)
    _guard(app, connector)
    return app


def _guard(app: FastAPI, connector: Connector) -> None:
    """What every request passes through; the last one added is the outermost."""
    settings = connector.settings
    app.add_middleware(
        BodyLimit, limit=settings.max_upload_bytes + MULTIPART_OVERHEAD, file_limit=settings.max_upload_bytes
    )
    app.add_middleware(UnexpectedErrors)
    app.add_middleware(AccessLog)
    app.add_middleware(HeadAsGet)
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https://"))


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
