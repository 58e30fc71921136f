"""What the routes take from the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

if TYPE_CHECKING:
    from connector.bootstrap import Connector

_bearer = HTTPBearer(auto_error=False, description="An API key: `ler-connector key new` makes one.")


def the_connector(request: Request) -> Connector:
    return cast("Connector", request.app.state.connector)


def api_caller(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
    """Pass only callers with a known API key."""
    request.app.state.api_keys.require(given.credentials if given else "")


ApiCaller = Depends(api_caller)
