"""The calls to one tenant: sign in, send, and turn faults into our errors.

Workday answers by fault text rather than by status: a fault can come with HTTP 500, 400 or 200, so the body is
parsed on every status, and "not authorized" inside a *server* fault is final.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from adapters.base import MAX_PAGES, MAX_WORDS, error_for, retry_after_seconds, send, unreadable
from adapters.workday import wire
from adapters.workday.settings import WorkdaySettings
from adapters.workday.soap import (
    Element,
    Fault,
    UsernameToken,
    XmlRefused,
    bsvc,
    envelope,
    local_name,
    read_answer,
)
from connector.errors import (
    AtsAuthError,
    ConfigurationError,
    DeliveryError,
    NotFoundInAts,
    RejectedByAts,
    RetryableDeliveryError,
)
from connector.ports import AtsHttp

VENDOR: Final = "Workday"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS: Final = 300
ACTIVATE: Final = "Activate Pending Security Policy Changes"
_BUSY: Final = frozenset({429, 503})
_INVALID_ID = re.compile(r"is not a valid ID value for type = ['\"]?(Candidate_ID|Job_Application_ID|WID)\b")

T = TypeVar("T")


class RecruitingClient:
    """The operations of the Recruiting service that we use; reads give plain data, writes say what was made."""

    def __init__(self, settings: WorkdaySettings, http: AtsHttp) -> None:
        self._settings = settings
        self._version = settings.version
        self._security = _username_token(settings)
        self._http = http.client(settings.service_url) if self._security else _bearer_client(settings, http)

    async def server_timestamp(self) -> datetime:
        answer = await self._call(wire.get_server_timestamp(self._version), "Server_Timestamp", write=False)
        try:
            moment = datetime.fromisoformat(wire.read_timestamp(answer).strip())
        except ValueError:
            raise unreadable(VENDOR, write=False, detail="no time in Server_Timestamp") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    async def applications_of(self, candidate: str) -> list[wire.ApplicationData]:
        """The candidate's job applications.

        Raises:
            NotFoundInAts: there is no such candidate.
        """
        request = wire.get_candidate(self._version, candidate, self._settings.profile)
        answer = await self._call(request, "Get_Candidates_Response", write=False)
        applications = wire.read_applications(answer)
        if applications is None:
            raise NotFoundInAts("Workday has no such candidate.", code="candidate_not_found")
        return applications

    async def additional_data_of_candidate(self, candidate: str) -> list[wire.ApplicationData]:
        """Custom objects of all the candidate's job applications; ones without any may be missing from the list."""
        return await self._all_pages(
            lambda page: wire.get_additional_data_by_candidate(self._version, candidate, page),
            "Get_Job_Application_Additional_Data_Response",
            wire.read_additional_data,
        )

    async def additional_data_of_application(self, application: str) -> list[wire.ApplicationData]:
        request = wire.get_additional_data_by_application(self._version, application)
        answer = await self._call(request, "Get_Job_Application_Additional_Data_Response", write=False)
        return wire.read_additional_data(answer)

    async def put_additional_data(self, application: str, custom_object: Element) -> None:
        request = wire.put_additional_data(self._version, application, custom_object)
        await self._call(request, "Put_Job_Application_Additional_Data_Response", write=True)

    async def attachments_of(self, candidate: str) -> list[wire.StoredAttachment]:
        return await self._all_pages(
            lambda page: wire.get_candidate_attachments(self._version, candidate, page),
            "Get_Candidate_Attachments_Response",
            wire.read_attachments,
        )

    async def put_attachment(self, candidate: str, attachment: wire.NewAttachment) -> str:
        request = wire.put_candidate_attachment(self._version, candidate, attachment)
        answer = await self._call(request, "Put_Candidate_Attachment_Response", write=True)
        return wire.read_put_attachment(answer)

    async def _all_pages(
        self, build: Callable[[wire.Page | None], Element], expect: str, read: Callable[[Element], list[T]]
    ) -> list[T]:
        """Follow a list to its end, pinned to the moment of its first page (else rows move between pages)."""
        asked_at = datetime.now(UTC).isoformat(timespec="seconds")
        answer = await self._call(build(None), expect, write=False)
        rows, listing = read(answer), wire.read_listing(answer)
        if listing.pages > MAX_PAGES:
            raise unreadable(VENDOR, write=False, detail="the pages of a list do not end")
        for number in range(2, listing.pages + 1):
            page = wire.Page(number, listing.as_of or asked_at)
            rows.extend(read(await self._call(build(page), expect, write=False)))
        return rows

    async def _call(self, request: Element, expect: str, *, write: bool) -> Element:
        operation = local_name(request).removesuffix("_Request")
        response = await send(
            self._http,
            "POST",
            self._settings.service_path,
            vendor=VENDOR,
            write=write,
            content=envelope(request, self._security),
            headers={"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'},
        )
        return read_response(response, operation=operation, expect=expect, write=write)


# --- signing in --------------------------------------------------------------------------------------------------


def _username_token(settings: WorkdaySettings) -> UsernameToken | None:
    if settings.auth != "password" or settings.password is None:
        return None
    return UsernameToken(f"{settings.user}@{settings.tenant}", settings.password.get_secret_value())


def _bearer_client(settings: WorkdaySettings, http: AtsHttp) -> httpx.AsyncClient:
    """A client with a bearer token by refresh token or by JWT; the scope stays empty, the API client has its own."""
    by_jwt = settings.auth == "jwt_bearer"
    secret = settings.client_secret.get_secret_value() if settings.client_secret else None
    refresh = settings.refresh_token.get_secret_value() if settings.refresh_token and not by_jwt else None
    return http.oauth_client(
        settings.service_url,
        token_url=settings.service_url + settings.token_path,
        client_id=settings.client_id or "",
        client_secret=secret,
        grant_type=JWT_BEARER if by_jwt else "refresh_token",
        token_params={"refresh_token": refresh} if refresh else None,
        auth_method="client_secret_basic" if secret else "none",
        read_token=dict,
        fresh_params=_assertion_maker(settings) if by_jwt else None,
        is_stale=says_token_is_stale,
    )


def _assertion_maker(settings: WorkdaySettings) -> Callable[[], dict[str, str]]:
    """Makes an assertion for each token request: RS256, `aud` is the word "wd", five minutes long."""
    assert settings.private_key is not None
    try:
        key = RSAKey.import_key(settings.private_key.get_secret_value())
    except (JoseError, ValueError, TypeError) as error:
        raise ConfigurationError("PRIVATE_KEY of the Workday connection must be an RSA private key in PEM.") from error
    if not key.is_private:
        raise ConfigurationError("PRIVATE_KEY of the Workday connection is a public key; the private one is needed.")

    def make() -> dict[str, str]:
        claims = {
            "iss": settings.client_id,
            "sub": settings.user,
            "aud": "wd",
            "exp": int(time.time()) + ASSERTION_SECONDS,
        }
        return {"assertion": jwt.encode({"alg": "RS256"}, claims, key)}

    return make


def says_token_is_stale(response: httpx.Response) -> bool:
    """Whether an answer that is not 401 is the fault that Workday sends for a token it no longer takes."""
    if b"authenticationError" not in response.content:
        return False
    try:
        answer = read_answer(response.content)
    except XmlRefused:
        return False
    return isinstance(answer, Fault) and answer.kind == "Client.authenticationError"


# --- answers become errors ---------------------------------------------------------------------------------------


def read_response(response: httpx.Response, *, operation: str, expect: str, write: bool) -> Element:
    """The payload of an answer, or the error it stands for."""
    if response.status_code in _BUSY:
        raise _busy(response, write=write)
    try:
        answer = read_answer(response.content)
    except XmlRefused as refused:
        if response.is_success:
            raise unreadable(VENDOR, write=write, detail=f"HTTP {response.status_code}: {refused}") from None
        raise _error_for_status(response, operation=operation, write=write) from None
    if isinstance(answer, Fault):
        raise error_for_fault(answer, operation=operation, write=write, response=response)
    if not response.is_success:
        raise _error_for_status(response, operation=operation, write=write)
    if answer.tag != bsvc(expect):
        raise unreadable(VENDOR, write=write, detail=f"{local_name(answer)} in answer to {operation}")
    return answer


def _busy(response: httpx.Response, *, write: bool) -> RetryableDeliveryError:
    """Whatever the body says. 429 is turned away at the door; 503 may come from anywhere, so it leaves a write open."""
    return RetryableDeliveryError(
        "Workday asked to wait.",
        code="ats_busy",
        detail=f"HTTP {response.status_code}",
        retry_after=retry_after_seconds(response.headers.get("retry-after")),
        maybe_applied=write and response.status_code == 503,
    )


def _error_for_status(response: httpx.Response, *, operation: str, write: bool) -> DeliveryError:
    if response.status_code == 404:
        return RejectedByAts(
            "Workday has no such web service address; check SERVICE_URL, TENANT and VERSION of the connection.",
            code="ats_address",
            detail=f"HTTP 404 for {operation}",
        )
    return error_for(response, vendor=VENDOR, write=write)


def error_for_fault(fault: Fault, *, operation: str, write: bool, response: httpx.Response) -> DeliveryError:
    """Classify a fault by its code and its words (workday-and-others 3.4)."""
    said = fault.words.lower()
    if "not authorized" in said:
        return AtsAuthError(
            f"Workday does not let this connection use {operation}: grant its domain, then run {ACTIVATE}.",
            code="ats_forbidden",
            detail=operation,
        )
    if fault.kind == "Client.authenticationError" or "invalid username or password" in said:
        return AtsAuthError(
            "Workday does not accept the connection's credentials.", code="ats_unauthorized", detail=operation
        )
    if "web service or version is invalid" in said:
        return RejectedByAts(
            "Workday does not know this version of its Recruiting service; change VERSION of the connection.",
            code="ats_version",
            detail=operation,
            ats_words=fault.words[:MAX_WORDS],
        )
    if fault.kind.startswith("Client"):
        return _refusal(fault, operation)
    return RetryableDeliveryError(
        "Workday could not process the request.",
        code="ats_unavailable",
        detail=f"{fault.kind} in {operation}",
        retry_after=retry_after_seconds(response.headers.get("retry-after")),
        maybe_applied=write,
    )


def _refusal(fault: Fault, operation: str) -> DeliveryError:
    said = [line.message or line.detail for line in fault.lines] or [fault.text]
    unknown = [_INVALID_ID.search(words) for words in said]
    if unknown[0] is not None and all(unknown):
        what = {"Candidate_ID": "candidate", "Job_Application_ID": "job application"}.get(unknown[0][1], "record")
        return NotFoundInAts(f"Workday has no such {what}.", detail=operation)
    places = ", ".join(dict.fromkeys(line.xpath for line in fault.lines if line.xpath))
    return RejectedByAts(
        f"Workday refused {operation}.",
        detail=places[:MAX_WORDS] or operation,
        ats_words=fault.words[:MAX_WORDS],
    )
