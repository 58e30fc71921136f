"""The demo's LERs: good ones, and ones with one thing wrong each, minted by invented issuers for invented people.

Everything that is needed to verify them (DID documents, status lists, the badge host's pages) is in `world`, the form
of `--documents`, so that the demo needs no network.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from connector.testing.badge_host import BadgeHost
from connector.testing.bake import bake_png
from connector.testing.issuer import Issuer, recorded_world

SKILLS = ("MIG welding", "TIG welding", "Blueprint reading", "Forklift operation", "Python", "SQL", "First aid")


@dataclass(frozen=True, slots=True)
class Sample:
    """One LER of the demo. One of `content`, `path` and `url` is set; `expects` says in words what should come out."""

    name: str
    expects: str
    content: bytes | None = None
    url: str | None = None
    path: Path | None = None

    def open(self) -> BinaryIO:
        """Its bytes, read as they are sent: a file may be of any size.

        Raises:
            OSError: the file cannot be read.
        """
        return self.path.open("rb") if self.path is not None else io.BytesIO(self.content or b"")


class SampleWorld:
    """The issuers behind the samples, so that several applicants can be given LERs of the same issuers."""

    def __init__(self) -> None:
        self.university = Issuer("lakeview", method="web", name="Lakeview University")
        self.institute = Issuer("northside", method="web", name="Northside Trade Institute", alg="ES256")
        self.stranger = Issuer("skillmill", method="web", name="Skill Mill")
        self.host = BadgeHost("badges.harborview.example", issuer_name="Harborview Academy")

    def samples(self, person: str, email: str) -> tuple[Sample, ...]:
        """Eleven LERs about one person, who has that name and address."""
        skill = {"tags": ["MIG welding", "Blueprint reading"]}
        good = self.university.open_badge(name="Welder I", email=email, subject_name=person, **skill)
        ten = [
            self.university.open_badge(name=f"Shop practice {n}", email=email, tags=[SKILLS[n % len(SKILLS)]])
            for n in range(1, 11)
        ]
        jwt = self.institute.jwt_badge(name="Forklift operator", email=email, tags=["Forklift operation"])
        baked = self.university.open_badge(name="First aid at work", email=email, tags=["First aid"])
        hosted = self.host.issue(email, name="Data analysis basics", tags=("SQL", "Python"))
        return (
            Sample("a genuine badge", "accepted", _bytes(good)),
            Sample("a CLR with ten badges", "accepted", _bytes(self.university.clr(badges=ten, email=email))),
            Sample("a badge as a token (JWT)", "accepted", jwt.encode()),
            Sample("a badge picture (PNG)", "accepted", bake_png(json.dumps(baked))),
            Sample("a hosted Open Badge 2.0, by link", "accepted", url=hosted.page),
            Sample("a tampered badge", "refused", _bytes(self._badge(email, "Crane operator", tampered=True))),
            Sample("a revoked badge", "refused", _bytes(self._badge(email, "Scaffolder", revoked=True))),
            Sample("an expired badge", "a warning", _bytes(self._badge(email, "Hot works permit", expired=True))),
            Sample("a badge of an unknown issuer", "a warning", _bytes(self._unknown(email))),
            Sample(
                "a badge with only a name", "a warning", _bytes(self._badge(None, "Machinist I", subject_name=person))
            ),
            Sample("a badge for another address", "a warning", _bytes(self._badge("sam@mail.example", "Rigger I"))),
        )

    def _badge(self, email: str | None, name: str, **options: Any) -> dict[str, Any]:
        return self.university.open_badge(name=name, email=email, tags=[f"{name} basics"], **options)

    def _unknown(self, email: str) -> dict[str, Any]:
        return self.stranger.open_badge(name="Leadership in a day", email=email, tags=["Leadership"])

    def documents(self) -> dict[str, Any]:
        """What verification needs, as a recorded world. Ask for it after the samples: minting fills the lists."""
        return recorded_world(self.university, self.institute, self.stranger, extra=self.host.answers())

    def policy(self) -> str:
        """A policy file that recognises three of the four issuers."""
        return (
            "trusted_issuers:\n"
            f"  - {{id: '{self.university.id}', name: Lakeview University}}\n"
            f"  - {{id: '{self.institute.id}', name: Northside Trade Institute}}\n"
            f"  - {{id: '{self.host.profile['id']}', name: Harborview Academy}}\n"
        )


def _bytes(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1).encode()
