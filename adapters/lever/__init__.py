"""Lever, Data API v1: the plugin that the entry point `lever` names."""

from adapters.lever.adapter import LeverAdapter, capabilities_of
from adapters.lever.sandbox import LeverSandbox
from adapters.lever.settings import LeverSettings
from connector.ports import AtsPlugin

plugin = AtsPlugin(
    kind="lever",
    title="Lever",
    settings=LeverSettings,
    adapter=LeverAdapter,
    sandbox=LeverSandbox,
    default_mapping="lever.yaml",
    full_mapping="lever-full.yaml",
    capabilities=capabilities_of(files=True),
    rate=8.0,  # 10 a second with bursts of 20, not guaranteed
    burst=16,
)

__all__ = ["LeverAdapter", "LeverSandbox", "LeverSettings", "plugin"]
