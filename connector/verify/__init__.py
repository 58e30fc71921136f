"""Verification: is it genuine, current, from whom it says, recognised, and about this applicant?

`assess` measures one credential and lets the policy judge; `assess_all` does it for a whole submission.
"""

from __future__ import annotations

from connector.verify.checks.holder import PresentationContext
from connector.verify.codes import CODES, Code
from connector.verify.policy import Policy, assurance_of, decide, verdict_of_file
from connector.verify.policy_file import load_policy
from connector.verify.verifier import assess, assess_all

__all__ = [
    "CODES",
    "Code",
    "Policy",
    "PresentationContext",
    "assess",
    "assess_all",
    "assurance_of",
    "decide",
    "load_policy",
    "verdict_of_file",
]
