"""The verifier: the checks of one credential, in their order. Checks measure; `policy` judges.

What a document says of its issuer, dates, status and subject is evidence only once its proof holds: until then those
checks answer `proof_not_verified`. Nothing that a document names is fetched before that, except the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connector.errors import IntakeError, UnsupportedFormat
from connector.model.applicant import Applicant
from connector.model.credential import (
    AssessedCredential,
    AssessedEndorsement,
    CredentialFormat,
    Envelope,
    UnverifiedCredential,
)
from connector.model.report import (
    CheckName,
    CheckResult,
    Decision,
    IssuerFinding,
    Outcome,
    SubjectFinding,
    VerificationReport,
)
from connector.ports import World
from connector.verify import policy as judge
from connector.verify import refresh
from connector.verify.checks import holder, issuer, key_binding, proof, status, structure, subject, validity
from connector.verify.checks.holder import HolderFinding, PresentationContext
from connector.verify.codes import CODES, result, verdict_of
from connector.verify.errors import CheckError
from connector.verify.jsonld.limits import shared_work
from connector.verify.policy import Policy
from connector.verify.suites import hosted, signed_badge
from connector.verify.suites.badge_documents import HOSTED, verification_type

Json = dict[str, Any]

_DEPENDENT = (CheckName.VALIDITY, CheckName.STATUS, CheckName.ISSUER, CheckName.SUBJECT)


def assess(
    credential: UnverifiedCredential,
    policy: Policy,
    world: World,
    *,
    applicant: Applicant,
    now: datetime,
    presentation: PresentationContext | None = None,
    proved_emails: Iterable[str] = (),
) -> AssessedCredential:
    """Verify one credential.

    Args:
        policy: whom the employer recognises; an empty one recognises nobody.
        world: where keys and status lists are looked up.
        applicant: whom it should be about.
        now: the one clock reading of this run.
        presentation: what a presentation must have been made for, when one was asked for.
        proved_emails: addresses that the applicant has proved to own (a one-time code).
    """
    return assess_all(
        (credential,),
        policy,
        world,
        applicant=applicant,
        now=now,
        presentation=presentation,
        proved_emails=proved_emails,
    )[0]


def assess_all(
    credentials: Sequence[UnverifiedCredential],
    policy: Policy,
    world: World,
    *,
    applicant: Applicant,
    now: datetime,
    presentation: PresentationContext | None = None,
    proved_emails: Iterable[str] = (),
) -> tuple[AssessedCredential, ...]:
    """Verify the credentials of one submission; what they share (envelopes, status lists) is looked at once."""
    run = _Run(policy, world, applicant, now, presentation, tuple(proved_emails))
    assessed = []
    with shared_work():
        for credential in credentials:
            one = _assess(credential, run)
            assessed.append(_with_endorsements(one, run) if one.credential.endorsements else one)
    return tuple(assessed)


@dataclass(slots=True)
class _Run:
    """What the credentials of one submission have in common."""

    policy: Policy
    world: World
    applicant: Applicant
    now: datetime
    presentation: PresentationContext | None
    proved_emails: tuple[str, ...]
    refreshes: int = 0
    _lists: status.StatusLists | None = None
    _holders: dict[tuple[int, ...], tuple[tuple[Envelope, ...], HolderFinding]] = field(default_factory=dict)
    _envelopes: dict[int, HolderFinding] = field(default_factory=dict)

    def lists(self) -> status.StatusLists:
        """The status lists, made when the first is wanted."""
        if self._lists is None:
            documents, anchors = self.world.documents, self.policy.anchors
            self._lists = status.StatusLists(documents, now=self.now, is_delegate=self._recognises, anchors=anchors)
        return self._lists

    def _recognises(self, list_issuer: str) -> bool:
        found = self.policy.recognise(list_issuer, (), None)
        return found.recognition is judge.Recognition.RECOGNISED

    def holder(self, envelopes: tuple[Envelope, ...]) -> HolderFinding:
        """The presentation's answer, once for all credentials in it (envelopes are kept, so ids stay theirs)."""
        key = tuple([id(envelope) for envelope in envelopes]) if envelopes else ()
        if key not in self._holders:
            answer = holder.measure(
                envelopes, self.presentation, self.world.documents, now=self.now, known=self._envelopes
            )
            self._holders[key] = (envelopes, answer)
        return self._holders[key][1]


