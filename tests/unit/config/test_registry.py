"""Adapters are found by entry point, ours as anyone's."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from connector import registry
from connector.errors import ConfigurationError


def test_our_adapters_are_there_and_say_the_kind_they_are_named_by() -> None:
    assert set(registry.available()) >= {"greenhouse", "lever", "workday"}
    for kind, plugin in registry.plugins().items():
        assert plugin.kind == kind


def test_an_unknown_kind_is_said_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="greenhouse"):
        registry.plugin("taleo")


def test_two_packages_that_offer_one_kind_are_a_mistake() -> None:
    twice = [EntryPoint("x", "a:plugin", registry.GROUP), EntryPoint("x", "b:plugin", registry.GROUP)]
    with pytest.raises(ConfigurationError, match="'x'"):
        registry._unique(twice)


@pytest.mark.parametrize("value", ["no.such.module:plugin", "connector.errors:nothing", "connector.errors:StoreError"])
def test_an_entry_point_that_is_no_plugin_is_said(value: str) -> None:
    with pytest.raises(ConfigurationError):
        registry._load(EntryPoint("x", value, registry.GROUP))
