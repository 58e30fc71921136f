"""Whatever is put into a record, a token, a key document or a status list: an answer, never an exception; and what
was changed after signing is never accepted. The mutations are drawn from a fixed seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from connector.model.report import Decision, Verdict
from connector.testing.issuer import Issuer, StatusEntry

from .conftest import EMAIL, Scene

Json = dict[str, Any]
ROUNDS = 250
URL = "https://lakeview.example/status/1"
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "did:key:z", "https://[", "%00", "\u202e", [], {}, [[]], [{}], {"id": []},
    {"id": {}}, {"type": {}}, {"@value": 1}, ["a", 1, None], {"@context": "x"}, "eyJ", {"@id": "_:b"},
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _places(child, (*path, key))


def _mutations(document: Json, seed: str) -> Iterator[Json]:
    draw = random.Random(seed)
    places = list(_places(document))
    for _ in range(ROUNDS):
        changed = copy.deepcopy(document)
        *way, last = draw.choice(places)
        node: Any = changed
        for step in way:
            node = node[step]
        if draw.random() < 0.2 and isinstance(node, dict):
            node.pop(last)
        else:
            node[last] = draw.choice(JUNK)
        yield changed


@pytest.mark.parametrize("proof", ["eddsa-rdfc-2022", "Ed25519Signature2018"])
def test_a_signed_badge_that_was_changed_is_never_accepted(scene: Scene, proof: str) -> None:
    scene.extra[URL] = scene.issuer.status_list(URL)
    badge = scene.issuer.open_badge(
        email=EMAIL, tags=["MIG welding"], status=StatusEntry(URL, 7), valid_until="2030-01-01T00:00:00Z", proof=proof
    )
    assert scene.assess(badge).decision is Decision.ACCEPTED
    for changed in _mutations(badge, proof):
        if changed == badge:
            continue
        for assessed in _answers(scene, changed):
            assert assessed.decision is not Decision.ACCEPTED, json.dumps(changed)


def test_a_token_that_says_anything_gets_an_answer(scene: Scene) -> None:
    """Signed by the issuer after the change: only the form is at stake."""
    badge = scene.issuer.unsigned_badge(email=EMAIL, subject_id="did:example:maria", status=StatusEntry(URL, 7))
    claims = {
        "iss": scene.issuer.id,
        "sub": "did:example:maria",
        "jti": badge["id"],
        "nbf": 1_746_057_600,
        "exp": 2**31,
    }
    scene.extra[URL] = scene.issuer.status_list(URL)
    for changed in _mutations({"vc": badge, **claims}, "vc-jwt"):
        _answers(scene, scene.issuer.jwt(changed))
    for changed in _mutations({**badge, **claims}, "vc+jwt"):
        _answers(scene, scene.issuer.jwt(changed, typ="vc+jwt"))


def test_a_header_that_says_anything_is_never_accepted_wrongly(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL)
    header = {"alg": "EdDSA", "kid": scene.issuer.key_id, "typ": "JWT", "jwk": scene.issuer.key.public_jwk}
    assert scene.assess(token).decision is Decision.ACCEPTED
    for changed in _mutations(header, "header"):
        _answers(scene, scene.issuer.jwt_badge(email=EMAIL, header=changed))


def test_a_key_document_that_says_anything_gets_an_answer(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL)
    forged = scene.issuer.open_badge(email=EMAIL, wrong_key=True)
    for changed in _mutations(scene.issuer.controller_document(), "document"):
        scene.extra[str(scene.issuer.document_url)] = changed
        _answers(scene, badge)
        assert scene.assess(forged).report.verdict is not Verdict.VERIFIED


def test_a_status_list_that_was_changed_never_clears(scene: Scene) -> None:
    badge = scene.issuer.open_badge(email=EMAIL, status=StatusEntry(URL, 7))
    revoking = scene.issuer.status_list(URL, {7})
    for changed in _mutations(revoking, "list"):
        scene.extra[URL] = changed
        for assessed in _answers(scene, badge):
            assert assessed.decision is not Decision.ACCEPTED


def test_a_presentation_that_says_anything_gets_an_answer() -> None:
    scene = Scene()
    holder = Issuer("holder", method="key")
    shown = holder.presentation([scene.issuer.open_badge(subject_id=holder.id)], challenge="c")
    shown["verifiableCredential"] = [scene.issuer.jwt_badge(subject_id=holder.id)]
    for changed in _mutations(shown, "presentation"):
        _answers(scene, changed)


def _answers(scene: Scene, document: Any) -> tuple[Any, ...]:
    from connector.errors import IntakeError

    try:
        return scene.assess_all(document)
    except IntakeError:
        return ()  # intake refused it, with a code of its own


# --- the same record, written so that a reader of the JSON sees less ---


def test_an_expiry_moved_to_another_object_with_the_records_id_is_refused(scene: Scene) -> None:
    """To RDF `evidence` below names the record again, so the expiry there is the record's; a JSON reader misses it."""

    def refer(document: Json) -> None:
        document["evidence"] = [{"id": document["id"], "type": ["Evidence"]}]

    def move(document: Json) -> None:
        document["evidence"][0]["type"].append("VerifiableCredential")
        document["evidence"][0]["validUntil"] = document.pop("validUntil")

    twin = scene.issuer.open_badge(email=EMAIL, expired=True, edit=refer)
    assert scene.assess(twin).report.verdict is Verdict.EXPIRED
    hidden = scene.issuer.open_badge(email=EMAIL, expired=True, edit=refer, edit_signed=move)
    assert scene.code(hidden) == "term_not_allowed"
    assert scene.assess(hidden).decision is Decision.REFUSED
