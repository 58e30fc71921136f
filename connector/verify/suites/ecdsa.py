"""What goes with the curve of a key in the ECDSA suites (Data Integrity ECDSA Cryptosuites 1.0 sections 2.1 and 3).

ECDSA has two signatures for every one: (r, s) and (r, n - s). The specification allows both, so both hold here; what
is signed is the same, and nothing is identified by the bytes of a signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from connector.verify.keys import KeyKind


@dataclass(frozen=True, slots=True)
class Curve:
    """Attributes:
    hash_name, digest: of the document, of the proof options, and of RDF canonicalization.
    signature_bytes: `r` and `s` beside each other (IEEE P1363).
    """

    hash_name: str
    digest: Callable[[bytes], Any]
    signature_bytes: int


CURVES: Final[dict[KeyKind, Curve]] = {
    KeyKind.P256: Curve("sha256", hashlib.sha256, 64),
    KeyKind.P384: Curve("sha384", hashlib.sha384, 96),
}
