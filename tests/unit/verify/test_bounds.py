"""What a record says is repeated in every claim and remembered between runs: each piece of it is bounded."""

from __future__ import annotations

import json

from connector import codec
from connector.answers import MAX_CLAIMS, answer
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.testing.signing import SigningKey, compact_json
from connector.verify import Policy, dates, keys
from connector.verify.checks.issuer import MAX_IDENTIFIER, MAX_NAME
from connector.verify.did import did_jwk
from connector.verify.errors import CheckError

from .conftest import EMAIL, MARIA, Scene, codes


def test_an_endless_issuer_name_is_cut(scene: Scene) -> None:
    token = scene.issuer.jwt_badge(email=EMAIL, edit=lambda d: d["issuer"].update(name="N" * 500_000))
    assert len(scene.assess(token).report.issuer.name or "") == MAX_NAME


def test_an_endless_issuer_identifier_is_none(scene: Scene) -> None:
    holder = Issuer("own", method="key")
    token = holder.jwt_badge(
        email=EMAIL, claims={"iss": None}, edit=lambda d: d["issuer"].update(id="urn:" + "x" * MAX_IDENTIFIER)
    )
    assessed = scene.assess(token)
    assert assessed.report.issuer.id is None
    assert "issuer_missing" in codes(assessed)


def test_an_answer_stays_in_proportion_to_what_came(scene: Scene) -> None:
    """1 MB of issuer name, repeated in 51 claims, once made an answer of 52 MB."""
    badge = scene.issuer.open_badge(
        email=EMAIL, tags=[f"skill {n}" for n in range(50)], edit=lambda d: d["issuer"].update(name="N" * 1_000_000)
    )
    world = World(MemoryDocuments(scene.issuer.documents))
    found = answer(Submission(content=json.dumps(badge).encode()), Policy(), world, applicant=MARIA, now=NOW)
    assert len(found["claims"]) == 51
    assert len(json.dumps(found)) < 200_000


def test_a_flood_of_statements_is_an_error(scene: Scene) -> None:
    badge = scene.issuer.jwt_badge(
        email=EMAIL,
        edit=lambda d: d["credentialSubject"].update(
            achievement=[{"id": f"urn:{n}", "name": f"{n}", "type": ["Achievement"]} for n in range(400)]
        ),
    )
    world = World(MemoryDocuments(scene.issuer.documents))
    content = json.dumps([badge] * (MAX_CLAIMS // 400 + 1)).encode()
    found = answer(Submission(content=content), Policy(), world, applicant=MARIA, now=NOW)
    assert (found["error"]["code"], found["claims"], found["decision"]) == ("too_many", [], "refused")


def test_what_is_no_date_is_not_remembered() -> None:
    before = dates._remembered.cache_info().currsize
    assert dates.parse_date_time("2025-05-01T00:00:00." + "1" * 1_000_000 + "Z") is None
    assert dates.parse_date_time("x" * 1_000_000) is None
    assert dates._remembered.cache_info().currsize == before


def test_a_did_jwk_padded_with_members_is_not_remembered() -> None:
    """8 kB of empty lists take 200 kB once they are parsed, a thousand times."""
    jwk = SigningKey("padded").public_jwk
    for padding, more in ((10, 1), (2_000, 0)):
        before = did_jwk._remembered.cache_info().currsize
        did = f"did:jwk:{codec.b64url_encode(compact_json({**jwk, 'pad': [[]] * padding}))}"
        assert did_jwk.resolve(did).id == did
        assert did_jwk._remembered.cache_info().currsize == before + more


def test_a_key_padded_with_members_of_other_kinds_is_not_remembered() -> None:
    jwk = {**SigningKey("padded").public_jwk, "n": "A" * 1_000_000}
    try:
        keys.from_jwk(jwk)
    except CheckError as error:
        assert error.code == "key_malformed"
    else:
        raise AssertionError("a key of a megabyte was taken")
