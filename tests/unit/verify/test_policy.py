"""The policy judges, and can only lower; its file names what is wrong with it."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from connector.errors import PolicyFileError
from connector.model.report import (
    STRONG_MATCHES,
    Assurance,
    CheckName,
    CheckResult,
    Decision,
    IssuerFinding,
    Outcome,
    SubjectFinding,
    SubjectMatch,
    Verdict,
    VerificationReport,
)
from connector.verify import Policy, assurance_of, decide, load_policy
from connector.verify.codes import result

from .conftest import EMAIL, Scene

FINE = tuple(result(code) for code in ("structure_ok", "proof_valid", "validity_current", "status_none", "holder_none"))


def _report(
    verdict: Verdict = Verdict.VERIFIED,
    *,
    match: SubjectMatch = SubjectMatch.EMAIL_HASH,
    bound: bool = True,
    recognised: bool = True,
    checks: tuple[CheckResult, ...] = FINE,
    securing: tuple[str, ...] = ("eddsa-rdfc-2022",),
) -> VerificationReport:
    return VerificationReport(
        path="$",
        format="open_badge_3",
        data_model="2.0",
        securing=securing,
        verdict=verdict,
        issuer=IssuerFinding(id="did:web:lakeview.example", bound=bound, recognised=recognised),
        subject=SubjectFinding(match=match),
        valid_from=None,
        valid_until=None,
        document_sha256="0" * 64,
        checks=checks,
    )


def test_exactly_one_combination_is_accepted() -> None:
    """Verified, bound, recognised, strongly matched: all of it, or a warning at best."""
    for verdict, match, bound, recognised in product(Verdict, SubjectMatch, (True, False), (True, False)):
        report = _report(verdict, match=match, bound=bound, recognised=recognised)
        wanted = verdict is Verdict.VERIFIED and bound and recognised and match in STRONG_MATCHES
        assert (decide(report, Policy()) is Decision.ACCEPTED) is wanted


@pytest.mark.parametrize("verdict", Verdict)
def test_what_each_verdict_can_become(verdict: Verdict) -> None:
    best = {
        Verdict.VERIFIED: Decision.ACCEPTED,
        Verdict.SUSPENDED: Decision.ACCEPTED_WITH_WARNING,
        Verdict.EXPIRED: Decision.ACCEPTED_WITH_WARNING,
        Verdict.STATUS_UNKNOWN: Decision.ACCEPTED_WITH_WARNING,
    }.get(verdict, Decision.REFUSED)
    assert decide(_report(verdict), Policy()) is best


@pytest.mark.parametrize("check", [CheckName.ISSUER, CheckName.SUBJECT, CheckName.HOLDER])
def test_a_failed_check_of_trust_or_applicant_refuses(check: CheckName) -> None:
    bad = CheckResult(check=check, outcome=Outcome.FAILED, code="x", summary="X.")
    for verdict in (Verdict.VERIFIED, Verdict.EXPIRED, Verdict.STATUS_UNKNOWN):
        assert decide(_report(verdict, checks=(*FINE, bad)), Policy()) is Decision.REFUSED


def test_a_report_without_the_answer_of_the_proof_check_is_never_accepted() -> None:
    assert decide(_report(checks=()), Policy()) is Decision.REFUSED


def test_a_report_is_not_a_truth_value() -> None:
    with pytest.raises(TypeError, match="not a verdict"):
        bool(_report())


def test_require_narrows_and_never_widens() -> None:
    narrow = Policy.model_validate({"require": {"subject": ["holder_proof"]}})
    assert decide(_report(), narrow) is Decision.ACCEPTED_WITH_WARNING
    assert decide(_report(match=SubjectMatch.HOLDER_PROOF), narrow) is Decision.ACCEPTED
    wide = Policy.model_validate({"require": {"subject": ["name_only", "none", "contradicted"]}})
    assert decide(_report(match=SubjectMatch.NAME_ONLY), wide) is Decision.ACCEPTED_WITH_WARNING


@pytest.mark.parametrize(
    ("report", "assurance"),
    [
        (_report(), Assurance.VERIFIED),
        (_report(match=SubjectMatch.NAME_ONLY), Assurance.GENUINE_NAME_MATCH),
        (_report(match=SubjectMatch.NAME_ONLY, recognised=False), Assurance.GENUINE_UNBOUND),
        (_report(match=SubjectMatch.OTHER_IDENTITY), Assurance.GENUINE_UNBOUND),
        (_report(match=SubjectMatch.NONE), Assurance.GENUINE_UNBOUND),
        (_report(recognised=False), Assurance.GENUINE_UNBOUND),
        (_report(bound=False, recognised=False), Assurance.STATED),
        (_report(Verdict.EXPIRED), Assurance.STATED),
        (_report(Verdict.STATUS_UNKNOWN), Assurance.STATED),
        (_report(Verdict.UNSIGNED), Assurance.STATED),
        (_report(securing=("hosted",)), Assurance.SOURCE_CONFIRMED),
        (_report(securing=("hosted",), match=SubjectMatch.NONE), Assurance.SOURCE_CONFIRMED),
        (_report(securing=("hosted",), recognised=False), Assurance.STATED),
        (_report(checks=(*FINE, result("status_list_other_issuer"))), Assurance.GENUINE_UNBOUND),
        (
            _report(match=SubjectMatch.NAME_ONLY, checks=(*FINE, result("status_list_other_issuer"))),
            Assurance.GENUINE_NAME_MATCH,
        ),
    ],
)
def test_how_well_it_is_founded(report: VerificationReport, assurance: Assurance) -> None:
    assert assurance_of(report, decide(report, Policy())) is assurance


def test_a_refused_record_is_only_stated() -> None:
    assert assurance_of(_report(), Decision.REFUSED) is Assurance.STATED


def test_identifiers_of_a_request_add_to_a_policy_and_lift_nothing(scene: Scene) -> None:
    scene.policy = Policy.model_validate({"denied_issuers": [scene.issuer.id]}).and_trusting([scene.issuer.id])
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).decision is Decision.REFUSED
    scene.policy = Policy().and_trusting([scene.issuer.id])
    assert scene.assess(scene.issuer.open_badge(email=EMAIL)).decision is Decision.ACCEPTED


# --- the file ---

WHOLE = """
trusted_issuers:
  - did:web:lakeview.example
  - id: did:web:hillside.example
    name: Hillside College
    types: [OpenBadgeCredential]
    from: 2024-01-01
    until: 2027-12-31T23:59:59Z
    replaced_by: did:web:hillside-new.example
