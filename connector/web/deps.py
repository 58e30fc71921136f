"""What the routes take from the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

if TYPE_CHECKING:
    from connector.bootstrap import Connector


def the_connector(request: Request) -> Connector:
    return cast("Connector", request.app.state.connector)


def api_caller(request: Request) -> None:
    """Pass only callers with a known API key."""
    request.app.state.api_keys.require(request)


ApiCaller = Depends(api_caller)
TheConnector = Annotated["Connector", Depends(the_connector)]
