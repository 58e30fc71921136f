"""A good badge, and what becomes of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from connector.verify.jsonld import CODES, JsonLdError, canonicalize

CRED = "https://www.w3.org/2018/credentials#"
OB = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
V2 = "https://www.w3.org/ns/credentials/v2"
OB303 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
UNDEFINED_V2 = "https://www.w3.org/ns/credentials/undefined-terms/v2"

BADGE: dict[str, Any] = {
    "@context": [V2, OB303],
    "id": "urn:uuid:0b6fb6cd-0000-4000-8000-000000000001",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:web:lakeview.example", "type": ["Profile"], "name": "Lakeview University"},
    "validFrom": "2025-05-01T00:00:00Z",
    "validUntil": "2035-05-01T00:00:00Z",
    "credentialSubject": {
        "id": "did:web:maria.example",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://lakeview.example/a/1",
            "type": ["Achievement"],
            "name": "Welder I",
            "criteria": {"narrative": "Passed the practical test."},
            "tag": ["welding", "MIG"],
        },
    },
}


def badge(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BADGE), **changes}


def canonical(document: Any) -> str:
    return next(canonicalize([document]))[0]


def refusal(document: Any) -> JsonLdError:
    with pytest.raises(JsonLdError) as caught:
        list(canonicalize([document]))
    assert caught.value.code in CODES
    return caught.value


def scored(value: Any) -> dict[str, Any]:
    return {"@context": [V2, UNDEFINED_V2], "type": "VerifiableCredential", "score": value}
