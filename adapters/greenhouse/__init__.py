"""Greenhouse, Harvest v3: the plugin that the entry point `greenhouse` names."""

from adapters.greenhouse.adapter import CAPABILITIES, GreenhouseAdapter
from adapters.greenhouse.sandbox import GreenhouseSandbox
from adapters.greenhouse.settings import GreenhouseSettings
from connector.ports import AtsPlugin

plugin = AtsPlugin(
    kind="greenhouse",
    title="Greenhouse",
    settings=GreenhouseSettings,
    adapter=GreenhouseAdapter,
    sandbox=GreenhouseSandbox,
    default_mapping="greenhouse.yaml",
    full_mapping="greenhouse-full.yaml",
    capabilities=CAPABILITIES,
    rate=2.5,  # documented example: 75 in a fixed window of 30 s; the real figure is in the answers' headers
    burst=50,
)
