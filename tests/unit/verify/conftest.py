"""A small world for verification: one recognised issuer, one applicant, one clock, nothing on the network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from connector.intake.receive import receive
from connector.model.applicant import Applicant
from connector.model.credential import AssessedCredential, UnverifiedCredential
from connector.model.report import CheckName, Outcome
from connector.model.submission import Submission
from connector.ports import World
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.verify import Policy, PresentationContext, assess_all

Json = dict[str, Any]
EMAIL = "maria@mail.example"
MARIA = Applicant(name="Maria Okafor", emails=(EMAIL,))


@dataclass
class Scene:
    """Everything around a credential. `extra` adds to, or replaces, the issuers' documents."""

    issuer: Issuer = field(default_factory=lambda: Issuer("lakeview", method="web"))
    applicant: Applicant = MARIA
    policy: Policy | None = None
    presentation: PresentationContext | None = None
    proved_emails: tuple[str, ...] = ()
    others: list[Issuer] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    documents: MemoryDocuments = field(init=False)

    def receive(self, document: Any) -> tuple[UnverifiedCredential, ...]:
        content = document if isinstance(document, str) else json.dumps(document)
        return receive(Submission(content=content.encode()))

    def assess_all(self, document: Any) -> tuple[AssessedCredential, ...]:
        issuers: Iterable[Issuer] = (self.issuer, *self.others)
        known = {url: doc for issuer in issuers for url, doc in issuer.documents.items()}
        self.documents = MemoryDocuments(known | self.extra)
        return assess_all(
            self.receive(document),
            Policy.trusting([self.issuer.id]) if self.policy is None else self.policy,
            World(self.documents),
            applicant=self.applicant,
            now=NOW,
            presentation=self.presentation,
            proved_emails=self.proved_emails,
        )

    def assess(self, document: Any) -> AssessedCredential:
        (assessed,) = self.assess_all(document)
        return assessed

    def badge(self, **options: Any) -> Json:
        """The issuer's badge for the applicant."""
        badge: Json = self.issuer.open_badge(**({"email": EMAIL} | options))
        return badge

    def code(self, document: Any, check: str = "proof") -> str:
        """The code of that check's first answer."""
        found = self.assess(document).report.check(CheckName(check))
        assert found is not None
        return found.code


@pytest.fixture
def scene() -> Scene:
    return Scene()


def codes(assessed: AssessedCredential) -> set[str]:
    return {check.code for check in assessed.report.checks}


def failed(assessed: AssessedCredential) -> set[str]:
    return {check.code for check in assessed.report.checks if check.outcome is Outcome.FAILED}


def subject_of(document: Json) -> Json:
    subject: Json = document["credentialSubject"]
    return subject


def achievement_of(document: Json) -> Json:
    achievement: Json = subject_of(document)["achievement"]
    return achievement


def part(number: int, value: Callable[[Any], Any]) -> Callable[[list[Any]], None]:
    """Change one component of a derived proof."""

    def change(components: list[Any]) -> None:
        components[number] = value(components[number])

    return change