def _assess(credential: UnverifiedCredential, run: _Run) -> AssessedCredential:
    if credential.problem is not None:
        return _refuse_unreadable(credential, credential.problem, run)
    if credential.format is not CredentialFormat.OPEN_BADGE_2:
        assessed = _assess_signed(credential, run)
        return _refreshed(assessed, run) if "refreshService" in assessed.document else assessed
    return _assess_open_badge_2(credential, run)


def _with_endorsements(assessed: AssessedCredential, run: _Run) -> AssessedCredential:
    """The credential with its endorsements, each judged by itself (Open Badges 3.0, "EndorsementCredential
    Verification"). They bear on nothing of it; and those of a record that is not proven are not looked at.
    """
    if not _is_proven(assessed):
        return assessed
    endorsements = []
    for one in assessed.credential.endorsements:
        endorsement = _assess(one.credential, run)
        about_this = one.about is not None and one.about in _subject_ids(endorsement.document)
        endorsements.append(AssessedEndorsement(endorsement, one.endorses, about_this))
    return replace(assessed, endorsements=tuple(endorsements))


def _is_proven(assessed: AssessedCredential) -> bool:
    answer = assessed.report.check(CheckName.PROOF)
    return answer is not None and answer.outcome is Outcome.PASSED


def _subject_ids(document: Json) -> list[object]:
    subjects = document.get("credentialSubject")
    every = subjects if isinstance(subjects, list) else [subjects]
    return [subject.get("id") for subject in every if isinstance(subject, dict)]


def _refuse_unreadable(credential: UnverifiedCredential, problem: IntakeError, run: _Run) -> AssessedCredential:
    """One of several credentials that could not be taken apart: nothing but the verdict is said of it."""
    code = "structure_unknown" if isinstance(problem, UnsupportedFormat) else "structure_unreadable"
    return _conclude(credential, credential.document, (result(code, problem.code),), (), run)


def _assess_signed(credential: UnverifiedCredential, run: _Run) -> AssessedCredential:
    documents, now = run.world.documents, run.now

    # 1. The proof: one known kind, a key whose owner allows it, and every signature holds.
    proven = proof.measure(credential, documents, now=now, anchors=run.policy.anchors)
    document = proven.document

    # 2. The form of what was signed. It says nothing about truth, so it is looked at in any case.
    form = structure.measure(document, credential.format, proven)

    # 3. The presentation it came in, if any.
    presented = run.holder(credential.envelopes)
    if credential.jws is not None and credential.jws.sd_jwt is not None:
        presented = key_binding.measure(credential.jws.sd_jwt, proven, presented, run.presentation, documents, now=now)

    # 4. Without a proof that holds, nothing else the document says is evidence.
    if not proven.holds:
        claimed = issuer.claimed(document)
        unproven = tuple(_unproven(name, claimed, run) for name in _DEPENDENT)
        return _conclude(
            credential, document, (*form, proven.result, *unproven, presented.result), proven.securing, run, claimed
        )

    # 5. Its dates, against the one clock of this run.
    dates = validity.measure(document, proven.claims, now=now)

    # 6. Its status: every entry, in lists that are themselves proven.
    state = status.measure(document, proven.claims, run.lists)

    # 7. Its issuer: is the key the issuer's own, and does the employer recognise that issuer?
    who = issuer.measure(document, proven, run.policy, documents, begins=dates.begins, now=now)

    # 8. Its subject: is it about this applicant?
    about = subject.measure(document, proven.claims, run.applicant, presented, proved_emails=run.proved_emails)

    # 9. Then the policy judges.
    checks = (*form, proven.result, dates.result, *state, *who.results, about.result, presented.result)
    return _conclude(credential, document, checks, proven.securing, run, who.finding, about.finding, dates)


