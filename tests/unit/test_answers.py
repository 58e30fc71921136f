"""The answer of CONTRACT section 2: every promised member, for good input and for bad."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from connector import registry
from connector.answers import answer, examine
from connector.mapping import PlanContext, load_mapping, make_plan, shipped_mapping
from connector.model.applicant import Applicant
from connector.model.changes import ChangeSet
from connector.model.claims import Claim
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.verify import Policy

EMAIL = "maria@mail.example"


def planned(claims: Sequence[Claim]) -> ChangeSet:
    """A plan needs no account: a kind of ATS and its mapping are enough."""
    plugin = registry.plugin("greenhouse")
    rules = load_mapping(shipped_mapping(plugin.default_mapping))
    return make_plan(claims, rules, plugin.capabilities, PlanContext(ats="greenhouse", shared_on=NOW.date()))


def answered(content: bytes, issuer: Issuer | None = None) -> dict[str, Any]:
    issuer = issuer or Issuer("lakeview", method="web")
    return answer(
        Submission(content=content),
        Policy.trusting([issuer.id]),
        World(MemoryDocuments(issuer.documents)),
        applicant=Applicant(name="Maria Okafor", emails=(EMAIL,)),
        now=NOW,
        request_id="c1",
        planner=planned,
    )


def test_an_answer_has_every_promised_member() -> None:
    issuer = Issuer("lakeview", method="web")
    found = answered(json.dumps(issuer.open_badge(name="Welder I", email=EMAIL, tags=["MIG welding"])).encode(), issuer)
    promised = ["id", "ms", "decision", "verdict", "credentials", "claims", "plan", "requests", "error"]
    assert list(found) == promised
    assert (found["id"], found["decision"], found["verdict"], found["error"]) == ("c1", "accepted", "verified", None)
    [credential] = found["credentials"]
    assert set(credential["issuer"]) == {"id", "name", "name_source", "bound", "recognised", "recognised_by"}
    assert {c["check"] for c in credential["checks"]} >= {"proof", "issuer", "subject"}
    assert all({"kind", "name", "source", "achievement", "level", "trusted"} <= set(c) for c in found["claims"])
    assert {c["op"] for c in found["plan"]["changes"]} >= {"set_field"}
    assert list(found["plan"]["changes"][0]) == ["op", "target", "value", "trust", "assurance", "rule", "claims"]
    assert found["requests"]
    json.dumps(found)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b'{"hello": "world"}', "no_credential"),
        (b"%PDF-1.7", "unsupported"),
    ],
)
def test_bad_input_is_an_answer(content: bytes, verdict: str) -> None:
    found = answered(content)
    assert (found["decision"], found["verdict"], found["credentials"], found["plan"]) == ("refused", verdict, [], None)
    assert found["error"]["code"]
    assert found["error"]["message"].endswith(".")


@pytest.mark.parametrize(("denied", "waits"), [(False, True), (True, False)])
def test_what_an_outage_hides_is_waited_for_unless_its_issuer_is_refused(denied: bool, waits: bool) -> None:
    issuer = Issuer("lakeview", method="web")
    found = examine(
        Submission(content=json.dumps(issuer.open_badge(email=EMAIL)).encode()),
        Policy(denied_issuers=(issuer.id,) if denied else ()),
        World(MemoryDocuments({str(issuer.document_url): 503})),
        applicant=Applicant(emails=(EMAIL,)),
        now=NOW,
    )
    assert (found.verdict, found.passing) == ("unresolvable", waits)
