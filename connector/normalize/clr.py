"""Comprehensive Learner Record 2.0: a wrapper that names nothing by itself.

The credentials inside are unpacked at intake and assessed one by one; they come here under their own paths, with this
one as parent. `credentialSubject.achievement` of a CLR lists achievements that its associations refer to; whether they
were earned is said only by the credentials, so nothing is read from it.
"""

from __future__ import annotations

from connector.model.credential import AssessedCredential
from connector.normalize.collect import Collector


def read_clr(assessed: AssessedCredential, collector: Collector) -> None:
    """No claims: see the module."""
