"""What minted LERs are made of: identities, achievements, dates, claims and proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import rfc8785

from connector import codec
from connector.testing.signing import Json, SigningKey, compact_json
from connector.verify.jsonld import canonicalize

VC1: Final = "https://www.w3.org/2018/credentials/v1"
VC2: Final = "https://www.w3.org/ns/credentials/v2"
OB3: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CLR2: Final = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"
ED2018: Final = "https://w3id.org/security/suites/ed25519-2018/v1"
JWS2020: Final = "https://w3id.org/security/suites/jws-2020/v1"
ED2020: Final = "https://w3id.org/security/suites/ed25519-2020/v1"
DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v2"
STATUS2021: Final = "https://w3id.org/vc/status-list/2021/v1"

VALID_FROM: Final = "2025-05-01T00:00:00Z"
EXPIRED_ON: Final = "2026-01-01T00:00:00Z"
FUTURE: Final = "2031-01-01T00:00:00Z"
SIGNED_ON: Final = "2025-05-01T00:00:00Z"
LIST_BITS: Final = 131_072


@dataclass(frozen=True, slots=True)
class StatusEntry:
    """Where a credential's status is to be looked up."""

    url: str
    index: int
    purpose: str = "revocation"
    type: str = "BitstringStatusListEntry"

    def as_json(self) -> Json:
        return {
            "id": f"{self.url}#{self.index}",
            "type": self.type,
            "statusPurpose": self.purpose,
            "statusListIndex": str(self.index),
            "statusListCredential": self.url,
        }


def email_hash(email: str, salt: str | None = None, algorithm: str = "sha256") -> str:
    """IdentityHash of Open Badges: algorithm, `$`, hex of the digest over identifier and salt."""
    return f"{algorithm}${hashlib.new(algorithm, (email + (salt or '')).encode()).hexdigest()}"


def email_identifier(email: str, *, salt: str | None = None, hashed: bool = True) -> Json:
    """An IdentityObject of Open Badges 3.0 for an e-mail address."""
    identity: Json = {
        "type": "IdentityObject",
        "hashed": hashed,
        "identityHash": email_hash(email, salt) if hashed else email,
        "identityType": "emailAddress",
    }
    if salt is not None:
        identity["salt"] = salt
    return identity


def achievement_of(
    domain: str,
    *,
    name: str = "Welder I",
    achievement_id: str | None = None,
    achievement_type: str = "Certificate",
    alignments: Sequence[Json] = (),
    tags: Sequence[str] = (),
    result_descriptions: Sequence[Json] = (),
    criteria: str = "Welds safely to the standard of the shop.",
) -> Json:
    """An achievement of Open Badges 3.0."""
    achievement: Json = {
        "id": achievement_id or f"https://{domain}/achievements/{name.lower().replace(' ', '-')}",
        "type": ["Achievement"],
        "achievementType": achievement_type,
        "name": name,
        "description": f"{name}, as taught here.",
        "criteria": {"narrative": criteria},
    }
    if alignments:
        achievement["alignment"] = [{"type": ["Alignment"], **alignment} for alignment in alignments]
    if tags:
        achievement["tag"] = list(tags)
    if result_descriptions:
        achievement["resultDescription"] = [{"type": ["ResultDescription"], **r} for r in result_descriptions]
    return achievement


def identify(
    subject: Json,
    *,
    subject_id: str | None = None,
    email: str | None = None,
    salt: str | None = None,
    hashed: bool = True,
    subject_name: str | None = None,
) -> Json:
    """`subject`, and who it is."""
    if subject_id:
        subject["id"] = subject_id
    if email:
        subject["identifier"] = [email_identifier(email, salt=salt, hashed=hashed)]
    if subject_name:
        subject["name"] = subject_name
    return subject


def uuid_of(*parts: object) -> str:
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def write_dates(
    document: Json, model: str, *, expired: bool = False, not_yet_valid: bool = False, valid_until: str | None = None
) -> None:
    start, end = ("validFrom", "validUntil") if model == "2.0" else ("issuanceDate", "expirationDate")
    if not_yet_valid:
        document[start] = FUTURE
    if expired or valid_until:
        document[end] = valid_until or EXPIRED_ON


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def registered_claims(document: Json) -> Json:
    """The claims that say the same as the credential (Open Badges 3.0, JSON Web Token Proof Format)."""
    issuer = document["issuer"]
    claims: Json = {
        "iss": issuer.get("id") if isinstance(issuer, dict) else issuer,
        "jti": document["id"],
        "nbf": instant(document.get("validFrom") or document["issuanceDate"]),
    }
    if "id" in document["credentialSubject"]:
        claims["sub"] = document["credentialSubject"]["id"]
    end = document.get("validUntil") or document.get("expirationDate")
    if end:
        claims["exp"] = instant(end)
    return claims


_SUITES: Final = ("eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019")


def add_context(document: Json, proof: str) -> None:
    """What the proof's terms are defined by; the JSON suites need it too, since readers of JSON-LD do."""
    wanted = {
        "Ed25519Signature2018": None if VC1 in document["@context"] else ED2018,
        "Ed25519Signature2020": ED2020,
        "JsonWebSignature2020": JWS2020,
    }
    wanted |= dict.fromkeys(_SUITES, None if VC2 in document["@context"] else DATA_INTEGRITY)
    context = wanted[proof]
    if context and context not in document["@context"]:
        document["@context"].append(context)


def make_proof(document: Json, name: str, method: str, key: SigningKey, purpose: str, extra: Json) -> Json:
    """One proof over `document`, which holds none yet, or the earlier ones of a chain (Data Integrity 1.0)."""
    proof: Json = {"type": "DataIntegrityProof", "cryptosuite": name} if name in _SUITES else {"type": name}
    if "-jcs-" in name:
        proof["@context"] = list(document["@context"])
    proof |= {"created": SIGNED_ON, "verificationMethod": method, "proofPurpose": purpose} | extra
    proof = {member: value for member, value in proof.items() if value is not None}
    by_jws = name in ("Ed25519Signature2018", "JsonWebSignature2020")
    data = _to_be_signed(document, proof, name, "sha384" if key.alg == "ES384" and not by_jws else "sha256")
    if by_jws:
        header = codec.b64url_encode(compact_json({"alg": key.alg, "b64": False, "crit": ["b64"]}))
        signature = key.sign(header.encode() + b"." + data)
        return proof | {"jws": f"{header}..{codec.b64url_encode(signature)}"}
    return proof | {"proofValue": "z" + codec.base58_encode(key.sign(data))}


def _to_be_signed(document: Json, proof: Json, name: str, hash_name: str) -> bytes:
    if "-jcs-" in name:
        content, options = rfc8785.dumps(document), rfc8785.dumps(proof)
    else:
        pair = [document, {**proof, "@context": document["@context"]}]
        written = next(iter(canonicalize(pair, hash_algorithm=hash_name)))
        content, options = written[0].encode(), written[1].encode()
    return hashlib.new(hash_name, options).digest() + hashlib.new(hash_name, content).digest()