denied_issuers: [did:web:evil.example]
platforms:
  - template: https://platform.example/public/issuers/{id}
    issuers: [abc, def]
registries:
  - file: registry.json
    recognise: [did:web:member.example]
  - url: https://registry.example/.well-known/openid-federation
    kind: openid_federation
    recognise: false
sensitive: {issuers: [did:web:reentry.example], types: [VeteranCredential]}
require: {subject: [email_hash, did]}
test_issuers: refuse
"""


def _write(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text)
    (folder / "registry.json").write_text(json.dumps({"registry": {"did:web:member.example": {"name": "Member U."}}}))
    return path


def test_a_whole_policy_is_read(tmp_path: Path) -> None:
    policy = load_policy(_write(tmp_path, WHOLE))
    assert policy.recognise("did:web:lakeview.example", (), None).by == "policy"
    assert policy.recognise("https://platform.example/public/issuers/abc", (), None).by == "platform"
    member = policy.recognise("did:web:member.example", (), None)
    assert (member.recognition, member.name, member.name_source) == ("recognised", "Member U.", "registry")
    assert policy.denies("did:web:evil.example")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "trusted_issuers: []\n", "trusted_issuers:\n"])
def test_an_empty_policy_recognises_nobody(tmp_path: Path, text: str) -> None:
    if text.endswith("issuers:\n"):
        with pytest.raises(PolicyFileError):
            load_policy(_write(tmp_path, text))
        return
    assert load_policy(_write(tmp_path, text)).recognise("did:web:lakeview.example", (), None).recognition == "unknown"


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("trusted_issuer: []\n", "1:1", "`trusted_issuers`"),
        ("trusted_issuers:\n  - id: a\n    nmae: x\n", "3:5", "`name`"),
        ("platforms:\n  - template: https://x.example/{id}\n    issuer: [a]\n", "3:5", "`issuers`"),
        ("platforms:\n  - template: https://x.example/{id}\n", "2:5", "`platforms[0].issuers` is missing"),
        ("require: {subjects: []}\n", "1:11", "`subject`"),
        ("test_issuers: maybe\n", "1:15", "test_issuers"),
        ("require: {subject: [sure]}\n", "1:21", "subject"),
        ("trusted_issuers:\n  - id: a\n    from: someday\n", "3:11", "from"),
        ("platforms:\n  - template: https://x.example/\n    issuers: [a]\n", "2:5", "placeholder"),
        ("registries:\n  - shows: true\n", "2:5", "url or file"),
        ("trusted_issuers: [\n", "2:1", ""),
        ("- a\n", "1:1", "not a policy"),
        ("a: 1\na: 2\n", "2:1", ""),
        ("registries:\n  - file: nowhere.json\n", "2:11", "read"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, where: str, says: str) -> None:
    path = _write(tmp_path, text)
    with pytest.raises(PolicyFileError) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"{path}:{where}: ")
    assert says in str(caught.value)


def test_a_policy_that_is_not_there_is_an_error_not_an_empty_policy(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError):
        load_policy(tmp_path / "nowhere.yaml")


def test_the_empty_policy_is_the_one_without_any_word() -> None:
    assert Policy.empty() == Policy()
    assert Policy.empty().model_dump() == Policy().model_dump()
