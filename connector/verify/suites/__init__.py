"""The kinds of proof that are supported, one file each. Adding one is adding a file and a line here.

JOSE profiles (VC-JWT, `vc+jwt`) are in `jose`: they secure the bytes of a token, not an embedded proof.
"""

from __future__ import annotations

from typing import Any, Final

from connector.verify.suites.base import Suite, spend
from connector.verify.suites.bbs_2023 import Bbs2023
from connector.verify.suites.ecdsa_jcs_2019 import EcdsaJcs2019
from connector.verify.suites.ecdsa_rdfc_2019 import EcdsaRdfc2019
from connector.verify.suites.ecdsa_sd_2023 import EcdsaSd2023
from connector.verify.suites.ed25519_signature_2018 import Ed25519Signature2018
from connector.verify.suites.ed25519_signature_2020 import Ed25519Signature2020
from connector.verify.suites.eddsa_jcs_2022 import EddsaJcs2022
from connector.verify.suites.eddsa_rdfc_2022 import EddsaRdfc2022
from connector.verify.suites.json_web_signature_2020 import JsonWebSignature2020

__all__ = ["Suite", "find", "spend"]

_CRYPTOSUITES: Final[tuple[Suite, ...]] = (
    EddsaRdfc2022(),
    EddsaJcs2022(),
    EcdsaRdfc2019(),
    EcdsaJcs2019(),
    EcdsaSd2023(),
    Bbs2023(),
)
_PROOF_TYPES: Final[tuple[Suite, ...]] = (
    Ed25519Signature2020(),
    Ed25519Signature2018(),
    JsonWebSignature2020(),
)
_BY_CRYPTOSUITE: Final = {suite.name: suite for suite in _CRYPTOSUITES}
_BY_TYPE: Final = {suite.name: suite for suite in _PROOF_TYPES}


def find(proof: dict[str, Any]) -> Suite | None:
    """The one suite that `proof` is of; None when its kind is not supported.

    Args:
        proof: has a `type` that is text, and, if that is `DataIntegrityProof`, a `cryptosuite` that is text.
    """
    if proof["type"] == "DataIntegrityProof":
        return _BY_CRYPTOSUITE.get(proof["cryptosuite"])
    return _BY_TYPE.get(proof["type"])
