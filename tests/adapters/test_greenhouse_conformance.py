"""Greenhouse keeps the contract of every ATS, whichever way its undocumented points turn out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from adapters.greenhouse import plugin as greenhouse
from connector.ports import AtsPlugin, Sandbox, SandboxSeed
from connector.testing.ats_suite import AtsConformance


class TestGreenhouseConformance(AtsConformance):
    """A PATCH that replaces custom fields (the harsher reading) and answers with the candidate."""

    options: ClassVar[Mapping[str, Any]] = {}

    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        return greenhouse

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed(options=self.options))


class TestGreenhouseConformanceWhenPatchMerges(TestGreenhouseConformance):
    options: ClassVar[Mapping[str, Any]] = {
        "custom_fields_patch": "merge",
        "token_expiry_field": "expires_at",
        "single_active_token": True,
    }


class TestGreenhouseConformanceWhenPatchIsProcessedLater(TestGreenhouseConformance):
    options: ClassVar[Mapping[str, Any]] = {
        "patch_answer": "message",
        "token_expiry_field": "expires",
        "bare_404": True,
    }
