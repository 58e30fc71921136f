"""SD-JWT: what stands behind a token, and the claims it discloses put back into their places (RFC 9901).

Section 7.1 step 3, with what it leaves to the caller: a disclosure fits in exactly one place or the whole is refused.
Nothing is verified here: whether the token's own signature holds, and which claims must not be hidden, is the
verifier's business. Intake needs the claims before that, to tell what the token holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from connector import codec
from connector.errors import IntakeError, SubmissionTooLarge
from connector.model.credential import CompactJws, Json, SdJwt

MAX_DISCLOSURES: Final = 1_000
"""An identity document has some thirty, a transcript a few hundred."""
MAX_DISCLOSURE_BYTES: Final = 400_000
"""A portrait is the largest thing that is disclosed; one claim of 300 kB takes as much in base64."""
MAX_BYTES: Final = 2_000_000
"""All disclosures together."""

SEPARATOR: Final = "~"
_DIGESTS, _ELEMENT, _ALGORITHM = "_sd", "...", "_sd_alg"
_RESERVED: Final = frozenset({_DIGESTS, _ELEMENT, _ALGORITHM})
_HASHES: Final = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_SOUND_HASHES: Final = frozenset({"sha3-256", "sha3-384", "sha3-512", "blake2b-256", "blake2b-512", "blake2s-256"})
"""Names of the IANA registry that are as good, but are not computed here."""
_ANY_ELEMENT: Final = "[]"

_Path = tuple[str, ...]


class _Fault(Exception):
    """The disclosures do not fit the token."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.pair = (code, detail[:200])


def open_up(token: str, payload: Json) -> tuple[Json, SdJwt]:
    """Put what an SD-JWT discloses into the payload of its token.

    Args:
        token: the whole SD-JWT, `~` and all.
        payload: the parsed payload of the token in front; it is not changed.

    Returns:
        The processed payload, without `_sd`, `_sd_alg` and `...`, and what else there was; the payload as it came
        when there is a `fault`.

    Raises:
        SubmissionTooLarge: more, or longer, disclosures than anybody issues.
    """
    presented, _, last = token.rpartition(SEPARATOR)
    presented += SEPARATOR
    disclosures = presented.split(SEPARATOR)[1:-1]
    if len(disclosures) > MAX_DISCLOSURES:
        raise SubmissionTooLarge(f"The token has more than {MAX_DISCLOSURES} disclosures.", code="too_many")
    if sum(map(len, disclosures)) > MAX_BYTES or max(map(len, disclosures), default=0) > MAX_DISCLOSURE_BYTES * 4 // 3:
        raise SubmissionTooLarge("The disclosures of the token are too large.")
    hash_name = "sha256"
    try:
        hash_name = _hash_name(payload)
        key_binding = _key_binding(last) if last else None
        work = _Work(hash_name, _by_digest(disclosures, hash_name))
        claims = work.processed({name: value for name, value in payload.items() if name != _ALGORITHM})
    except _Fault as fault:
        return payload, SdJwt(presented, hash_name, fault=fault.pair)
    return claims, SdJwt(presented, hash_name, tuple(work.disclosed), tuple(work.hiding), key_binding)


def record_in(claims: Json) -> tuple[str, Json]:
    """What the processed payload of an SD-JWT is, and the record in it.

    Returns:
        `presentation` or `credential` (VC-JOSE-COSE section 3.2: the payload itself), `linked_data` (OpenID4VP 1.0
        appendix B.3.7: the member `ld`), or `claims` (SD-JWT VC: no record, plain claims).
    """
    types = claims.get("type")
    if "VerifiablePresentation" in (types if isinstance(types, list) else [types]):
        return "presentation", claims
    if "@context" in claims:
        return "credential", claims
    linked = claims.get("ld")
    if isinstance(linked, dict):
        return "linked_data", linked
    return "claims", claims


def _hash_name(payload: Json) -> str:
    algorithm = payload.get(_ALGORITHM, "sha-256")
    if isinstance(algorithm, str) and algorithm in _HASHES:
        return _HASHES[algorithm]
    sound = isinstance(algorithm, str) and algorithm in _SOUND_HASHES
    raise _Fault("proof_unsupported" if sound else "disclosure_hash_refused", f"_sd_alg {str(algorithm)[:40]}")


def _key_binding(last: str) -> CompactJws:
    try:
        header, payload, signing_input, signature = codec.split_compact_jws(last)
        claims = codec.parse_json(payload)
    except IntakeError as error:
        raise _Fault("key_binding_malformed", error.code) from None
    if not isinstance(claims, dict):
        raise _Fault("key_binding_malformed", "no object")
    return CompactJws(last, header, payload, signing_input, signature, claims)


