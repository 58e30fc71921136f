"""What `doctor` asks Greenhouse: does the credential work, does it have each scope, may the acting user look.

A list scope is tried by asking for one row. A write scope is tried by a request that cannot do anything: a POST
without its required properties, a PATCH or DELETE of record 0. Greenhouse checks scopes before the rest, so 403 means
"not allowed", and 404 or 422 "allowed, but nothing to do".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from adapters.greenhouse.client import GreenhouseClient
from connector.errors import AtsAuthError, DeliveryError, RejectedByAts
from connector.model.changes import Family
from connector.ports import Probe

SCOPES: Final[Mapping[str, tuple[str, str]]] = {
    "harvest:candidates:list": ("GET", "candidates"),
    "harvest:candidates:update": ("PATCH", "candidates/0"),
    "harvest:applications:list": ("GET", "applications"),
    "harvest:custom_fields:list": ("GET", "custom_fields"),
    "harvest:custom_field_options:list": ("GET", "custom_field_options"),
    "harvest:notes:list": ("GET", "notes"),
    "harvest:notes:create": ("POST", "notes"),
    "harvest:candidate_tags:list": ("GET", "candidate_tags"),
    "harvest:candidate_tags:create": ("POST", "candidate_tags"),
    "harvest:applied_candidate_tags:list": ("GET", "applied_candidate_tags"),
    "harvest:applied_candidate_tags:create": ("POST", "applied_candidate_tags"),
    "harvest:applied_candidate_tags:destroy": ("DELETE", "applied_candidate_tags/0"),
    "harvest:attachments:list": ("GET", "attachments"),
    "harvest:attachments:create": ("POST", "attachments"),
    "harvest:attachments:destroy": ("DELETE", "attachments/0"),
    "harvest:users:list": ("GET", "users"),
}
"""Each scope the adapter needs, and the request that tells whether it is there."""

USERS: Final = "harvest:users:list"
"""Needed only to look at an acting user."""

ONLY_FOR: Final[Mapping[str, Family]] = {
    "harvest:candidates:update": Family.FIELDS,
    "harvest:notes:list": Family.NOTES,
    "harvest:notes:create": Family.NOTES,
    "harvest:candidate_tags:create": Family.TAGS,
    "harvest:applied_candidate_tags:list": Family.TAGS,
    "harvest:applied_candidate_tags:create": Family.TAGS,
    "harvest:applied_candidate_tags:destroy": Family.TAGS,
    "harvest:attachments:list": Family.ATTACHMENTS,
    "harvest:attachments:create": Family.ATTACHMENTS,
    "harvest:attachments:destroy": Family.ATTACHMENTS,
}
"""Scopes that a mapping needs only when it writes this; the others are needed by every one."""

_CREDENTIAL_FIX: Final = (
    "Check CLIENT_ID and CLIENT_SECRET of this connection: an OAuth credential for Harvest v3, made in Greenhouse's "
    "Dev Center. An API key of Harvest v1 or v2 does not work: those versions ended on 2026-08-31."
)


async def probe(client: GreenhouseClient, user_id: int | None) -> tuple[Probe, ...]:
    """The token first; without one there is nothing more to ask."""
    token = await _token(client)
    if not token.ok:
        return (token,)
    asked = {name: request for name, request in SCOPES.items() if name != USERS or user_id is not None}
    found = [await _scope(client, name, *request) for name, request in asked.items()]
    scopes = [replace(p, only_for=ONLY_FOR.get(p.name)) for p in found]
    return (token, *scopes, await _acting_user(client, user_id))


async def _token(client: GreenhouseClient) -> Probe:
    try:
        response = await client.ask("GET", "candidates")
    except AtsAuthError as error:
        return Probe("token", False, error.message, _CREDENTIAL_FIX)
    except DeliveryError as error:
        return _unknown("token", error)
    if response.status_code == 401:
        return Probe("token", False, "Greenhouse does not accept the access token.", _CREDENTIAL_FIX)
    return Probe("token", True, "Greenhouse gives the connection an access token.")


async def _scope(client: GreenhouseClient, name: str, method: str, path: str) -> Probe:
    body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
    try:
        status = (await client.ask(method, path, body=body)).status_code
    except DeliveryError as error:
        return _unknown(name, error)
    if status in (401, 403):
        fix = f"Give the API credential the scope {name}, and let a Site Admin be the acting user."
        return Probe(name, False, f"Greenhouse does not allow {name} (HTTP {status}).", fix)
    allowed = status == 200 if method == "GET" else status in (404, 422)
    if allowed:
        return Probe(name, True, f"Greenhouse allows {name}.")
    return Probe(name, False, f"Whether {name} is allowed could not be found out (HTTP {status}).", "Try again later.")


async def _acting_user(client: GreenhouseClient, user_id: int | None) -> Probe:
    if user_id is None:
        return Probe("acting user", True, "The credential's own integration user acts.")
    try:
        user = await client.user(user_id)
    except (AtsAuthError, RejectedByAts) as error:
        return Probe("acting user", False, error.message, "Give the API credential the scope harvest:users:list.")
    except DeliveryError as error:
        return _unknown("acting user", error)
    if user is None or user.deactivated or not user.site_admin:
        unseen = "cannot be seen: it does not exist, or is no Site Admin"
        why = unseen if user is None else "is deactivated" if user.deactivated else "is no Site Admin"
        fix = "Set USER_ID to an active Site Admin of Greenhouse, or leave it out: lists need a Site Admin."
        return Probe("acting user", False, f"The acting user {user_id} {why}.", fix)
    return Probe("acting user", True, f"The acting user {user_id} is a Site Admin.")


def _unknown(name: str, error: DeliveryError) -> Probe:
    return Probe(name, False, f"{error.message} ({error.detail})", "Try again later; check the connection's addresses.")
