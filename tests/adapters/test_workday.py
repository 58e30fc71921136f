"""Workday: the shared conformance suite, then what is particular to it."""

from __future__ import annotations

import pytest

from adapters import workday
from connector.ports import AtsPlugin, Sandbox, SandboxSeed
from connector.testing.ats_suite import AtsConformance


class TestWorkdayConformance(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return workday.plugin


class _WithOptions(AtsConformance):
    options: dict[str, str] = {}

    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return workday.plugin

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options=self.options))


class TestWorkdayConformanceWithARefreshToken(_WithOptions):
    options = {"auth": "refresh_token", "custom_object_put": "merge", "additional_data_lists": "all"}


class TestWorkdayConformanceWithAJwtOnAnOldVersion(_WithOptions):
    options = {"auth": "jwt_bearer", "version": "v26.1"}
