"""Keys whose secret half is published: anybody can sign with them, so whoever lists them lists everybody.

Each is written as a Multikey (RSA: SHA-256 of the SubjectPublicKeyInfo) with the place where its secret was read on
2026-11-24. A key belongs here once, whatever DID or address names it. An employer adds keys of its own under
`published_keys` of the policy file.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from connector import codec
from connector.verify.keys import KeyKind, PublicKey

_DCC: Final = "digitalcredentials/vc-test-fixtures README.md (seeds)"
_FEDERATION: Final = "source of the DCC's OpenID Federation server; its test registry signs with this key (2026-11-28)"
_ED25519: Final = "W3C Data Integrity EdDSA Cryptosuites 1.0, test vectors"
_CHAIN: Final = "w3c/vc-di-eddsa TestVectors/proof-set-chain/multiKeyPairs.json"
_ECDSA: Final = "W3C Data Integrity ECDSA Cryptosuites 1.0, test vectors"
_BBS: Final = "w3c/vc-di-bbs TestVectors/BBSKeyMaterial.json"
_DID_KEY: Final = "W3C CCG did:key test vectors: seeds that count up from zero"
_WYCHEPROOF: Final = "C2SP/wycheproof testvectors_v1/json_web_signature_test.json (private keys)"
_NIST: Final = "w3c-ccg/did-method-key test-vectors/nist-curves.json"
_SECP256K1: Final = "w3c-ccg/did-method-key test-vectors/secp256k1.json"
_JOSE: Final = "w3c/vc-jose-cose-test-suite tests/input"
_JWS: Final = "decentralized-identity/JWS-Test-Suite data/keys"

PUBLISHED: Final[dict[str, str]] = {
    "z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q": f"{_DCC}; digitalcredentials/signing-service README.md",
    "z6MkjXe1vZvPRqFuc9nRBtZ3e1Y9XKDFSbjFAfzLfW2bD6cZ": _DCC,
    "z6Mki7DqKQswPsjqMVhP4W3n2ABFb5wBegZC5erEVg5qcgEw": _DCC,
    "z6MkjoriXdbyWD25YXTed114F8hdJrLXQ567xxPHAUKxpKkS": _DCC,
    "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi": "1EdTech/openbadges-specification, examples of proofs",
    "z6Mkp7AVwvWxnsNDuSSbf19sgKzrx223WY95AqZyAGifFVyV": "walt-id/waltid-identity, CLI test resources",
    "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2": _ED25519,
    "z6MktgKTsu1QhX6QPbyqG6geXdw6FQCZBPq7uQpieWbiQiG7": _CHAIN,
    "z6MkhWqdDBPojHA7cprTGTt5yHv5yUi1B8cnXn8ReLumkw6E": _CHAIN,
    "z6MkmEq87wkHCYnWnNZkigeDMGTN7oUw1upkhzd77KuXERS1": _CHAIN,
    "z6Mkm1S51iPHJvDEkJ9MRtxJmT8Pqo6wHipAFwBAjN83vntT": _CHAIN,
    "zUC7DerdEmfZ8f4pFajXgGwJoMkV1ofMTmEG5UoNvnWiPiLuGKNeqgRpLH2TV4Xe5mJ2cX"
    "V76gRN7LFQwapF1VFu6x2yrr5ci1mXqC1WNUrnHnLgvfZfMH7h6xP6qsf9EKRQrPQ": _BBS,
    "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP": _ECDSA,
    "z82LkuBieyGShVBhvtE2zoiD6Kma4tJGFtkAhxR5pfkp5QPw4LutoYWhvQCnGjdVn14kujQ": _ECDSA,
    "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp": _DID_KEY,
    "z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG": _DID_KEY,
    "z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf": _DID_KEY,
    "z6MkvqoYXQfDDJRv8L4wKzxYeuKyVZBfi9Qo6Ro8MiLH3kDQ": _DID_KEY,
    "z6MkwYMhwTvsq376YBAcJHy3vyRWzBgn5vKfVqqDCgm7XVKU": _DID_KEY,
    "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw": "RFC 8032 section 7.1, RFC 8037 appendix A",
    "z6Mkgyen15uoSDRo3Mp8TfnqAeHoVETwCELi9A6uYfZnWeEE": _JWS,
    "zDnaexxSscB6XtTNM63SmxAjaiksFdoi4PAACL8f7oxZgqUjG": _JWS,
    "z82Lkv8ruHsEh5TPmT9kFx92BzYZo5R7hvV8MvhzEbTKNqGubUTB6BrzVkKu4T4YMMr4Qaa": _JWS,
    "zDnaeefdL9P5zKmyNeFGHeTZ3GMfC4WJXHhuugbabcx7qecFf": _WYCHEPROOF,
    "zDnaeVE4D1QM7ocH96Y3F96B7umzpxsoQeSe9AdKYMdxLS5q4": _FEDERATION,
    "zQ3shf78xv4TM2vdyw4YznAnsctX4d1fvCYt8JoMZ2FKHzWwd": f"{_JWS} (key-1, with which four makers sign)",
    "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme": _SECP256K1,
    "zQ3shtxV1FrJfhqE1dvxYRcCknWNjHc3c5X1y3ZSoPDi2aur2": _SECP256K1,
    "zQ3shZc2QzApp2oymGvQbzP8eKheVshBHbU4ZYjeXqwSKEn6N": _SECP256K1,
    "zQ3shadCps5JLAHcZiuX5YUtWHHL8ysBJqFLWvjZDKAWUBGzy": _SECP256K1,
    "zQ3shptjE6JwdkeKN4fcpnYQY3m9Cet3NiHdAfpvSUZBFoKBj": _SECP256K1,
    "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv": _NIST,
    "zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169": _NIST,
    "z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9": _NIST,
    "z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54": _NIST,
    "z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1JedouoZN7SzcyREXXzWgt3gGiwpoHq7K68X4m32D8HgzG8wv3sY5j7": _NIST,
    "z2J9gcGdb2nEyMDmzQYv2QZQcM1vXktvy1Pw4MduSWxGabLZ9XESSWLQgbuPhwnXN7zP7HpTzWqrMTzaY5zWe6hpzJ2jnw4f": _NIST,
    "z6MkuPTKLmmzhEuxh5xrGNHfPf4me7xdC54HvPdzyueLo26e": _JOSE,
    "zDnaeutYWDDcuU1fEySDpMmtJ9X8xrfTFch3ZyueTBW7Yw1yg": _JOSE,
    "z82Lm3vtnH29D4pBquzMEvQqHjHRZN6LhQxj3BVntXHw7LktajTW9HcsQF4SL5ASG3SHWbm": _JOSE,
    "z82Lkx7boSqAirsUQukqSTiMvvjKv4bGv3USEZGjMmDWkQb6yqY74RJxYhQZJFb8gywBZUy": _JOSE,
    "z2J9gaZDs43YD6Twynir9LCLzPTDTduBUJa2PyjXjCSF1ZTquseeQpZKphC2QhaRSyNHhTKWS8BZQgzdyqaeXEdVqQdRNBnn": _JOSE,
    "z2J9gcGrkBXFpr3oMfPVTccEqAk3HdigvPpRvTj8NcsMUTFp433HF4a2efkCPNVzjJEXrGhe9cTtC1GT7enpmwYrGuDQNXiy": _JOSE,
}
PUBLISHED_RSA: Final[dict[str, str]] = {
    "feabd7bb32ade6a0bbf398c109cab299cfca79d714020f3b291967258d46eb11": "w3c-ccg/did-method-key test-vectors/rsa.json",
    "0b10899f448a199b8c7649761b3ec766766f4a81f2d82bb2a30e50d2b61fb810": _JWS,
    "62ab98e07566bb96b6ae8e6da086554a2c4aee02a1f00f1f8ffa551cc620df72": _WYCHEPROOF,
    "c963778ab59460a32e2e78aed3deddd8ab2358812381ad455c675f907444a6d6": _WYCHEPROOF,
    "f5876f9023d036efa06c326c15fa23c6578cff4e498b8d106ddef1a8450a20f0": _WYCHEPROOF,
    "d51d17338c3194ce5a3d9603b39b82e8a685a31c81d885bfecf170bf6037104d": _WYCHEPROOF,
    "627771f25da426d1f9ae315e42106d700b1529850eee1592acf39603959d795d": f"RFC 7520 section 3.4; {_WYCHEPROOF}",
}


def is_published(key: PublicKey) -> bool:
    """Whether anybody can sign with `key`."""
    if key.kind is KeyKind.RSA:
        return hashlib.sha256(key.spki).hexdigest() in PUBLISHED_RSA
    return key.multicodec in _published()


@lru_cache(maxsize=1)
def _published() -> frozenset[bytes]:
    """As bytes, not as keys: taking points apart would cost more than a verification."""
    return frozenset(codec.base58_decode(text[1:]) for text in PUBLISHED)
