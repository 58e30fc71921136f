"""One input, one answer: the verification report of CONTRACT section 2, for the commands and the pipeline alike.

Pure, given a policy, a world, an applicant and a moment. Bad input is an answer (`error`, and a verdict that says what
kind of bad), never an exception.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.errors import (
    ConnectorError,
    FetchError,
    IntakeError,
    SubmissionTooLarge,
    UnreadableSubmission,
    UnsafeLink,
)
from connector.intake import fetch_link, only_link, receive
from connector.model.applicant import Applicant
from connector.model.claims import Claim
from connector.model.credential import AssessedCredential, AssessedEndorsement, CredentialFormat
from connector.model.report import DECISION_ORDER, CheckName, CheckResult, Decision, Outcome, RequestRecord, Verdict
from connector.model.submission import Submission
from connector.normalize import EMPTY, Crosswalk, read_claims
from connector.ports import World
from connector.verify import assess_all, verdict_of_file
from connector.verify.policy import Policy

if TYPE_CHECKING:
    from connector.model.changes import Change, ChangeSet

Planner = Callable[[Sequence[Claim]], "ChangeSet"]

MAX_CLAIMS: Final = 10_000
"""Of one submission; a transcript of 100 badges with 20 skills each makes 2,000."""
_BUSY: Final = 429
_ABOUT_THE_APPLICANT: Final = ("subject", "holder")
_NOT_FOUND_OUT: Final = frozenset({Verdict.UNRESOLVABLE, Verdict.STATUS_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in one input.

    Attributes:
        submission: what was handed in, or what the link led to; None when it could not be had.
        claims: of all its credentials, in the order of the document.
        error: why there is nothing to say about it.
    """

    submission: Submission | None
    assessed: tuple[AssessedCredential, ...] = ()
    claims: tuple[Claim, ...] = ()
    requests: tuple[RequestRecord, ...] = ()
    error: ConnectorError | None = None

    @property
    def verdict(self) -> Verdict:
        """The most severe of its credentials'."""
        if self.error is not None:
            return _verdict_of(self.error)
        return verdict_of_file(a.report for a in self.assessed)

    @property
    def decision(self) -> Decision:
        """The most severe of its credentials'; for the file only, never for the person."""
        found = {a.decision for a in self.assessed}
        return next((d for d in DECISION_ORDER if d in found), Decision.REFUSED)

    @property
    def refused(self) -> bool:
        """Every credential in it is refused, and none is an LER-RS that says something.

        The proof of an LER-RS is its holder's: without one, or with one that cannot be checked, its entries are what
        the applicant states (DOMAIN section 1), and there is something to plan with. One that was changed says nothing.
        """
        speaking = {claim.credential for claim in self.claims}
        return all(a.decision is Decision.REFUSED and not _states(a, speaking) for a in self.assessed)

    @property
    def passing(self) -> bool:
        """Something could not be found out because a document could not be had just now: worth trying again."""
        if isinstance(self.error, FetchError):
            return not self.error.refused
        if not any(a.report.verdict in _NOT_FOUND_OUT and not _issuer_fails(a) for a in self.assessed):
            return False
        return any(r.outcome == "failed" or (r.status or 0) >= 500 or r.status == _BUSY for r in self.requests)


class ExamineContent(Protocol):
    """`examine_content`, or what does the same in another place (`infra.worker`)."""

    def __call__(
        self,
        submission: Submission,
        policy: Policy,
        world: World,
        *,
        applicant: Applicant,
        now: datetime,
        crosswalk: Crosswalk = EMPTY,
        assess_options: Mapping[str, Any] | None = None,
    ) -> Examination: ...


def examine_content(
    submission: Submission,
    policy: Policy,
    world: World,
    *,
    applicant: Applicant,
    now: datetime,
    crosswalk: Crosswalk = EMPTY,
    assess_options: Mapping[str, Any] | None = None,
) -> Examination:
    """Receive, assess, read the claims.

    Args:
        assess_options: more keyword arguments for `verify.assess_all` (what a presentation must show).
    """
    try:
        assessed = assess_all(
            receive(submission), policy, world, applicant=applicant, now=now, **(assess_options or {})
        )
    except ConnectorError as error:
        return Examination(submission, requests=world.documents.requests, error=error)
    claims = tuple(claim for one in assessed for claim in read_claims(one, crosswalk))
    if len(claims) > MAX_CLAIMS:
        too_many = SubmissionTooLarge(f"It makes more than {MAX_CLAIMS} statements.", code="too_many")
        return Examination(submission, requests=world.documents.requests, error=too_many)
    return Examination(submission, assessed, claims, world.documents.requests)


def examine(
    source: Submission | str,
    policy: Policy,
    world: World,
    *,
    applicant: Applicant,
    now: datetime,
    crosswalk: Crosswalk = EMPTY,
    assess_options: Mapping[str, Any] | None = None,
    look_into: ExamineContent = examine_content,
) -> Examination:
    """The same for what was handed in or for a link, which is followed first.

    Args:
        look_into: looks into what there is; the service hands in one that puts large submissions elsewhere.
    """
    try:
        submission = _fetched(source, world)
    except ConnectorError as error:
        handed_in = source if isinstance(source, Submission) else None
        return Examination(handed_in, requests=world.documents.requests, error=error)
    return look_into(
        submission, policy, world, applicant=applicant, now=now, crosswalk=crosswalk, assess_options=assess_options
    )


