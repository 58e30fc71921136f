"""Records secured by JOSE: what a token's header may say, and what its payload is.

Securing Verifiable Credentials using JOSE and COSE (`vc+jwt`, the payload is the credential), VCDM 1.1 section 6.3.1
(VC-JWT, the `vc` claim), Open Badges 3.0 "JSON Web Token Proof Format", RFC 8725 (best current practices).
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

from connector.errors import IntakeError
from connector.model.credential import CompactJws
from connector.model.frozen import frozen
from connector.verify import published_json
from connector.verify.dates import parse_numeric_date, write
from connector.verify.errors import CheckError
from connector.verify.keys import ALGORITHMS, UNSUPPORTED_ALGORITHMS, PublicKey

Json = dict[str, Any]

NAME: Final = "jwt"
SUPPORTED: Final = frozenset().union(*ALGORITHMS.values())
_CREDENTIAL_TYPES: Final = frozenset({"jwt", "vc+jwt", "vc+ld+jwt", "vc-ld+jwt"})
_PRESENTATION_TYPES: Final = frozenset({"jwt", "vp+jwt", "vp+ld+jwt", "vp-ld+jwt"})
_CONTENT_TYPES: Final = frozenset({"vc", "vp", "vc-ld", "vp-ld", "json"})
"""What VC-JOSE-COSE and its drafts name; besides them whatever is JSON. `JWT` would be a token inside of the token."""
_REFUSED_MEMBERS: Final = frozenset({"crit", "b64", "zip", "enc", "epk"})
REGISTERED_CLAIMS: Final = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
"""RFC 7519 section 4.1."""
_CREDENTIAL_MEMBERS: Final = frozenset({"@context", "type", "issuer", "credentialSubject"})
_TWICE_SAID: Final = (
    *sorted(_CREDENTIAL_MEMBERS),
    "id",
    "name",
    "description",
    "holder",
    "verifiableCredential",
    "validFrom",
    "validUntil",
    "issuanceDate",
    "expirationDate",
    "credentialStatus",
    "credentialSchema",
    "evidence",
    "termsOfUse",
    "refreshService",
    "relatedResource",
    "proof",
)
"""Members of a record that may stand beside `vc` or `vp` only as they stand in it: else two readers see two records."""


class PublishedAs(Enum):
    """Where the keys of an https issuer are: SD-JWT VC names its metadata alone, VC-JOSE-COSE its own document too."""

    METADATA = auto()
    EITHER = auto()


@frozen
class Token:
    """What a token says, before anything of it is believed.

    Attributes:
        document: the credential (or presentation) in it, completed by the claims that stand for its members.
        claims: the payload.
        securing: how `securing` reports it.
        published_as: of an SD-JWT, where an issuer at an https address publishes its keys.
    """

    document: Json
    claims: Json
    securing: str
    published_as: PublishedAs | None = None


def check_header(header: Json, *, presentation: bool = False) -> None:
    """Refuse what must not be in a token's header (THREATS section 4).

    Raises:
        CheckError: as `check_kind`.
    """
    check_kind(header, _PRESENTATION_TYPES if presentation else _CREDENTIAL_TYPES)


def check_kind(header: Json, kinds: frozenset[str]) -> None:
    """Refuse what must not be in the header of any token, and a `typ` that is none of `kinds`.

    Raises:
        CheckError: `crit`, `b64`, compression, encryption, nesting, another kind of token, or another algorithm.
    """
    if not _REFUSED_MEMBERS.isdisjoint(header):
        raise CheckError("jwt_header_refused", min(_REFUSED_MEMBERS & header.keys()))
    _check_type(header, kinds)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in SUPPORTED:
        if isinstance(algorithm, str) and algorithm in UNSUPPORTED_ALGORITHMS:
            raise CheckError("proof_unsupported", f"alg {algorithm}")
        raise CheckError("jwt_algorithm_refused", f"alg {str(algorithm)[:20]}")
    if "kid" in header and not (isinstance(header["kid"], str) and header["kid"]):
        raise CheckError("jwt_header_refused", "kid is not text")


def _check_type(header: Json, allowed: frozenset[str]) -> None:
    if "typ" in header:
        kind = header["typ"]
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in allowed:
            raise CheckError("jwt_type_refused", f"typ {str(kind)[:40]}")
    if "cty" in header:
        content = str(header["cty"]).lower().removeprefix("application/")
        if content not in _CONTENT_TYPES and not content.endswith("+json"):
            raise CheckError("jwt_type_refused", f"cty {content[:40]}")


def check_signature(jws: CompactJws, key: PublicKey) -> None:
    """Refuse a token that `key` did not sign; the key says with which algorithms it may be (RFC 8725 section 3.1).

    Raises:
        CheckError: another algorithm than the key's, or a signature that does not hold.
    """
    algorithm = jws.header.get("alg")
    if not isinstance(algorithm, str) or not key.allows(algorithm):
        raise CheckError("key_algorithm_mismatch", f"alg {str(algorithm)[:20]} for {key.only or key.kind}")
    if not key.verifies(jws.signature, jws.signing_input, algorithm):
        raise CheckError("proof_signature_wrong", "JWS")


def read(jws: CompactJws, *, presentation: bool = False) -> Token:
    """What the payload says, in intake's own parse where there is one: the verified object is the mapped one.

    Raises:
        CheckError: it is no JSON object, or holds two records.
    """
    claims = jws.claims if jws.claims is not None else _parse(jws.payload)
    member = "vp" if presentation else "vc"
    if member in claims:
        document = _from_claim(claims, member)
    elif not _CREDENTIAL_MEMBERS.isdisjoint(claims):
        document = claims
    else:
        raise CheckError("jwt_malformed", "the payload is not a record")
    return Token(document, claims, f"jwt-{jws.header.get('alg')}")


def _parse(payload: bytes) -> Json:
    try:
        claims = published_json.parse(payload)
    except IntakeError as error:
        raise CheckError("jwt_malformed", error.code) from None
    if not isinstance(claims, dict):
        raise CheckError("jwt_malformed", "the payload is not an object")
    return claims


def _from_claim(claims: Json, member: str) -> Json:
    inner = claims[member]
    if not isinstance(inner, dict):
        raise CheckError("jwt_malformed", f"{member} is not an object")
    for name in _TWICE_SAID:
        if name in claims and claims[name] != inner.get(name):
            raise CheckError("jwt_documents_differ", name)
    return completed(inner, claims) if member == "vc" else inner


def completed(inner: Json, claims: Json) -> Json:
    """A record inside a claim, with the members that registered claims stand for (VCDM 1.1 section 6.3.1).

    What the claim says itself is kept: a disagreement is found by the checks, not settled here.
    """
    document = dict(inner)
    for claim, name in (("iss", "issuer"), ("jti", "id")):
        if name not in document and isinstance(claims.get(claim), str) and ":" in claims[claim]:
            document[name] = claims[claim]  # a `jti` need not be a URL (RFC 7519 section 4.1.7); an `id` must be one
    for claim, names in (("nbf", ("issuanceDate", "validFrom")), ("exp", ("expirationDate", "validUntil"))):
        instant = parse_numeric_date(claims.get(claim))
        if instant is not None and not any(name in inner for name in names):
            document[names[_is_version_2(inner)]] = write(instant)
    subject = document.get("credentialSubject")
    if isinstance(subject, dict) and "id" not in subject and isinstance(claims.get("sub"), str):
        document["credentialSubject"] = {"id": claims["sub"], **subject}
    return document


def _is_version_2(document: Json) -> bool:
    contexts = document.get("@context")
    first = contexts[0] if isinstance(contexts, list) and contexts else contexts
    return first == "https://www.w3.org/ns/credentials/v2"
