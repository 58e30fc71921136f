"""A record inside another one is walked once: the same statements come out as when it is walked by itself."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.choice import vocabulary
from connector.verify.jsonld.limits import DEFAULT, purse, shared_work
from connector.verify.jsonld.records import MAX_KEPT, Records
from connector.verify.jsonld.walk import Walker

V2 = "https://www.w3.org/ns/credentials/v2"
V1 = "https://www.w3.org/2018/credentials/v1"
OB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"

PROOF = {
    "type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "created": "2026-01-01T00:00:00Z",
    "verificationMethod": "did:web:lakeview.example#key-1", "proofPurpose": "assertionMethod", "proofValue": "z1",
}  # fmt: skip


def badge(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "@context": [V2, OB],
        "id": f"urn:uuid:0b6fb6cd-0000-4000-8000-{number:012}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "did:web:lakeview.example", "type": ["Profile"], "name": "Lakeview University"},
        "validFrom": "2025-05-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:web:maria.example",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"https://lakeview.example/a/{number}", "type": ["Achievement"], "name": f"Course {number}",
                "criteria": {"narrative": "Passed."},
                "alignment": [
                    {"type": ["Alignment"], "targetName": "Welding", "targetUrl": f"https://x.example/{number}"},
                    {"type": ["Alignment"], "targetName": "Welding", "targetUrl": "https://x.example/all"},
                ],
            },
            "result": [{"type": ["Result"], "value": "80"}],
        },
        "proof": {**PROOF, "created": f"2026-01-01T00:00:{number % 60:02}Z"},
        **changes,
    }  # fmt: skip


def clr(*badges: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "@context": [V2, CLR, OB],
        "id": "urn:uuid:0b6fb6cd-0000-4000-8000-00000000c1c1",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": {"id": "did:web:lakeview.example", "type": ["Profile"], "name": "Lakeview University"},
        "name": "Transcript",
        "validFrom": "2025-06-01T00:00:00Z",
        "credentialSubject": {
            "id": "did:web:maria.example", "type": ["ClrSubject"], "verifiableCredential": list(badges),
        },
        "proof": PROOF,
        **changes,
    }  # fmt: skip


def unsecured(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "proof"}


def nested(record: Any) -> Iterator[dict[str, Any]]:
    """The records in a document, each after the one around it."""
    if isinstance(record, dict):
        if "@context" in record:
            yield record
        for value in record.values():
            yield from nested(value)
    elif isinstance(record, list):
        for value in record:
            yield from nested(value)


def outcome(document: Any) -> tuple[str, ...] | str:
    try:
        return next(canonicalize([document]))
    except JsonLdError as error:
        return error.code


def spent(document: Any) -> int:
    shared = purse()
    assert shared is not None
    before = shared.left
    next(canonicalize([document]))
    return before - shared.left


def assert_the_same_by_itself(document: dict[str, Any]) -> None:
    records = [unsecured(record) for record in nested(document)]
    alone = [outcome(record) for record in records]
    with shared_work(10**9):
        assert [outcome(record) for record in records] == alone


def test_a_badge_in_a_clr_is_walked_once() -> None:
    document = clr(badge(1), badge(2))
    with shared_work():
        walked = spent(unsecured(document))
        for inner in document["credentialSubject"]["verifiableCredential"]:
            assert spent(unsecured(inner)) < walked / 8


def test_a_record_with_two_proofs_is_walked_once() -> None:
    document = badge(proof=[PROOF, {**PROOF, "created": "2026-01-02T00:00:00Z"}])
    with shared_work():
        walked = spent(unsecured(document))
        assert spent(unsecured(document)) < walked / 4


def test_a_badge_that_was_changed_is_walked_again() -> None:
    document = clr(badge(1))
    with shared_work():
        canonical = next(canonicalize([unsecured(document)]))
        inner = document["credentialSubject"]["verifiableCredential"][0]
        assert outcome({**unsecured(inner), "name": "Other"}) == outcome(unsecured(inner) | {"name": "Other"})
        assert outcome({**unsecured(inner), "name": "Other"}) != outcome(unsecured(inner))
        assert next(canonicalize([unsecured(document)])) == canonical


@pytest.mark.parametrize(
    "inner",
    [
        badge(),
        badge(proof=[PROOF, PROOF]),
        badge(**{"@context": [V1, OB]}, issuanceDate="2025-05-01T00:00:00Z"),
        badge(id=None),
        badge(extra="only the words of the CLR around would tell"),
        badge(type=["VerifiableCredential", "ClrCredential"]),
        badge(**{"@context": [V2, OB, EXAMPLES]}, degree="x"),
        badge(**{"@context": [V2, OB, {"micro": "https://lakeview.example/v#micro"}]}, micro="B2"),
        badge(**{"@context": V2}, type="VerifiableCredential", credentialSubject={"id": "urn:x"}),
        badge(endorsement=[badge(7, type=["VerifiableCredential", "EndorsementCredential"])]),
        badge(credentialSubject=[badge(3)["credentialSubject"], badge(3)["credentialSubject"]]),
    ],
)  # fmt: skip
def test_a_record_says_by_itself_what_it_says_when_nothing_is_around(inner: dict[str, Any]) -> None:
    inner = {name: value for name, value in inner.items() if value is not None}
    assert_the_same_by_itself(clr(inner, badge(2)))
    assert_the_same_by_itself(clr(badge(2), inner, **{"@context": [V2, CLR, OB, EXAMPLES]}, degree="x"))
    assert_the_same_by_itself(clr(badge(2), clr(inner, id="urn:uuid:0b6fb6cd-0000-4000-8000-00000000c1c2")))
    assert_the_same_by_itself(
        {"@context": V2, "type": "VerifiablePresentation", "verifiableCredential": [inner, clr(inner, badge(2))]}
    )


def test_a_term_that_only_the_contexts_around_define_is_no_term_of_the_badge_by_itself() -> None:
    """It is one in the CLR: what was signed there says nothing about what the badge's own proof covers."""
    inner = badge(type=["VerifiableCredential", "OpenBadgeCredential", "ClrCredential"])
    document = clr(inner)
    assert isinstance(outcome(unsecured(document)), tuple)
    with shared_work():
        assert isinstance(outcome(unsecured(document)), tuple)
        assert outcome(unsecured(inner)) == "undefined_term"


