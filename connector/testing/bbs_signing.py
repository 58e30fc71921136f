"""BBS signatures and proofs for what `selective` mints: nothing here is ever used to verify.

CFRG "The BBS Signature Scheme", operations "Sign" and "ProofGen". The random numbers are made from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence

from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from connector import codec
from connector.verify import bbs


class BbsKey:
    """A key pair made from a seed, of BLS12-381."""

    def __init__(self, seed: str) -> None:
        self._secret = bbs.hash_to_scalar(seed.encode(), b"KEYGEN_DST_")

    @property
    def public(self) -> bytes:
        return bytes((G2Point() * Scalar(self._secret)).to_compressed_bytes())

    @property
    def multikey(self) -> str:
        return "z" + codec.base58_encode(b"\xeb\x01" + self.public)

    def sign(self, header: bytes, messages: Sequence[bytes]) -> tuple[G1Point, int]:
        """A and e."""
        e = bbs.hash_to_scalar(b"".join([header, *messages]), b"H2S_")
        point = _committed(self.public, header, messages)
        return point * Scalar(self._secret + e).inverse(), e

    def prove(
        self, header: bytes, messages: Sequence[bytes], shown: Sequence[int], presentation_header: bytes
    ) -> bytes:
        """A proof of a signature by this key, of which only the messages at `shown` are shown."""
        a, e = self.sign(header, messages)
        hidden = [index for index in range(len(messages)) if index not in shown]
        r1, r2, e_, r1_, r3_, *m_ = (_random(presentation_header, number) for number in range(5 + len(hidden)))
        d = _committed(self.public, header, messages) * Scalar(r2)
        a_bar = a * (Scalar(r1) * Scalar(r2))
        b_bar = d * Scalar(r1) - a_bar * Scalar(e)
        _, *h = bbs.generators(len(messages) + 1)
        first = bbs.combine([a_bar, d], [e_, r1_])
        second = bbs.combine([d, *(h[index] for index in hidden)], [r3_, *m_])
        scalars = [bbs.hash_to_scalar(message, bbs.MESSAGE) for message in messages]
        domain = bbs.domain_of(self.public, len(messages), header)
        points = (a_bar, b_bar, d, first, second)
        c = bbs.challenge_of(points, domain, [(index, scalars[index]) for index in shown], presentation_header)
        r3 = int(Scalar(r2).inverse())
        answers = [e_ + e * c, r1_ - r1 * c, r3_ - r3 * c]
        answers += [blind + scalars[index] * c for blind, index in zip(m_, hidden, strict=True)]
        written = [bytes(point.to_compressed_bytes()) for point in points[:3]]
        written += [(answer % bbs.ORDER).to_bytes(bbs.SCALAR_BYTES, "big") for answer in (*answers, c)]
        return b"".join(written)


def _committed(public: bytes, header: bytes, messages: Sequence[bytes]) -> G1Point:
    q, *h = bbs.generators(len(messages) + 1)
    scalars = [bbs.hash_to_scalar(message, bbs.MESSAGE) for message in messages]
    domain = bbs.domain_of(public, len(messages), header)
    return bbs.base_point() + bbs.combine([q, *h], [domain, *scalars])


def _random(seed: bytes, number: int) -> int:
    return bbs.hash_to_scalar(seed + number.to_bytes(8, "big"), b"MOCK_RANDOM_SCALARS_DST_")
