"""What must not be kept is refused before it is: too much, and private keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.codec import b64url_encode
from connector.errors import SubmissionTooLarge, UnsafeSubmission
from connector.intake import limits, screen
from connector.testing import bake

CREDENTIAL = {"type": ["VerifiableCredential"], "credentialSubject": {"name": "Ada"}, "issuer": "did:key:z"}
KEY = {
    "type": "Ed25519VerificationKey2020",
    "id": "did:key:z#z",
    "publicKeyMultibase": "z6Mk",
    "privateKeyMultibase": "zrv1",
}
BACKUP = [{"type": "UniversalWallet2020", "status": "UNLOCKED", "contents": [CREDENTIAL, KEY]}]


def dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


def token(value: Any) -> bytes:
    return ".".join(b64url_encode(dumps(part)) for part in ({"alg": "none"}, value, "x")).encode()


@pytest.mark.parametrize(
    "content",
    [
        dumps(BACKUP),
        json.dumps(BACKUP, indent=2).encode(),
        b"\xef\xbb\xbf" + dumps(BACKUP),
        dumps(BACKUP)[:-1],
        dumps(BACKUP).replace(b"privateKeyMultibase", b"privateKey\\u004dultibase"),
        json.dumps(BACKUP).encode("utf-16"),
        b"my wallet:\n" + dumps(BACKUP),
        dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a", "d": "b"}]}),
        dumps({"kty": "oct", "k": "secret", "d": "x"}),
        dumps({"privateKeyJwk": {"kty": "EC"}}),
        dumps({"privateKeyBase58": "x"}),
        dumps({"private_key_hex": "00"}),
        dumps({"secretKey": "x"}),
        dumps({"secretKeyMultibase": "z"}),
        dumps({"seed": "00112233445566778899aabbccddeeff"}),
        dumps({"mnemonic": "abandon " * 12}),
        b"-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----",
        b"-----BEGIN EC PRIVATE KEY-----\nMC4CAQAw\n-----END EC PRIVATE KEY-----",
        token({"vc": {**CREDENTIAL, "key": KEY}}),
        b'"' + token({"vc": {**CREDENTIAL, "key": KEY}}) + b'"',
        bake.bake_png(json.dumps({**CREDENTIAL, "key": KEY}), compressed=True),
        bake.bake_svg(json.dumps({**CREDENTIAL, "key": KEY})),
    ],
)
def test_a_private_key_is_refused_whatever_it_is_wrapped_in(content: bytes) -> None:
    with pytest.raises(UnsafeSubmission) as caught:
        screen(content)
    assert caught.value.code == "wallet_backup"
    assert "zrv1" not in caught.value.message + caught.value.detail


@pytest.mark.parametrize(
    "content",
    [
        dumps(CREDENTIAL),
        dumps({**CREDENTIAL, "credentialSubject": {"seed": "7", "name": "Seed saver", "d": "x"}}),
        dumps({**CREDENTIAL, "credentialSubject": {"achievement": {"name": "Private Key Management 101"}}}),
        dumps({"kty": "OKP", "crv": "Ed25519", "x": "a"}),
        dumps({"privateKeyMultibase": ""}),
        token({"vc": CREDENTIAL}),
        bake.bake_png(json.dumps(CREDENTIAL)),
        b"https://badges.lakeview.example/1",
        b"",
        b"{",
        b"\x00\x01\x02",
        b"%PDF-1.7",
    ],
)
def test_everything_else_passes_whether_it_can_be_read_or_not(content: bytes) -> None:
    screen(content)


def test_too_much_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(SubmissionTooLarge) as caught:
        screen(b"{" * (limits.MAX_UPLOAD_BYTES + 1))
    assert caught.value.code == "too_large"