def _by_digest(disclosures: list[str], hash_name: str) -> dict[str, list[Any]]:
    """The disclosures by their digests (section 4.2.3)."""
    found: dict[str, list[Any]] = {}
    for text in disclosures:
        disclosure = _disclosure(text)
        digest = digest_of(text, hash_name)
        if digest in found:
            raise _Fault("disclosure_repeated", "one disclosure twice")
        found[digest] = disclosure
    return found


def digest_of(text: str, hash_name: str) -> str:
    """The digest of a disclosure, and of what a key binding is over: base64url of the hash of its letters."""
    return codec.b64url_encode(hashlib.new(hash_name, text.encode("utf-8")).digest())


def _disclosure(text: str) -> list[Any]:
    try:
        value = codec.parse_json(codec.b64url_decode(text, max_bytes=MAX_DISCLOSURE_BYTES))
    except IntakeError as error:
        raise _Fault("disclosure_malformed", error.code) from None
    if not isinstance(value, list) or len(value) not in (2, 3) or not isinstance(value[0], str):
        raise _Fault("disclosure_malformed", "not a salt, a name and a value, nor a salt and a value")
    return value


@dataclass(slots=True)
class _Work:
    """One pass over a payload."""

    hash_name: str
    waiting: dict[str, list[Any]]
    seen: set[str] = field(default_factory=set)
    disclosed: list[_Path] = field(default_factory=list)
    hiding: list[_Path] = field(default_factory=list)

    def processed(self, payload: Json) -> Json:
        result = self._object(payload, ())
        if self.waiting:
            raise _Fault("disclosure_unreferenced", f"{len(self.waiting)} belong nowhere")
        return result

    def _value(self, value: Any, path: _Path) -> Any:
        if len(path) > codec.MAX_JSON_DEPTH:
            raise _Fault("disclosure_malformed", "nested too deeply")
        if isinstance(value, dict):
            return self._object(value, path)
        return self._array(value, path) if isinstance(value, list) else value

    def _object(self, value: Json, path: _Path) -> Json:
        for name in _RESERVED - {_DIGESTS}:
            if name in value:
                raise _Fault("disclosure_name_reserved", f"{name} where it has no meaning")
        result = {name: self._value(item, (*path, name)) for name, item in value.items() if name != _DIGESTS}
        if _DIGESTS in value:
            self._put_members(value[_DIGESTS], result, path)
        return result

    def _put_members(self, digests: Any, result: Json, path: _Path) -> None:
        if not isinstance(digests, list):
            raise _Fault("disclosure_malformed", "_sd is no array")
        self.hiding.append(path)
        for digest in digests:
            disclosure = self._take(digest, 3)
            if disclosure is None:
                continue
            _, name, value = disclosure
            if not isinstance(name, str):
                raise _Fault("disclosure_malformed", "a name that is no text")
            if name in _RESERVED:
                raise _Fault("disclosure_name_reserved", name)
            if name in result:
                raise _Fault("disclosure_replaces", "/".join((*path, name)))
            self.disclosed.append((*path, name))
            result[name] = self._value(value, (*path, name))

    def _array(self, value: list[Any], path: _Path) -> list[Any]:
        result: list[Any] = []
        inner = (*path, _ANY_ELEMENT)
        for item in value:
            if not isinstance(item, dict) or _ELEMENT not in item:
                result.append(self._value(item, inner))
                continue
            if len(item) != 1:
                raise _Fault("disclosure_malformed", "something beside the digest of an array element")
            self.hiding.append(path)
            disclosure = self._take(item[_ELEMENT], 2)
            if disclosure is not None:
                self.disclosed.append(inner)
                result.append(self._value(disclosure[1], inner))
        return result

    def _take(self, digest: Any, length: int) -> list[Any] | None:
        """The disclosure of a digest, once; None for one that was not disclosed, or is a decoy."""
        if not isinstance(digest, str):
            raise _Fault("disclosure_malformed", "a digest that is no text")
        if digest in self.seen:
            raise _Fault("disclosure_repeated", "one digest twice")
        self.seen.add(digest)
        disclosure = self.waiting.pop(digest, None)
        if disclosure is not None and len(disclosure) != length:
            raise _Fault("disclosure_malformed", f"{len(disclosure)} parts where {length} belong")
        return disclosure
