"""Workday (SOAP Recruiting): a custom object on the job application, and files on the candidate."""

from __future__ import annotations

from adapters.workday.adapter import WorkdayAdapter
from adapters.workday.settings import WorkdaySettings
from connector.ports import AtsPlugin, Sandbox, SandboxSeed


def _sandbox(seed: SandboxSeed) -> Sandbox:
    from adapters.workday.sandbox import WorkdaySandbox  # the stand-in is loaded only by who starts one

    return WorkdaySandbox(seed)


plugin = AtsPlugin(
    kind="workday",
    title="Workday",
    settings=WorkdaySettings,
    adapter=WorkdayAdapter,
    sandbox=_sandbox,
    default_mapping="workday.yaml",
    full_mapping="workday-full.yaml",
)

__all__ = ["WorkdayAdapter", "WorkdaySettings", "plugin"]
