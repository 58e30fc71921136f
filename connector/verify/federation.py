"""OpenID Federation 1.0: entity statements of a registry of issuers, believed only under keys that the policy pins.

Section 3 (Entity Statements), 8.1 (fetching subordinate statements), 9 (entity configuration). The anchor's own
configuration says where statements are fetched; a statement about an issuer is signed by the anchor itself. Chains
over intermediates are not followed, and a key that only the configuration names is not believed: pinned is pinned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from connector import codec
from connector.errors import IntakeError
from connector.verify import keys as key_reader
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.registries import Entry, RegistryProblem, entry_of, says_test

Json = dict[str, Any]
ACCEPT: Final = "application/entity-statement+jwt, application/json;q=0.5"
TYPE: Final = "entity-statement+jwt"
CONFIGURATION_PATH: Final = "/.well-known/openid-federation"
SKEW: Final = timedelta(minutes=2)
MAX_KEYS: Final = 50
_REFUSED: Final = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signature holds.

    Attributes:
        expires: until when it speaks; a copy is shown beyond that, with its age, when nothing newer can be had.
    """

    issuer: str
    subject: str
    issued: datetime
    expires: datetime
    claims: Json


def pinned_keys(jwks: tuple[Json, ...]) -> dict[PublicKey, str | None]:
    """The pinned keys with their `kid`, for `read_statement`."""
    return {key_reader.from_jwk(jwk): kid if isinstance(kid := jwk.get("kid"), str) else None for jwk in jwks}


def read_statement(
    token: str, pinned: Mapping[PublicKey, str | None], *, issuer: str, subject: str, now: datetime
) -> Statement:
    """Read an entity statement by `issuer` about `subject`.

    An end that has passed is no fault here: whoever fetches refuses it (`is_current`), whoever keeps a copy shows it.

    Raises:
        RegistryProblem: it is none, not signed by a pinned key, by or about somebody else, or from the future.
    """
    try:
        header, payload, signing_input, signature = codec.split_compact_jws(token.strip())
        claims = codec.parse_json(payload)
    except IntakeError as error:
        raise RegistryProblem(f"its answer is no signed statement ({error.code})") from None
    if not isinstance(claims, dict):
        raise RegistryProblem("its answer is no signed statement")
    _check_header(header)
    if not _is_signed(header, signature, signing_input, pinned):
        raise RegistryProblem("its answer is not signed by a key that the policy pins")
    if claims.get("iss") != issuer or claims.get("sub") != subject:
        raise RegistryProblem("its answer is by or about somebody else")
    if "crit" in claims:
        raise RegistryProblem("its answer asks for something that is not understood here (crit)")
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    if issued > now + SKEW:
        raise RegistryProblem("its answer says it was made in the future")
    return Statement(issuer, subject, issued, expires, claims)


def is_current(statement: Statement, now: datetime) -> bool:
    return now <= statement.expires + SKEW


def fetch_endpoint(configuration: Statement) -> str:
    """Where the anchor says that statements are fetched."""
    endpoint = _members(configuration, "federation_entity").get("federation_fetch_endpoint")
    if not isinstance(endpoint, str) or not endpoint.startswith("https://") or "#" in endpoint:
        raise RegistryProblem("its configuration names no place where statements are fetched")
    return endpoint


def fetch_url(endpoint: str, subject: str) -> str:
    """The address of the statement about `subject` (section 8.1.1); `:` and `/` may stand in a query as they are."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}sub={quote(subject, safe=':/')}"


def entry_from(statement: Statement, configuration: Statement) -> Entry:
    """What the registry says of the statement's subject; all is for tests in one that calls itself so."""
    entity = _members(statement, "federation_entity")
    institution = _members(statement, "institution_additional_information")
    name = next((n for n in (entity.get("organization_name"), institution.get("legal_name")) if isinstance(n, str)), "")
    entry = entry_of(statement.subject, name, entity.get("homepage_uri"), _subject_keys(statement.claims))
    own_name = _members(configuration, "federation_entity").get("organization_name")
    return replace(entry, is_test=True) if isinstance(own_name, str) and says_test(own_name) else entry


def _members(statement: Statement, kind: str) -> Json:
    metadata = statement.claims.get("metadata")
    members = metadata.get(kind) if isinstance(metadata, dict) else None
    return members if isinstance(members, dict) else {}


def _subject_keys(claims: Json) -> tuple[PublicKey, ...] | None:
    """The keys that the statement names for its subject; one of a kind not read here cannot be one that signed."""
    jwks = claims.get("jwks")
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list) or not listed:
        return None
    found = []
    for jwk in listed[:MAX_KEYS]:
        try:
            found.append(key_reader.from_jwk(jwk))
        except CheckError:
            continue
    return tuple(found)


def _check_header(header: Json) -> None:
    kind = header.get("typ")
    if kind != TYPE:
        raise RegistryProblem("its answer is a token of another kind (typ)")
    if not _REFUSED.isdisjoint(header):
        raise RegistryProblem(f"its answer asks for something not allowed here ({min(_REFUSED & header.keys())})")


def _is_signed(header: Json, signature: bytes, signing_input: bytes, pinned: Mapping[PublicKey, str | None]) -> bool:
    for key, kid in pinned.items():
        if kid is not None and header.get("kid") != kid:
            continue
        if key.allows(header.get("alg")) and key.verifies(signature, signing_input):
            return True
    return False


def _instant(claims: Json, name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise RegistryProblem(f"its answer has no date that can be read ({name})")
    return datetime.fromtimestamp(value, UTC)
