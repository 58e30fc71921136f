"""Change one character of what was signed: it is not verified any more, or it says exactly the same.

A thousand changes of every kind of record are tried, chosen by a fixed seed (`LER_TEST_SEED`); `LER_TEST_ROUNDS` tries
as many thousands. White space, the spelling of an escape and the order of members are no part of
what a record says; whatever else changes what is mapped must cost the verdict.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from connector.errors import ConnectorError
from connector.intake import receive
from connector.model.applicant import Applicant
from connector.model.report import Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.bbs_signing import BbsKey
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.testing.sd_jwt import SdJwtMint
from connector.testing.selective import BbsRecord, SelectiveRecord
from connector.testing.signed_badges import SignedBadges
from connector.verify import Policy, assess_all, suites

EMAIL: Final = "maria@mail.example"
ROUNDS: Final = int(os.environ.get("LER_TEST_ROUNDS", "1"))
FEW: Final = 1_000
SEED: Final = int(os.environ.get("LER_TEST_SEED", "20261123"))
_CHARACTERS: Final = "aAzZ09-_.:/@#$\"'\\,{}[] \n\u0000\u00e9\u0301\u200b=~+"


@dataclass(frozen=True)
class Record:
    """Something genuine, and the documents that show it."""

    text: str
    documents: dict[str, Any]
    parts: tuple[str, ...] = ()
    """What its holder may hand in as well: fewer disclosures, without which it says less and is as genuine."""


def _said(record: Record, text: str) -> list[tuple[str, Any]] | None:
    """What is verified of `text`: path and document of each credential; None when something in it is not."""
    try:
        received = receive(Submission(content=text.encode()))
    except ConnectorError:
        return None
    world = World(MemoryDocuments(record.documents))
    applicant = Applicant(name="Maria Okafor", emails=(EMAIL,))
    found = assess_all(received, Policy(), world, applicant=applicant, now=NOW)
    if any(one.report.verdict is not Verdict.VERIFIED for one in found):
        return None
    return [(one.report.path, one.document) for one in found]


# --- one line for each kind of record ----------------------------------------------------------------------------


def _badge(proof: str, alg: str = "EdDSA", **options: Any) -> Record:
    issuer = Issuer(f"one character {alg.lower()}", method="web", alg=alg)
    options = {"email": EMAIL, "proof": proof, "tags": ["MIG welding"]} | options
    return Record(json.dumps(issuer.open_badge(**options), ensure_ascii=False), issuer.documents)


def _clr() -> Record:
    issuer = Issuer("one character", method="web")
    badges = [issuer.open_badge(name="Welder I", email=EMAIL), issuer.open_badge(name="Welder II", email=EMAIL)]
    return Record(json.dumps(issuer.clr(badges=badges, email=EMAIL)), issuer.documents)


def _token(profile: str, alg: str = "EdDSA") -> Record:
    issuer = Issuer(f"one character {alg.lower()}", method="web", alg=alg)
    return Record(issuer.jwt_badge(profile=profile, email=EMAIL), issuer.documents)


def _selective() -> Record:
    issuer = Issuer("one character selective", method="web", alg="ES256")
    record = SelectiveRecord(issuer.unsigned_badge(email=EMAIL), issuer.key, issuer.key_id)
    subject = "/credentialSubject"
    shown = record.show([f"{subject}/identifier", f"{subject}/achievement"])
    return Record(json.dumps(shown), issuer.documents)


def _bbs() -> Record:
    key = BbsKey("one character")
    issuer = Issuer("one character", method="key")
    issuer.id = f"did:key:{key.multikey}"
    record = BbsRecord(issuer.unsigned_badge(email=EMAIL), key, f"{issuer.id}#{key.multikey}")
    return Record(json.dumps(record.show(["/credentialSubject/identifier", "/credentialSubject/achievement/name"])), {})


def _sd_jwt() -> Record:
    issuer = Issuer("one character", method="web")
    minted = SdJwtMint(issuer).badge(hide=["credentialSubject.identifier", "name"], email=EMAIL)
    parts = tuple(minted.text(only=paths) for paths in ([], *([path] for path in minted.disclosures)))
    return Record(minted.text(), issuer.documents, parts)


def _status() -> Record:
    """The entry is in the record; the list it names says "not revoked"."""
    issuer = Issuer("one character", method="web")
    badge = issuer.open_badge(email=EMAIL, status=issuer.status_entry())
    return Record(json.dumps(badge), issuer.documents)


def _open_badge_2() -> Record:
    badges = SignedBadges()
    return Record(badges.issue(email=EMAIL), badges.documents)


RECORDS: Final[dict[str, Callable[[], Record]]] = {
    "eddsa-rdfc-2022": lambda: _badge("eddsa-rdfc-2022"),
    "eddsa-jcs-2022": lambda: _badge("eddsa-jcs-2022"),
    "ecdsa-rdfc-2019": lambda: _badge("ecdsa-rdfc-2019", "ES256"),
    "ecdsa-jcs-2019": lambda: _badge("ecdsa-jcs-2019", "ES384"),
    "ecdsa-sd-2023": _selective,
    "bbs-2023": _bbs,
    "Ed25519Signature2020": lambda: _badge("Ed25519Signature2020", model="1.1"),
    "Ed25519Signature2018": lambda: _badge("Ed25519Signature2018", model="1.1"),
    "JsonWebSignature2020": lambda: _badge("JsonWebSignature2020", "ES256", model="1.1"),
    "a transcript": _clr,
    "a badge with a status": _status,
    "vc+jwt": lambda: _token("vc+jwt"),
    "vc-jwt": lambda: _token("vc-jwt", "ES256"),
    "SD-JWT": _sd_jwt,
    "a signed Open Badge 2.0": _open_badge_2,
}


def test_every_suite_has_its_line() -> None:
    known = {*suites._BY_CRYPTOSUITE, *suites._BY_TYPE}
    assert known <= RECORDS.keys()


def _changes(text: str) -> Iterator[str]:
    """Another character, none, one more, or a letter in its other case: at each place in turn, in a random order."""
    chance = random.Random(f"{SEED} {len(text)}")
    places: list[int] = []
    for _ in range(FEW * ROUNDS):
        places = places or chance.sample(range(len(text)), len(text))
        place = places.pop()
        before, old, after = text[:place], text[place], text[place + 1 :]
        other = chance.choice(_CHARACTERS.replace(old, ""))
        changed = [before + other + after, before + after, before + other + old + after]
        yield chance.choice([*changed, before + old.swapcase() + after] if old.isalpha() else changed)


@pytest.mark.parametrize("kind", RECORDS)
def test_one_changed_character_is_never_verified_with_another_meaning(kind: str) -> None:
    record = RECORDS[kind]()
    genuine = _said(record, record.text)
    assert genuine, "the twin that nobody changed is verified"
    honest = [None, genuine, *(_said(record, part) for part in record.parts)]
    for text in _changes(record.text):
        said = _said(record, text)
        place = next((n for n, (a, b) in enumerate(zip(text, record.text, strict=False)) if a != b), len(text))
        assert said in honest, text[max(0, place - 40) : place + 20]
