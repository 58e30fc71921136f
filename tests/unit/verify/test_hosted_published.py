"""Published Open Badges 2.0 cases, read in place, each with the documents of its own world."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.errors import IntakeError
from connector.infra.world_file import RecordedWorld
from connector.intake import receive
from connector.model.report import Verdict
from connector.model.submission import Submission
from connector.testing import hosted_cases
from connector.verify.suites.badge_documents import BadgeFinding
from connector.verify.suites.hosted import confirm

EXPECTED: dict[str, tuple[Verdict, str]] = {
    # Dates are another check: the site confirms what has expired or lies ahead.
    "assertion-with-data-image": (Verdict.VERIFIED, "hosted_confirmed"),
    "assertion-with-multiple-extensions": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-expired-before-issued": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-expired": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-in-future": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-with-language": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion": (Verdict.VERIFIED, "hosted_confirmed"),
    "simple-badge": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-with-allowed-origins": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-with-allowed-origins-valid-multiple-starts-with": (Verdict.VERIFIED, "hosted_confirmed"),
    "basic-assertion-with-allowed-origins-invalid-multiple-starts-with": (
        Verdict.NONCONFORMANT,
        "hosted_outside_scope",
    ),
    "basic-assertion-invalid-context": (Verdict.NONCONFORMANT, "hosted_nonconformant"),
    "basic-assertion-invalid-type": (Verdict.NONCONFORMANT, "hosted_nonconformant"),
    # The issuer's profile is not published with it.
    "warning-issuer-non-http": (Verdict.UNRESOLVABLE, "hosted_incomplete"),
    # Nothing of its site is published.
    "2_0_assertion_embedded_badgeclass": (Verdict.UNRESOLVABLE, "hosted_unreachable"),
    "0_5_basic_instance": (Verdict.UNRESOLVABLE, "hosted_no_address"),
}


def _confirm(shared: Path, path: Path) -> BadgeFinding:
    vectors = shared / "vectors"
    (credential,) = receive(Submission(content=path.read_bytes()))
    world = hosted_cases.world(vectors, str(path.relative_to(vectors)))
    return confirm(credential, RecordedWorld(world, base=vectors))


@pytest.mark.shared
@pytest.mark.parametrize("name", EXPECTED)
def test_published_hosted_badges(shared: Path, name: str) -> None:
    vectors = shared / "vectors"
    paths = [p for folder in ("1edtech-ob20", "badgr-ob") for p in (vectors / folder).glob(f"{name}.*")]
    if not paths:
        pytest.skip(f"{name} is not among the files here")
    found = _confirm(shared, paths[0])
    assert (found.verdict or Verdict.VERIFIED, found.code) == EXPECTED[name], found.detail
    assert found.bound == (found.verdict is None)


@pytest.mark.shared
def test_every_published_hosted_badge_has_an_expectation_here(shared: Path) -> None:
    vectors = shared / "vectors"
    cases = json.loads((vectors / "vectors.json").read_text())
    without: list[str] = []
    for case in cases:
        if not case["format"].startswith(("ob1", "ob2")) or Path(case["file"]).stem in EXPECTED:
            continue
        try:
            receive(Submission(content=(vectors / case["file"]).read_bytes()))
        except IntakeError:
            continue  # no JSON, or no badge: nothing to ask about
        without.append(case["file"])
    assert [name.rsplit("/", 1)[-1] for name in without] == ["simple-not-revoked.jwt"]
