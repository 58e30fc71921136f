"""Learning and employment records, verified and written into an applicant tracking system.

The names of this package are its promise to other code: the calls from a submission to a plan, and what they take and
give. They are loaded when they are first used, since importing all of them takes longer than verifying a record.

>>> from connector import Applicant, Policy, Submission, World, assess_all, read_claims, receive
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from connector.answers import answer
    from connector.errors import ConfigurationError, ConnectorError
    from connector.intake.receive import receive
    from connector.mapping import load_mapping, make_plan
    from connector.model.applicant import Applicant, ApplicationRef
    from connector.model.credential import AssessedCredential, UnverifiedCredential
    from connector.model.submission import Submission
    from connector.normalize import read_claims
    from connector.ports import World
    from connector.verify import Policy, assess, assess_all, load_policy

__all__ = [
    "Applicant",
    "ApplicationRef",
    "AssessedCredential",
    "ConfigurationError",
    "ConnectorError",
    "Policy",
    "Submission",
    "UnverifiedCredential",
    "World",
    "answer",
    "assess",
    "assess_all",
    "load_mapping",
    "load_policy",
    "make_plan",
    "read_claims",
    "receive",
]

_HOME: Final = {
    "Applicant": "model.applicant",
    "ApplicationRef": "model.applicant",
    "AssessedCredential": "model.credential",
    "ConfigurationError": "errors",
    "ConnectorError": "errors",
    "Policy": "verify",
    "Submission": "model.submission",
    "UnverifiedCredential": "model.credential",
    "World": "ports",
    "answer": "answers",
    "assess": "verify",
    "assess_all": "verify",
    "load_mapping": "mapping",
    "load_policy": "verify",
    "make_plan": "mapping",
    "read_claims": "normalize",
    "receive": "intake.receive",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
