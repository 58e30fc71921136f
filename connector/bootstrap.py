"""The one place where concrete things are built and wired together, and the face of the product for web and CLI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx

from connector.config import Settings
from connector.model.applicant import Applicant
from connector.model.changes import ChangeSet
from connector.model.claims import Claim
from connector.model.records import Invitation, NewInvitation, NewSubmission, State, SubmissionPage, SubmissionRecord
from connector.model.submission import Submission
from connector.ports import Clock, DocumentSource, Probe

if TYPE_CHECKING:
    from datetime import datetime


class Connector:
    """Everything that the service, the pages and the commands may ask for.

    Methods are sync and may be called from any thread, unless their name says otherwise. What does not exist is None
    where one thing is asked for, and `ConnectorError(code="unknown_submission")` where something is to be done to it.
    """

    settings: Settings
    version: str
    connections: tuple[str, ...]

    # --- life ---
    def start(self, *, join: bool = False) -> None:
        """Start the engine.

        Args:
            join: when another process already runs one for this data directory, hand work to it instead of failing.

        Raises:
            ConfigurationError: another process runs the engine, and `join` is False.
        """
        raise NotImplementedError

    def stop(self) -> None: ...
    def ready(self) -> bool: ...

    # --- submissions ---
    def submit(self, new: NewSubmission) -> SubmissionRecord: ...
    def submission(self, submission_id: str) -> SubmissionRecord | None: ...
    def submissions(
        self, *, cursor: str | None = None, state: State | None = None, connection: str | None = None, limit: int = 50
    ) -> SubmissionPage: ...
    def wait(self, submission_id: str, timeout: float = 60.0) -> SubmissionRecord: ...
    def retry(self, submission_id: str) -> SubmissionRecord: ...
    def undo(self, submission_id: str) -> SubmissionRecord: ...
    def withdraw(self, submission_id: str) -> SubmissionRecord: ...
    def erase(self, submission_id: str) -> SubmissionRecord: ...
    def consent(
        self, submission_id: str, selected: tuple[str, ...], reference: str | None = None
    ) -> SubmissionRecord: ...
    def preview(self, submission_id: str, selected: tuple[str, ...] | None = None) -> ChangeSet: ...

    # --- links ---
    def invite(self, new: NewInvitation) -> tuple[str, Invitation]: ...
    def invitation(self, token: str) -> Invitation: ...
    def report(self, report_id: str) -> list[SubmissionRecord]: ...
    def report_url(self, report_id: str) -> str: ...
    def check_report_link(self, report_id: str, query: Mapping[str, str]) -> None:
        """Raise LinkError (`link_invalid`, `link_expired`) unless the query signs this report."""

    # --- without storing anything ---
    def answer(
        self,
        source: Submission | str,
        *,
        applicant: Applicant = Applicant(),
        request_id: str = "",
        now: datetime | None = None,
        plan_for: str | None = None,
        mapping: str | None = None,
    ) -> dict[str, Any]: ...
    def plan_for(self, claims: tuple[Claim, ...], ats: str, *, mapping: str | None = None) -> ChangeSet: ...
    def probe(self, connection: str) -> tuple[Probe, ...]: ...


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    documents: DocumentSource | None = None,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
) -> Connector:
    """Wire a connector together.

    Args:
        clock: the system's when not given.
        documents: replaces the guarded network (a recorded world, or nothing at all).
        transports: replaces the network towards an ATS, by connection name.
    """
    raise NotImplementedError


def new_api_key() -> tuple[str, str]:
    """A new API key, and the hash of it that goes into `LER_API_KEYS`."""
    raise NotImplementedError
