"""What a credential is made of is remembered, so that the next one like it is told at once; never of another kind."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from connector.intake import kinds
from connector.model.credential import CredentialFormat
from connector.testing.issuer import Issuer

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def heads(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    fresh: dict[Any, Any] = {}
    monkeypatch.setattr(kinds, "_heads", fresh)
    return fresh


def _badge() -> Json:
    return copy.deepcopy(Issuer("heads").unsigned_badge(email="maria@mail.example"))


def test_a_badge_is_told_by_one_that_was_seen(heads: dict[Any, Any]) -> None:
    assert kinds.known_head(_badge()) is None
    assert kinds.head(_badge()) == (CredentialFormat.OPEN_BADGE_3, "2.0")
    assert kinds.known_head(_badge() | {"id": "urn:uuid:another"}) == (CredentialFormat.OPEN_BADGE_3, "2.0")
    assert len(heads) == 1


OTHERS: dict[str, Callable[[Json], Any]] = {
    "another type": lambda d: d["type"].append("ClrCredential"),
    "a presentation": lambda d: d["type"].append("VerifiablePresentation"),
    "another context": lambda d: d["@context"].append("https://w3id.org/ler-rs/v4"),
    "an inline context": lambda d: d["@context"].append({"x": "https://x.example/x"}),
    "another kind of subject": lambda d: d["credentialSubject"].update(type=["LER-RS"]),
    "another kind of subject, in other words": lambda d: d["credentialSubject"].update({"@type": "LER-RS"}),
    "types and contexts in one list": lambda d: d.update({"type": [*d["type"], None, *d["@context"]], "@context": []}),
    "a kind of subject that is no text": lambda d: d["credentialSubject"].update(type={}),
    "a kind of subject that is nothing": lambda d: d["credentialSubject"].update(type=0),
    "a type as text": lambda d: d.update(type="VerifiableCredential"),
    "several subjects": lambda d: d.update(credentialSubject=[d["credentialSubject"]]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_made_of_something_else_is_looked_at_anew(name: str) -> None:
    kinds.head(_badge())
    other = _badge()
    OTHERS[name](other)
    assert kinds.known_head(other) is None
    assert kinds.head(other) == (kinds.credential_format(other), kinds.data_model_of(other))


def test_a_presentation_and_what_is_no_credential_are_not_remembered(heads: dict[Any, Any]) -> None:
    for types in (["VerifiablePresentation", "VerifiableCredential"], ["Assertion"], ["VerifiableCredential", 7]):
        kinds.head(_badge() | {"type": types})
    kinds.head(_badge() | {"type": ["VerifiableCredential", "K" * 5_000]})
    assert heads == {}


def test_only_so_many_are_remembered(heads: dict[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_MAX_HEADS", 3)
    for number in range(10):
        kinds.head(_badge() | {"type": ["VerifiableCredential", f"Kind{number}"]})
        assert 1 <= len(heads) <= 3