def test_an_inline_vocab_that_only_another_record_uses_is_still_unused_in_this_one() -> None:
    vocab = {"@context": [V2, OB, {"@vocab": "https://lakeview.example/v#"}]}
    assert_the_same_by_itself(clr(badge(1, **vocab, micro="B2"), badge(2, **vocab), badge(3)))


def test_statements_of_one_issuer_in_many_badges_come_out_once() -> None:
    document = clr(*(badge(number) for number in range(12)))
    with shared_work():
        canonical = outcome(unsecured(document))
    assert canonical == outcome(unsecured(document))
    assert canonical[0].count('<did:web:lakeview.example> <https://schema.org/name> "Lakeview University" .\n') == 1


def test_what_is_kept_is_bounded() -> None:
    """A record in a record in a record would otherwise be kept many times over."""
    records = Records()
    dataset = Walker(vocabulary(()), DEFAULT).walk(unsecured(badge()))
    for number in range(MAX_KEPT // dataset.size() + 10):
        records.keep({"n": number}, (), dataset)
    assert len(records._kept) == MAX_KEPT // dataset.size()


@pytest.mark.shared
def test_published_and_mutated_records_say_by_themselves_what_they_say_inside(shared: Path) -> None:
    chance = random.Random(20261128)
    names = ["M_rdfc.json", "L25_rdfc.json"]
    documents = [json.loads((shared / "bench" / "workloads" / name).read_bytes()) for name in names]
    for entry in json.loads((shared / "vectors" / "vectors.json").read_bytes()):
        raw = (shared / "vectors" / entry["file"]).read_bytes()
        if raw.startswith(b"{") and raw.count(b'"@context"') > 1:
            documents.append(json.loads(raw))
    assert len(documents) > 12
    for document in documents:
        assert_the_same_by_itself(document)
    found = set()
    for _ in range(150):
        document = copy.deepcopy(documents[0])
        record = chance.choice(list(nested(document)))
        record[chance.choice([*record, "name", "evidence"])] = chance.choice(
            ["x", "urn:x", None, [], ["VerifiableCredential", "ClrCredential"], {"id": "urn:x", "type": ["Profile"]}]
        )
        assert_the_same_by_itself(document)
        found.add(type(outcome(unsecured(document))))
    assert found == {str, tuple}
