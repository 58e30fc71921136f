"""The in-memory fake keeps the same contract as the real adapters, so that tests of the core may rely on it."""

from __future__ import annotations

import pytest

from connector.ports import AtsPlugin
from connector.testing.ats_suite import AtsConformance
from connector.testing.fake_ats import FakeAts, plugin_for


class TestFakeConformance(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return plugin_for(FakeAts())
