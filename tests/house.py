"""What the houses of the pipeline's and of the pages' tests share: settings, and the stand-in behind the connector."""

from __future__ import annotations

from pathlib import Path

from connector.config import variables_of
from connector.model.changes import AtsState
from connector.ports import Sandbox, SandboxPerson

KEY = "only-tests-know-this-secret-key-0123456789"
NOWHERE = "http://127.0.0.1:9"
"""Where a stand-in is said to be that is reached without a socket."""


class Furnished:
    """A house with the stand-in of one ATS in it."""

    kind: str
    sandbox: Sandbox

    @property
    def person(self) -> SandboxPerson:
        return self.sandbox.people()[0]

    @property
    def held(self) -> AtsState:
        return self.sandbox.holdings(self.person.candidate, self.person.application)

    @property
    def writes(self) -> int:
        return sum(r.write for r in self.sandbox.log)


def environ(folder: Path, kind: str) -> dict[str, str]:
    """The settings of a connector in a folder, whose one connection is not slowed down."""
    return {
        "LER_DATA_DIR": str(folder / "data"),
        "LER_SECRET_KEY": KEY,
        "LER_POLICY_FILE": str(folder / "policy.yaml"),
        "LER_EMPLOYER__NAME": "Lakeshore Works",
        "LER_TIME_SCALE": "20",
        **variables_of(kind, {"rate": 1000, "burst": 1000}),
    }
