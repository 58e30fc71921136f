"""Workday (SOAP Recruiting): the plugin that the entry point `workday` names."""

from adapters.workday.adapter import WorkdayAdapter
from adapters.workday.sandbox import WorkdaySandbox
from adapters.workday.settings import WorkdaySettings
from connector.ports import AtsPlugin

plugin = AtsPlugin(
    kind="workday",
    title="Workday",
    settings=WorkdaySettings,
    adapter=WorkdayAdapter,
    sandbox=WorkdaySandbox,
    default_mapping="workday.yaml",
    full_mapping="workday-full.yaml",
    capabilities=WorkdayAdapter.capabilities,
    rate=2.0,  # not published; clients observe 1 to 10 a second per tenant
    burst=4,
)

__all__ = ["WorkdayAdapter", "WorkdaySandbox", "WorkdaySettings", "plugin"]
