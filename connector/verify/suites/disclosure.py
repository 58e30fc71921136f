"""What the suites of selective disclosure share: the value of a derived proof, and the statements that are shown.

Data Integrity ECDSA Cryptosuites 1.0 sections 3.4 and 3.5, BBS Cryptosuites 1.0 section 3. A record is a list of
statements under labels of the issuer's for its blank nodes; the holder shows some. What is verified and read is what
is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import cbor2

from connector import codec
from connector.errors import IntakeError
from connector.verify.errors import CheckError

MAX_BYTES: Final = 150_000
"""What the signatures and labels of 1,000 statements take, and some more. A badge makes some 60 statements."""
_LIMITS: Final[dict[str, Any]] = {"max_depth": 3, "allow_indefinite": False, "allow_duplicate_keys": False}
_STATEMENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"[^ ]*|[^ ]+')
"""Subject, predicate, object, graph and full stop of a canonical statement; only a literal holds spaces."""


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("a tag")


_COMPUTING_TAGS: Final = dict.fromkeys((0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 258, 260, 261), _refuse_tag)
"""Tags that the reader would act on (it would compile a pattern, reduce a fraction); the others stay objects."""


def refuse(what: str) -> NoReturn:
    raise CheckError("proof_malformed", what)


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


# --- the value of a proof --------------------------------------------------------------------------------------------


def components(value: object, kinds: Mapping[bytes, str | None]) -> list[Any]:
    """The five components of a `proofValue`: `u`, a header of three bytes, CBOR without tags in its shortest spelling.

    Args:
        kinds: header -> the code of the error that such a value is, None for the one that is read.

    Raises:
        CheckError: the code of the header, `proof_malformed` for what is not exactly such a value.
    """
    if not isinstance(value, str) or not value.startswith("u"):
        refuse("proofValue is not base64url")
    try:
        raw = codec.b64url_decode(value[1:], max_bytes=MAX_BYTES)
    except IntakeError as error:
        refuse(f"proofValue: {error.code}")
    header = raw[:3]
    if header not in kinds:
        refuse("proofValue has another header")
    code = kinds[header]
    if code is not None:
        raise CheckError(code, f"header {header.hex()}")
    return _decode(raw[3:])


def _decode(raw: bytes) -> list[Any]:
    """What is read must be written as it was: no other spelling, and nothing behind it."""
    try:
        found = cbor2.loads(raw, semantic_decoders=_COMPUTING_TAGS, **_LIMITS)
    except cbor2.CBORDecodeError:
        refuse("proofValue is not CBOR")
    if not isinstance(found, list) or len(found) != 5 or cbor2.dumps(found) != raw:
        refuse("proofValue does not have five components")
    return found


def is_bytes(value: object, length: int) -> bool:
    return type(value) is bytes and len(value) == length


def indexes(value: object) -> tuple[int, ...]:
    """A list of different positions, in their order."""
    if type(value) is not list or not all(type(index) is int for index in value):
        refuse("the indexes")
    if value != sorted(set(value)) or (value and value[0] < 0):
        refuse("the indexes")
    return tuple(value)


def labels(value: object) -> list[Any]:
    """What the label map gives to the blank nodes 0, 1, 2 ...; two nodes with one label could pass for each other."""
    if type(value) is not dict or not all(type(number) is int for number in value):
        refuse("the label map")
    if set(value) != set(range(len(value))) or len(set(value.values())) != len(value):
        refuse("the label map")
    return [value[number] for number in range(len(value))]


# --- statements ------------------------------------------------------------------------------------------------------


def relabelled(content: str, new: tuple[str, ...]) -> list[str] | None:
    """The canonical statements with other labels, sorted again; None if the labels are not exactly the nodes'.

    Args:
        new: position N holds the label of the blank node `_:c14nN`.
    """
    known = {f"_:c14n{number}": label for number, label in enumerate(new)}
    used: set[str] = set()
    statements = []
    for line in content.split("\n")[:-1]:
        parts = _STATEMENT.findall(line)
        nodes = [part for part in parts if part.startswith("_:")]
        if not known.keys() >= set(nodes):
            return None
        used.update(nodes)
        statements.append(" ".join([known.get(part, part) for part in parts]) + "\n")
    return sorted(statements) if len(used) == len(known) else None


def split(statements: list[str], mandatory: tuple[int, ...]) -> tuple[str, list[str]] | None:
    """The mandatory statements as one text, and the others; None if there are not as many as `mandatory` says."""
    if mandatory and mandatory[-1] >= len(statements):
        return None
    first = set(mandatory)
    return (
        "".join([statements[index] for index in mandatory]),
        [line for index, line in enumerate(statements) if index not in first],
    )
