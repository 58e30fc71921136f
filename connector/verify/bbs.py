"""BBS proofs of knowing a signature: verification, ciphersuite BLS12-381-SHA-256.

CFRG "The BBS Signature Scheme" (draft-irtf-cfrg-bbs-signatures), operation "ProofVerify" and what it calls; each step
names its operation there. The arithmetic of the curve and of its pairing is py_arkworks_bls12381's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from connector.model.frozen import frozen

MAX_MESSAGES: Final = 400
"""Messages that were signed together, shown or not; each costs half a millisecond. A badge makes some 60 statements."""
POINT_BYTES: Final = 48
SCALAR_BYTES: Final = 32
KEY_BYTES: Final = 96
MESSAGE: Final = b"MAP_MSG_TO_SCALAR_AS_HASH_"
"""What a message is hashed for."""
ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_EXPANDED: Final = 48
_API: Final = b"BBS_BLS12381G1_XMD:SHA-256_SSWU_RO_H2G_HM2S_"
_P1: Final = "a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9"
_FIXED_POINTS, _FIXED_SCALARS = 3, 4


@frozen
class Proof:
    """A proof, read ("octets_to_proof"): no point is the identity, no scalar is zero."""

    points: tuple[G1Point, G1Point, G1Point]
    scalars: tuple[int, int, int]
    hidden: tuple[int, ...]
    challenge: int


def is_public_key(raw: bytes) -> bool:
    """Whether `raw` is a point of the group in its one spelling, and not the identity ("octets_to_pubkey")."""
    return _g2(raw) is not None


def read_proof(raw: bytes) -> Proof | None:
    """None when `raw` is not a proof in its one spelling."""
    start = _FIXED_POINTS * POINT_BYTES
    count, rest = divmod(len(raw) - start, SCALAR_BYTES)
    if rest or count < _FIXED_SCALARS:
        return None
    points = [_g1(raw[at : at + POINT_BYTES]) for at in range(0, start, POINT_BYTES)]
    scalars = [int.from_bytes(raw[at : at + SCALAR_BYTES], "big") for at in range(start, len(raw), SCALAR_BYTES)]
    first, second, third = points
    if first is None or second is None or third is None or not all(0 < scalar < ORDER for scalar in scalars):
        return None
    a, b, c, *hidden, challenge = scalars
    return Proof((first, second, third), (a, b, c), tuple(hidden), challenge)


def verifies(
    key: bytes, proof: Proof, header: bytes, presentation_header: bytes, shown: Sequence[bytes], at: Sequence[int]
) -> bool:
    """Whether whoever made `proof` has a signature by `key` over `header` and messages of which these are shown.

    Args:
        shown, at: the messages, and their positions among those that were signed: different ones, in their order.
    """
    count = len(proof.hidden) + len(shown)
    point = _g2(key)
    if point is None or len(shown) != len(at) or (at and at[-1] >= count) or count > MAX_MESSAGES:
        return False
    messages = [hash_to_scalar(message, MESSAGE) for message in shown]
    domain = domain_of(key, count, header)
    points = (*proof.points, *_commitments(proof, domain, messages, at))
    if challenge_of(points, domain, list(zip(at, messages, strict=True)), presentation_header) != proof.challenge:
        return False
    a_bar, b_bar, _ = proof.points
    return GT.pairing_check([a_bar, b_bar], [point, -G2Point()])


def _commitments(proof: Proof, domain: int, messages: list[int], at: Sequence[int]) -> tuple[G1Point, G1Point]:
    """T1 and T2 of "ProofVerifyInit"."""
    q, *h = generators(len(proof.hidden) + len(messages) + 1)
    e, r1, r3 = proof.scalars
    a_bar, b_bar, d = proof.points
    first = combine([b_bar, a_bar, d], [proof.challenge, e, r1])
    shown = base_point() + combine([q, *(h[index] for index in at)], [domain, *messages])
    positions = set(at)
    hidden = [generator for index, generator in enumerate(h) if index not in positions]
    second = combine([shown, d, *hidden], [proof.challenge, r3, *proof.hidden])
    return first, second


def challenge_of(points: Sequence[G1Point], domain: int, shown: Sequence[tuple[int, int]], header: bytes) -> int:
    """The challenge ("ProofChallengeCalculate").

    Args:
        points: the three of the proof, and the two commitments.
        shown: position and scalar of each message that is shown.
        header: of the presentation.
    """
    written = [len(shown).to_bytes(8, "big")]
    written += [index.to_bytes(8, "big") + message.to_bytes(SCALAR_BYTES, "big") for index, message in shown]
    written += [bytes(point.to_compressed_bytes()) for point in points]
    written += [domain.to_bytes(SCALAR_BYTES, "big"), len(header).to_bytes(8, "big"), header]
    return hash_to_scalar(b"".join(written), b"H2S_")


def domain_of(key: bytes, count: int, header: bytes) -> int:
    """What binds key, generators and header ("calculate_domain")."""
    written = [key, count.to_bytes(8, "big")]
    written += [bytes(point.to_compressed_bytes()) for point in generators(count + 1)]
    written += [_API, len(header).to_bytes(8, "big"), header]
    return hash_to_scalar(b"".join(written), b"H2S_")


def generators(count: int) -> tuple[G1Point, ...]:
    """One for the domain, then one for each message ("create_generators")."""
    return _generators(1 << (count - 1).bit_length())[:count]


@lru_cache(maxsize=16)
def _generators(count: int) -> tuple[G1Point, ...]:
    """Asked for by powers of two, so that they are made a few times and not for each number of messages."""
    seed_dst = _API + b"SIG_GENERATOR_SEED_"
    value = _expand(_API + b"MESSAGE_GENERATOR_SEED", seed_dst)
    points = []
    for number in range(1, count + 1):
        value = _expand(value + number.to_bytes(8, "big"), seed_dst)
        points.append(G1Point.hash_to_curve(value, _API + b"SIG_GENERATOR_DST_"))
    return tuple(points)


def hash_to_scalar(message: bytes, purpose: bytes) -> int:
    """Under a domain separation tag that ends in `purpose`."""
    return int.from_bytes(_expand(message, _API + purpose), "big") % ORDER


def _expand(message: bytes, dst: bytes) -> bytes:
    """`expand_message_xmd` with SHA-256 (RFC 9380 section 5.3.1), to 48 bytes."""
    suffix = dst + bytes([len(dst)])
    block = hashlib.sha256(bytes(64) + message + _EXPANDED.to_bytes(2, "big") + b"\0" + suffix).digest()
    first = hashlib.sha256(block + b"\1" + suffix).digest()
    mixed = bytes(a ^ b for a, b in zip(block, first, strict=True))
    return (first + hashlib.sha256(mixed + b"\2" + suffix).digest())[:_EXPANDED]


def combine(points: list[G1Point], factors: list[int]) -> G1Point:
    return G1Point.multiexp_unchecked(points, [Scalar(factor) for factor in factors])


def _g1(raw: bytes) -> G1Point | None:
    try:
        point = G1Point.from_compressed_bytes(raw)
    except ValueError:
        return None
    return None if point == G1Point.identity() or bytes(point.to_compressed_bytes()) != raw else point


def _g2(raw: bytes) -> G2Point | None:
    try:
        point = G2Point.from_compressed_bytes(raw)
    except ValueError:
        return None
    return None if point == G2Point.identity() or bytes(point.to_compressed_bytes()) != raw else point


def base_point() -> G1Point:
    """P1 of the ciphersuite."""
    return G1Point.from_compressed_bytes(bytes.fromhex(_P1))
