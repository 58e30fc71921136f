"""Records secured by SD-JWT: what the token's header may say, what must not be hidden, and what the record is.

RFC 9901 (SD-JWT), the SD-JWT VC specification (`dc+sd-jwt`, formerly `vc+sd-jwt`: claims about the subject, named by
`vct`), VC-JOSE-COSE section 3.2 (`vc+sd-jwt`, `vp+sd-jwt`: the payload is a record of the VC data model), OpenID4VP 1.0
appendix B.3.7 (a linked data record in `ld`). Type metadata behind `vct` is never fetched.
"""

from __future__ import annotations

from typing import Any, Final

from connector import disclosures
from connector.model.credential import CompactJws, SdJwt
from connector.verify.dates import parse_numeric_date, write
from connector.verify.errors import CheckError
from connector.verify.suites import jose
from connector.verify.suites.jose import PublishedAs, Token

Json = dict[str, Any]

NAME: Final = "sd-jwt"
KEY_BINDING_TYPES: Final = frozenset({"kb+jwt"})
_CLAIMS_TYPES: Final = frozenset({"dc+sd-jwt", "vc+sd-jwt"})
_RECORD_TYPES: Final = frozenset({"vc+sd-jwt", "vc+ld+sd-jwt", "vc-ld+sd-jwt", "dc+sd-jwt"})
_PRESENTATION_TYPES: Final = frozenset({"vp+sd-jwt", "vp+ld+sd-jwt", "vp-ld+sd-jwt"})

_OPEN_CLAIMS: Final = frozenset(
    {"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "vc", "vp", "aud", "nonce"}
)
"""Claims that decide how a token is checked: neither they nor a part of them may be hidden (SD-JWT VC section
"Registered JWT Claims", and what is refused in any case)."""
_OPEN_MEMBERS: Final = frozenset(
    {"@context", "type", "credentialStatus", "credentialSchema", "relatedResource", "validFrom", "validUntil", "proof"}
    | {"issuanceDate", "expirationDate"}
)
"""The same of a credential (VC-JOSE-COSE section 3.2.1: what is "necessary for the validation and verification")."""
_ALSO_DECIDING: Final = ("credentialStatus", "validFrom", "validUntil", "issuanceDate", "expirationDate")
_REGISTERED: Final = frozenset(
    {"iss", "sub", "aud", "nonce", "jti", "iat", "nbf", "exp", "cnf", "status", "vct", "vct#integrity"}
)


def check_header(header: Json, *, presentation: bool = False) -> None:
    """Refuse a header that asks for anything but a plain signature over an SD-JWT.

    Raises:
        CheckError: as `jose.check_kind`.
    """
    jose.check_kind(header, _PRESENTATION_TYPES if presentation else _RECORD_TYPES)


def read(jws: CompactJws, *, presentation: bool = False) -> Token:
    """The record that intake put together: the verified object is the mapped one.

    Raises:
        CheckError: the disclosures do not fit the token, they hide what must be seen, or it holds no record.
    """
    claims, sd_jwt = jws.claims, jws.sd_jwt
    if claims is None or sd_jwt is None:
        raise CheckError("jwt_malformed", "no SD-JWT")
    if sd_jwt.fault is not None:
        raise CheckError(*sd_jwt.fault)
    kind, record = disclosures.record_in(claims)
    if (kind == "presentation") is not presentation:
        raise CheckError("jwt_type_refused", f"{kind} in its place")
    if "vc" in claims or "vp" in claims:
        raise CheckError("proof_unsupported", "an SD-JWT with a claim vc or vp")
    _check_type(kind, claims, jws.header)
    _check_hiding(kind, claims, sd_jwt)
    document = _COMPLETED[kind](record, claims) if kind in _COMPLETED else record
    return Token(document, claims, f"{NAME}-{jws.header.get('alg')}", _PUBLISHED_AS.get(kind))


def _check_type(kind: str, claims: Json, header: Json) -> None:
    """What SD-JWT VC asks for: a `typ`, and in `vct` which type of record it is."""
    named = str(header.get("typ", "")).lower().removeprefix("application/")
    if kind in _COMPLETED and named not in _CLAIMS_TYPES:
        raise CheckError("jwt_type_refused", f"typ {named[:40]}")
    if (kind in _COMPLETED or named == "dc+sd-jwt") and not (isinstance(claims.get("vct"), str) and claims["vct"]):
        raise CheckError("jwt_type_refused", "vct is missing or no text")


_OPEN: Final[dict[str, frozenset[str]]] = {
    "credential": _OPEN_MEMBERS,
    "linked_data": _OPEN_MEMBERS,
    "claims": frozenset(_ALSO_DECIDING),
    "presentation": frozenset(),
}


_ISSUER: Final = frozenset({("issuer",), ("issuer", "id")})
_LINKED: Final = frozenset({("ld",)})


def _check_hiding(kind: str, claims: Json, sd_jwt: SdJwt) -> None:
    """Whether what decides about the record stands in the open, whole: else whoever presents it could leave it out."""
    members = _OPEN[kind]
    for path in (*sd_jwt.disclosed, *filter(None, sd_jwt.hiding)):
        inner = path[1:] if kind == "linked_data" and path[0] == "ld" else path
        if path[0] in _OPEN_CLAIMS or "@context" in path or (inner and inner[0] in members):
            raise CheckError("disclosure_hides", "/".join(path)[:100])
    whole = _ISSUER if kind == "credential" and "iss" not in claims else _LINKED
    if not whole.isdisjoint(sd_jwt.disclosed):
        raise CheckError("disclosure_hides", "the whole record, or who issued it")


def _of_linked_data(record: Json, claims: Json) -> Json:
    """A record in `ld`, with what registered claims stand for; `vct` is said to take the place of its type."""
    if "proof" in record:
        raise CheckError("proof_unsupported", "a proof inside of ld")
    beside: Json = {name: claims[name] for name in _ALSO_DECIDING if name in claims}
    for name in beside.keys() & record.keys():
        if beside[name] != record[name]:
            raise CheckError("jwt_documents_differ", name)
    return jose.completed({"type": ["VerifiableCredential"], **beside, **record}, claims)


def _of_claims(_: Json, claims: Json) -> Json:
    """Plain claims as a record: `vct` is its type, whatever is not registered is said of the subject.

    Status and dates in the words of the VC data model are not of SD-JWT VC; an issuer who writes them means them.
    """
    said = {name: value for name, value in claims.items() if name not in _REGISTERED and name not in _ALSO_DECIDING}
    subject = {**said, "id": claims["sub"]} if isinstance(claims.get("sub"), str) else said
    document: Json = {"type": [claims["vct"]], "credentialSubject": subject}
    document |= {name: claims[name] for name in _ALSO_DECIDING if name in claims}
    for claim, name in (("iss", "issuer"), ("jti", "id")):
        if isinstance(claims.get(claim), str):
            document[name] = claims[claim]
    begins = parse_numeric_date(claims["nbf"] if "nbf" in claims else claims.get("iat"))
    for instant, name in ((begins, "validFrom"), (parse_numeric_date(claims.get("exp")), "validUntil")):
        if instant is not None:
            document.setdefault(name, write(instant))
    return document


_COMPLETED: Final = {"linked_data": _of_linked_data, "claims": _of_claims}
_PUBLISHED_AS: Final = {
    "linked_data": PublishedAs.METADATA,
    "claims": PublishedAs.METADATA,
    "credential": PublishedAs.EITHER,
}
