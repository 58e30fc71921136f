"""The conformance suite: what every ATS adapter, ours or anybody's, must keep (STYLE section 6, `ports.AtsAdapter`).

A new adapter's test file starts with this, and is mostly this::

    class TestMyAtsConformance(AtsConformance):
        @pytest.fixture
        def plugin(self) -> AtsPlugin:
            return my_ats.plugin

The adapter then talks to its plugin's stand-in, in the vendor's wire format, without a socket. A test is skipped by
what `capabilities` declares, never by the adapter's name. The stand-in must be seeded so that nothing is skipped by
poverty: its first person has one application, at least one value or tag of a recruiter's, and an empty field of each
declared type; where an application is needed, somebody has two. Needs pytest with pytest-asyncio in auto mode.
"""

from __future__ import annotations

from connector.testing.ats_suite_base import (
    BASE_URL,
    CONNECTION,
    LoopbackTransport,
    attachment,
    held,
    plain,
    sample,
    visible,
)
from connector.testing.ats_suite_faults import FaultsSuite
from connector.testing.ats_suite_values import ValuesSuite

__all__ = [
    "BASE_URL",
    "CONNECTION",
    "AtsConformance",
    "LoopbackTransport",
    "attachment",
    "held",
    "plain",
    "sample",
    "visible",
]


class AtsConformance(ValuesSuite, FaultsSuite):
    """Override the fixture `plugin`; override the other fixtures only where that is not enough."""