def _refreshed(original: AssessedCredential, run: _Run) -> AssessedCredential:
    """The newest version of a record whose issuer keeps it at an address, asked once (Open Badges 3.0, step "Refresh").

    It is verified from the start, as if it had been handed in, and only takes the place of a record of the same issuer,
    id and subject. What comes of it never leaves less than there was.
    """
    address = refresh.address(original, run.policy.refresh)
    if address is None:
        return original
    run.refreshes += 1
    if run.refreshes > refresh.MAX_REFRESHES:
        return refresh.remarked(original, result("refresh_unavailable", f"more than {refresh.MAX_REFRESHES} records"))
    try:
        newer = _assess_signed(refresh.fetch(address, original, run.world.documents), run)
    except CheckError as error:
        return refresh.remarked(original, result(error.code, error.detail))
    return refresh.choose(original, newer)


def _unproven(name: CheckName, claimed: IssuerFinding, run: _Run) -> CheckResult:
    """No evidence either way; but a record that says itself that a denied issuer made it is refused as if it were."""
    if name is CheckName.ISSUER and claimed.id is not None and run.policy.denies(claimed.id):
        return result("issuer_denied")
    return result("proof_not_verified", check=name)


def _assess_open_badge_2(credential: UnverifiedCredential, run: _Run) -> AssessedCredential:
    """An Open Badge 2.0: signed, or hosted, where the issuer's own site is asked in place of a signature (DOMAIN
    section 4). Which of both says the badge."""
    # 1. The signature and whose key it is; or what the site says.
    signed = credential.jws is not None and verification_type(credential.document) not in HOSTED
    securing = ("jws",) if signed else ("hosted",)
    documents = run.world.documents
    answer = signed_badge.verify(credential, documents) if signed else hosted.confirm(credential, documents)
    confirmed = result(answer.code, answer.detail, check=CODES[answer.code].checks[0])
    presented = run.holder(credential.envelopes)
    if answer.document is None or answer.issuer_id is None:
        unproven = tuple(result("proof_not_verified", check=name) for name in _DEPENDENT if name is not confirmed.check)
        return _conclude(credential, credential.document, (confirmed, *unproven, presented.result), securing, run)

    # 2. Dates, revocation, issuer and recipient, on what was signed or what the site answered.
    document = answer.document
    described = _with_issuer(document)
    dates = validity.measure_open_badge_2(document, now=run.now)
    state = status.measure_badge(document, described["issuer"], run.lists()) if signed else (result("status_none"),)
    binding = issuer.Binding.BOUND if answer.bound else issuer.Binding.UNBOUND
    failure = issuer.published_key((answer.key,), run.policy)
    used = (answer.key,) if answer.key is not None else ()
    who = issuer.judge(
        answer.issuer_id, described, binding, run.policy, begins=dates.begins, failure=failure, keys=used
    )
    about = subject.measure_open_badge_2(document, run.applicant, proved_emails=run.proved_emails)

    # 3. Then the policy judges.
    checks = (confirmed, dates.result, *state, *who.results, about.result, presented.result)
    assessed = _conclude(credential, document, checks, securing, run, who.finding, about.finding, dates)
    return replace(assessed, confirmed_on=answer.confirmed_on, confirmed_by=answer.host)


def _with_issuer(document: Json) -> Json:
    """The badge's issuer profile where `issuer.judge` looks for it."""
    badge = document.get("badge")
    profile = badge.get("issuer") if isinstance(badge, dict) else None
    return {"type": document.get("type"), "issuer": profile}


def _conclude(
    credential: UnverifiedCredential,
    document: Json,
    checks: tuple[CheckResult, ...],
    securing: tuple[str, ...],
    run: _Run,
    who: IssuerFinding | None = None,
    about: SubjectFinding | None = None,
    dates: validity.ValidityFinding | None = None,
) -> AssessedCredential:
    report = VerificationReport(
        credential.path,
        str(credential.format),
        credential.data_model,
        securing,
        verdict_of(checks),
        who or IssuerFinding(),
        about or SubjectFinding(),
        dates.valid_from if dates else None,
        dates.valid_until if dates else None,
        credential.sha256,
        checks,
    )
    decision: Decision = judge.decide(report, run.policy)
    assurance = judge.assurance_of(report, decision)
    return AssessedCredential(credential, document, report, decision, assurance, checked_at=run.now)
