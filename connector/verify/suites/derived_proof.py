"""Reading the value of a derived `ecdsa-sd-2023` proof: strictly, and with bounds.

Data Integrity ECDSA Cryptosuites 1.0 section 3.5.8 (parseDerivedProofValue): `u`, a header of three bytes, and five
components in CBOR, without tags.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NoReturn

import cbor2

from connector import codec
from connector.errors import IntakeError
from connector.verify import keys
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind, PublicKey

MAX_SIGNATURES: Final = 1_000
"""One for each statement that is disclosed; each costs a tenth of a millisecond. A badge makes some 60 statements."""
MAX_BYTES: Final = 150_000
"""What 1,000 signatures and as many labels take, and some more."""
_BASE_HEADER: Final = b"\xd9\x5d\x00"
_DERIVED_HEADER: Final = b"\xd9\x5d\x01"
_BBS_BASE_HEADERS: Final = tuple(bytes((0xD9, 0x5D, feature)) for feature in (2, 4, 6, 8))
_P256_MULTICODEC: Final = b"\x80\x24"
_LIMITS: Final[dict[str, Any]] = {"max_depth": 3, "allow_indefinite": False, "allow_duplicate_keys": False}


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a tag")


_COMPUTING_TAGS: Final = dict.fromkeys((0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 258, 260, 261), _refuse_tag)
"""Tags that the reader would act on (it would compile a pattern, reduce a fraction); the others stay objects."""


@dataclass(frozen=True, slots=True)
class DerivedProof:
    """The components, each of its right form.

    Attributes:
        base_signature: the issuer's, over what is mandatory and over `own_key`.
        own_key: the multikey whose private half signed each statement once, and was then thrown away.
        signatures: of the statements that are not mandatory, in their order.
        labels: position N holds the label that the issuer gave to the blank node `_:c14nN`; all differ.
        mandatory: positions of the mandatory statements among those that are shown.
    """

    base_signature: bytes
    own_key: bytes
    signatures: tuple[bytes, ...]
    labels: tuple[str, ...]
    mandatory: frozenset[int]

    def public_key(self) -> PublicKey:
        """Raises:
        CheckError: it is no point of P-256.
        """
        return keys.from_raw(KeyKind.P256, self.own_key.removeprefix(_P256_MULTICODEC))


def is_base_proof(value: object, headers: tuple[bytes, ...] = _BBS_BASE_HEADERS) -> bool:
    """Whether a `proofValue` is one that an issuer makes for the holder alone (default: of `bbs-2023`)."""
    if not isinstance(value, str) or not value.startswith("u"):
        return False
    try:
        return codec.b64url_decode(value[1:5]).startswith(headers)
    except IntakeError:
        return False


def parse(value: object) -> DerivedProof:
    """Take a `proofValue` apart.

    Raises:
        CheckError: `proof_not_derived` for a base proof, `proof_malformed` for what is not exactly a derived one.
    """
    if is_base_proof(value, (_BASE_HEADER,)):
        raise CheckError("proof_not_derived", "ecdsa-sd-2023 base proof")
    if not isinstance(value, str) or not value.startswith("u"):
        _refuse("proofValue is not base64url")
    try:
        raw = codec.b64url_decode(value[1:], max_bytes=MAX_BYTES)
    except IntakeError as error:
        _refuse(f"proofValue: {error.code}")
    if not raw.startswith(_DERIVED_HEADER):
        _refuse("proofValue has another header")
    return _read(_decode(raw.removeprefix(_DERIVED_HEADER)))


def _decode(raw: bytes) -> list[Any]:
    """CBOR in its one shortest spelling: what is read must be written as it was."""
    try:
        components = cbor2.loads(raw, semantic_decoders=_COMPUTING_TAGS, **_LIMITS)
    except cbor2.CBORDecodeError:
        _refuse("proofValue is not CBOR")
    if not isinstance(components, list) or len(components) != 5:
        _refuse("proofValue does not have five components")
    return components if _is_of_the_form(components) and cbor2.dumps(components) == raw else _refuse("a component")


def _is_of_the_form(components: list[Any]) -> bool:
    signature, own_key, signatures, labels, mandatory = components
    return (
        _is_bytes(signature, 64)
        and _is_bytes(own_key, 35)
        and own_key.startswith(_P256_MULTICODEC)
        and type(signatures) is list
        and all(_is_bytes(item, 64) for item in signatures)
        and type(labels) is dict
        and all(type(name) is int and _is_bytes(label, 32) for name, label in labels.items())
        and type(mandatory) is list
        and all(type(index) is int for index in mandatory)
    )


def _is_bytes(value: object, length: int) -> bool:
    return type(value) is bytes and len(value) == length


def _read(components: list[Any]) -> DerivedProof:
    """The components as they are used; two nodes with one label could pass for each other."""
    signature, own_key, signatures, labels, mandatory = components
    if len(signatures) > MAX_SIGNATURES or len(labels) > MAX_SIGNATURES:
        raise CheckError("too_complex", "disclosed statements")
    if set(labels) != set(range(len(labels))) or len(set(labels.values())) != len(labels):
        _refuse("the label map")
    if mandatory != sorted(set(mandatory)) or (mandatory and mandatory[0] < 0):
        _refuse("the mandatory indexes")
    written = tuple("_:u" + codec.b64url_encode(labels[number]) for number in range(len(labels)))
    return DerivedProof(signature, own_key, tuple(signatures), written, frozenset(mandatory))


def _refuse(what: str) -> NoReturn:
    raise CheckError("proof_malformed", what)
