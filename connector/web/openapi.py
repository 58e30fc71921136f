"""`/openapi.json`: the framework's description, with what it cannot know: our errors, and bodies read by hand."""

from __future__ import annotations

from typing import Any, Final, TypeVar

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from connector.web.problems import Problem

REF: Final = "#/components/schemas/{model}"
Model = TypeVar("Model", bound=BaseModel)
_described: Final[list[type[BaseModel]]] = [Problem]


def described(model: type[Model]) -> type[Model]:
    """Class decorator: put this model among the components, although no route declares it."""
    _described.append(model)
    return model


def install(app: FastAPI) -> None:
    """Let `app.openapi()` give the whole description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            description = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            _, schemas = models_json_schema([(m, "validation") for m in _described], ref_template=REF)
            description.setdefault("components", {}).setdefault("schemas", {}).update(schemas.get("$defs", {}))
            app.openapi_schema = description
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's documented way