def _issuer_fails(assessed: AssessedCredential) -> bool:
    """No document that may come yet helps a record whose issuer is refused."""
    return any(c.check is CheckName.ISSUER and c.outcome is Outcome.FAILED for c in assessed.report.checks)


def _states(assessed: AssessedCredential, speaking: set[str]) -> bool:
    return assessed.credential.format is CredentialFormat.LER_RS and assessed.report.path in speaking


def _fetched(source: Submission | str, world: World) -> Submission:
    """What was handed in; where that is only a link (pasted, or in a file), what is behind it."""
    link = source if isinstance(source, str) else only_link(source.content)
    if link is not None:
        return fetch_link(link, world.documents)
    assert isinstance(source, Submission)
    return source


def answer(
    source: Submission | str,
    policy: Policy,
    world: World,
    *,
    applicant: Applicant,
    now: datetime,
    request_id: str = "",
    crosswalk: Crosswalk = EMPTY,
    planner: Planner | None = None,
    assess_options: Mapping[str, Any] | None = None,
    look_into: ExamineContent = examine_content,
) -> dict[str, Any]:
    """The answer as JSON.

    Args:
        planner: makes the plan that was asked for; None leaves `plan` null.
    """
    start = time.perf_counter()
    found = examine(
        source, policy, world, applicant=applicant, now=now, crosswalk=crosswalk, assess_options=assess_options,
        look_into=look_into,
    )  # fmt: skip
    plan: dict[str, Any] | None = None
    error = found.error
    if planner is not None and error is None:
        try:
            plan = plan_json(planner(found.claims))
        except ConnectorError as problem:
            error = problem
    result = answer_json(found, request_id=request_id, plan=plan, error=error)
    result["ms"] = round((time.perf_counter() - start) * 1000, 3)
    return result


def answer_json(
    found: Examination,
    *,
    request_id: str = "",
    plan: dict[str, Any] | None = None,
    error: ConnectorError | None = None,
) -> dict[str, Any]:
    """CONTRACT section 2, member by member."""
    error = error or found.error
    return {
        "id": request_id,
        "ms": 0.0,
        "decision": str(found.decision),
        "verdict": str(found.verdict),
        "credentials": [credential_json(one) for one in found.assessed],
        "claims": [claim_json(claim) for claim in found.claims],
        "plan": plan,
        "requests": [{"url": r.url, "outcome": r.outcome, "status": r.status} for r in found.requests],
        "error": None if error is None else {"code": error.code, "message": error.message},
    }


def credential_json(assessed: AssessedCredential) -> dict[str, Any]:
    report = assessed.report
    issuer = report.issuer
    return {
        "path": report.path,
        "format": report.format,
        "data_model": report.data_model,
        "securing": list(report.securing),
        "verdict": str(report.verdict),
        "decision": str(assessed.decision),
        "assurance": str(assessed.assurance),
        "issuer": {
            "id": issuer.id,
            "name": issuer.name,
            "name_source": issuer.name_source,
            "bound": issuer.bound,
            "recognised": issuer.recognised,
            "recognised_by": issuer.recognised_by,
        },
        "subject": {"match": str(report.subject.match)},
        "valid_from": report.valid_from,
        "valid_until": report.valid_until,
        "document_sha256": report.document_sha256,
        "checks": [_check_json(c) for c in report.checks],
        "endorsements": [_endorsement_json(one) for one in assessed.endorsements],
    }


def _endorsement_json(endorsement: AssessedEndorsement) -> dict[str, Any]:
    """Who endorses what; whom the endorsed record is about is no matter of the endorsement."""
    members = credential_json(endorsement.assessed)
    checks = [check for check in members["checks"] if check["check"] not in _ABOUT_THE_APPLICANT]
    return {
        "path": members["path"],
        "endorses": str(endorsement.endorses),
        "about_this": endorsement.about_this,
        "securing": members["securing"],
        "verdict": members["verdict"],
        "issuer": members["issuer"],
        "valid_from": members["valid_from"],
        "valid_until": members["valid_until"],
        "checks": checks,
    }


def _check_json(check: CheckResult) -> dict[str, str]:
    return {
        "check": str(check.check),
        "outcome": str(check.outcome),
        "code": check.code,
        "summary": check.summary,
        "detail": check.detail,
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """A claim; the promised members are there for both kinds."""
    return {"achievement": None, "level": None, **claim.model_dump(mode="json")}


def plan_json(changes: ChangeSet) -> dict[str, Any]:
    return {
        "ats": changes.ats,
        "changes": [change_json(c) for c in changes.changes],
        "skipped": [s.model_dump(mode="json") for s in changes.skipped],
    }


def change_json(change: Change) -> dict[str, Any]:
    members = change.model_dump(mode="json")
    order = ("op", "target", "value", "trust", "assurance", "rule", "claims")
    return {name: members[name] for name in order}


def _verdict_of(error: ConnectorError) -> Verdict:
    if error.code == Verdict.NO_CREDENTIAL:
        return Verdict.NO_CREDENTIAL
    if isinstance(error, FetchError | UnsafeLink):
        return Verdict.UNRESOLVABLE
    if isinstance(error, UnreadableSubmission | SubmissionTooLarge):
        return Verdict.MALFORMED
    return Verdict.UNSUPPORTED if isinstance(error, IntakeError) else Verdict.MALFORMED
