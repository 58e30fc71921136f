"""The API's description for people, drawn from the one for machines (OpenAPI 3.1): each call with the members of its
body and answer, and a `curl` that can be pasted.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
_TYPES: Final = {"string": "text", "integer": "number", "number": "number", "boolean": "true or false"}
_FORMATS: Final = {"binary": "file", "date-time": "time"}
_REF: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body; `name` has dots for what stands inside another (`applicant.name`)."""

    name: str
    type: str
    required: bool
    allowed: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Body:
    content_type: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        answers: the status of each good answer, with the names of its members.
        examples: commands, one for each way to send it.
    """

    title: str
    words: str
    parameters: tuple[Member, ...]
    bodies: tuple[Body, ...]
    answers: tuple[tuple[str, tuple[str, ...]], ...]
    examples: tuple[str, ...]


def calls(description: Schema, base_url: str) -> list[Call]:
    """Every call of the description, by path."""
    known = description.get("components", {}).get("schemas", {})
    return [
        _Reader(known, base_url).call(method, path, operation)
        for path, methods in sorted(description["paths"].items())
        for method, operation in methods.items()
    ]


@dataclass(frozen=True, slots=True)
class _Reader:
    known: Schema
    base_url: str

    def call(self, method: str, path: str, operation: Schema) -> Call:
        content = operation.get("requestBody", {}).get("content", {})
        parameters = tuple(
            self._member(p["name"], p["schema"], p.get("required", False), p.get("description", ""))
            for p in operation.get("parameters", [])
        )
        return Call(
            title=f"{method.upper()} {path}",
            words=operation.get("description", ""),
            parameters=parameters,
            bodies=tuple(Body(kind, tuple(self._members(body["schema"]))) for kind, body in content.items()),
            answers=tuple(self._answers(operation["responses"])),
            examples=tuple(self._examples(method.upper(), path, content)),
        )

    # --- members ---

    def _members(self, schema: Schema, prefix: str = "") -> Iterator[Member]:
        schema = self._resolved(schema)
        required = schema.get("required", [])
        for name, inner in schema.get("properties", {}).items():
            yield self._member(prefix + name, inner, name in required, inner.get("description", ""))
            yield from self._members(inner, f"{prefix}{name}.")

    def _member(self, name: str, schema: Schema, required: bool, words: str) -> Member:
        resolved = self._resolved(schema)
        allowed = tuple(str(value) for value in resolved.get("enum", ()))
        return Member(name, self._type(resolved), required, allowed, words)

    def _type(self, schema: Schema) -> str:
        kind = schema.get("type")
        if kind == "array":
            return f"list of {self._type(self._resolved(schema.get('items', {})))}"
        if kind == "object":
            return "object"
        return _FORMATS.get(schema.get("format", ""), _TYPES.get(str(kind), "any JSON"))

    def _resolved(self, schema: Schema) -> Schema:
        """What a reference, or the one way to be not null, stands for."""
        if str(schema.get("$ref", "")).startswith(_REF):
            return self._resolved(self.known[schema["$ref"].removeprefix(_REF)])
        ways = [way for way in schema.get("anyOf", ()) if way.get("type") != "null"]
        return self._resolved(ways[0]) if len(ways) == 1 else schema

    # --- answers and examples ---

    def _answers(self, responses: Schema) -> Iterator[tuple[str, tuple[str, ...]]]:
        for status, response in responses.items():
            if status.startswith("2"):
                schema = response.get("content", {}).get(JSON, {}).get("schema", {})
                yield status, tuple(self._resolved(schema).get("properties", {}))

    def _examples(self, method: str, path: str, content: Schema) -> Iterator[str]:
        url = f"{self.base_url}{path.replace('{submission_id}', '$ID')}"
        start = f'curl -X {method} "{url}" -H "Authorization: Bearer $LER_API_KEY"'
        if not content:
            yield start
        for kind, body in content.items():
            example = self._resolved(body["schema"]).get("examples", [{}])[0]
            if kind == FORM:
                yield start + "".join(f" \\\n  -F {shlex.quote(f'{name}={text}')}" for name, text in example.items())
            else:
                data = shlex.quote(json.dumps(example, ensure_ascii=False))
                yield f"{start} \\\n  -H 'Content-Type: {kind}' \\\n  -d {data}"
