"""Many submissions through a bad network: nothing lost, nothing doubled, nobody else's record touched (F1-F4)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from connector import registry
from connector.mapping import shipped_mapping
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.changes import Family
from connector.model.records import State
from connector.ports import SandboxSeed
from connector.testing.ats_suite import LoopbackTransport

from .conftest import House

MANY = 30


class BadNetwork(LoopbackTransport):
    """One request in seven goes wrong: refused, applied with a lost answer, or asked to wait."""

    chance = random.Random(20261123)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        luck = self.chance.random()
        if luck < 0.04:
            return httpx.Response(503, request=request)
        if luck < 0.07:
            await super().handle_async_request(request)
            return httpx.Response(502, request=request)
        if luck < 0.10:
            await super().handle_async_request(request)
            raise httpx.ReadTimeout("the answer was lost", request=request)
        if luck < 0.14:
            return httpx.Response(429, headers={"Retry-After": "2"}, request=request)
        return await super().handle_async_request(request)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["greenhouse", "lever", "workday"])
def test_nothing_is_lost_and_nothing_doubled_in_a_storm(
    houses: Callable[..., House], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.conftest.LoopbackTransport", BadNetwork)
    options = {"rate": 10_000, "burst": 10_000, "rate_limit": 100_000}  # the storm is ours, not the vendor's limit
    sandbox = registry.plugin(kind).sandbox(SandboxSeed(options=options))
    house = houses(kind, sandbox=sandbox, extra={"LER_TIME_SCALE": "100"})
    everything = str(shipped_mapping(registry.plugin(kind).full_mapping))
    people = house.sandbox.people()
    shared: dict[str, list[str]] = {}
    submitted = []
    for number in range(MANY):
        person = people[number % len(people)]
        name = f"Part {number:02d}"
        shared.setdefault(person.application, []).append(name)
        ref = ApplicationRef(connection=kind, candidate=person.candidate, application=person.application)
        applicant = Applicant(emails=(person.email,))
        new = house.new(house.badge(name, email=person.email), ref=ref, applicant=applicant, mapping=everything)
        submitted.append(house.connector.submit(new))
    states = Counter(house.settled(s, timeout=200).state for s in submitted)
    assert states == {State.DELIVERED: MANY}
    wide = Family.FIELDS in house.connector.capabilities(kind).candidate_wide
    for person in people:
        held = house.sandbox.holdings(person.candidate, person.application)
        of_person = [p.application for p in people if p.candidate == person.candidate]
        names = [n for a in (of_person if wide else [person.application]) for n in shared.get(a, [])]
        assert len(held.notes) == (1 if names else 0), person.application
        assert len(held.attachments) == len({a.filename for a in held.attachments})
        text = str((held.fields, held.forms))
        assert {n for n in (f"Part {i:02d}" for i in range(MANY)) if n in text} == set(names)
