"""`doctor`: each thing that can be missing gives one line that says how to mend it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from connector.config import Settings, load_settings
from connector.errors import AtsAuthError, RetryableDeliveryError, StoreError
from connector.infra.registries import RegistryState
from connector.mapping import FieldMapping, parse_mapping
from connector.model.changes import Family
from connector.operate.doctor import run_doctor
from connector.ports import Capabilities, Catalog, FieldDefinition, Probe
from connector.testing.fake_ats import CAPABILITIES

MAPPING = """
version: 1
ats: fake
fields:
  skills: {target: ler_skills, type: long_text, select: "claims[?kind == 'skill']"}
  report: {target: ler_report, type: url, fixed: report_link}
tags:
  words: {select: "claims[?kind == 'skill']", prefix: "LER: ", vocabulary: [MIG welding, SQL]}
forms:
  form:
    template: Learning and employment record
    fields: {Summary: {type: long_text, select: "claims"}}
"""
CATALOG = Catalog(
    fields=(FieldDefinition("ler_skills", "LER skills", "long_text"), FieldDefinition("ler_report", "Report", "url")),
    tags=("LER: MIG welding", "ler: sql"),
    form_templates={"Learning and employment record": ()},
)
ABLE = replace(CAPABILITIES, tags_need_vocabulary=True)
SET = {
    "LER_API_KEYS": "sha256$aa",
    "LER_POLICY_FILE": "policy.yaml",
    "LER_EMPLOYER__NAME": "Lakeshore Works",
    "LER_PUBLIC_URL": "https://ler.example",
}


@dataclass
class Patient:
    """A connector in good health; a test spoils one thing."""

    connections: tuple[str, ...] = ("fake",)
    settings: Settings = field(default_factory=lambda: load_settings(SET, env_file=None))
    time: datetime = datetime(2026, 11, 23, tzinfo=UTC)
    storage: Exception | None = None
    catalog_: Catalog | Exception = CATALOG
    probes: tuple[Probe, ...] | Exception = (Probe("token", True, "A token was had."),)
    able: Capabilities = ABLE
    registries: tuple[RegistryState, ...] = ()

    def registry_states(self) -> tuple[RegistryState, ...]:
        return self.registries

    def now(self) -> datetime:
        return self.time

    def check_writable(self) -> None:
        if self.storage:
            raise self.storage

    def mapping(self, connection: str) -> FieldMapping:
        return parse_mapping(MAPPING)

    def capabilities(self, connection: str) -> Capabilities:
        return self.able

    def catalog(self, connection: str) -> Catalog:
        if isinstance(self.catalog_, Exception):
            raise self.catalog_
        return self.catalog_

    def probe(self, connection: str) -> tuple[Probe, ...]:
        if isinstance(self.probes, Exception):
            raise self.probes
        return self.probes


def wrong(patient: Patient) -> dict[str, Probe]:
    return {p.name: p for p in run_doctor(patient) if not p.ok}


def without(name: str) -> Settings:
    return load_settings({k: v for k, v in SET.items() if k != name}, env_file=None)


def at(public_url: str) -> Settings:
    return load_settings({**SET, "LER_PUBLIC_URL": public_url}, env_file=None)


def test_a_healthy_installation_has_nothing_to_mend() -> None:
    probes = run_doctor(Patient())
    assert [p.name for p in probes if not p.ok] == []
    assert {p.name for p in probes} >= {"storage", "clock", "fake: token", "fake: field ler_skills", "fake: tags"}


@pytest.mark.parametrize(
    ("patient", "name", "fix"),
    [
        (Patient(settings=without("LER_API_KEYS")), "API keys", "LER_API_KEYS"),
        (Patient(settings=without("LER_POLICY_FILE")), "policy", "LER_POLICY_FILE"),
        (Patient(settings=without("LER_EMPLOYER__NAME")), "employer", "LER_EMPLOYER__NAME"),
        (Patient(settings=at("http://ler.example")), "public address", "LER_PUBLIC_URL"),
        (Patient(connections=()), "connections", "LER_GREENHOUSE__"),
        (Patient(storage=StoreError("The disk is full.", code="store_full")), "storage", "LER_DATA_DIR"),
        (Patient(time=datetime(1970, 1, 1, tzinfo=UTC)), "clock", "clock"),
        (Patient(probes=RetryableDeliveryError("No answer.")), "fake", "address"),
        (Patient(catalog_=AtsAuthError("Refused.")), "fake: target fields", "Mend"),
        (Patient(catalog_=replace(CATALOG, tags=("LER: SQL",))), "fake: tags", "Create"),
        (
            Patient(catalog_=replace(CATALOG, form_templates={})),
            "fake: form Learning and employment record",
            "template",
        ),
        (Patient(catalog_=replace(CATALOG, fields=CATALOG.fields[1:])), "fake: field ler_skills", "Create"),
        (
            Patient(
                catalog_=replace(CATALOG, fields=(FieldDefinition("ler_skills", "x", "number"), CATALOG.fields[1]))
            ),
            "fake: field ler_skills",
            "long_text",
        ),
    ],
)
def test_each_thing_that_is_missing_is_said_with_the_way_to_mend_it(patient: Patient, name: str, fix: str) -> None:
    found = wrong(patient)
    assert list(found) == [name]
    assert fix in found[name].fix


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000"])
def test_plain_http_on_this_machine_is_worth_a_note_and_no_more(url: str) -> None:
    (probe,) = [p for p in run_doctor(Patient(settings=at(url))) if p.name == "public address"]
    assert probe.ok and "this machine only" in probe.message and "LER_PUBLIC_URL" in probe.fix


def test_the_fields_of_an_account_that_is_not_well_are_not_called_well() -> None:
    """Workday's fields are known from the settings: they would look well with nobody answering."""
    probes = run_doctor(Patient(probes=(Probe("scope", False, "Missing.", "Grant it."),)))
    found = {p.name: p for p in probes if p.name.startswith("fake")}
    assert list(found) == ["fake: scope", "fake: target fields"]
    assert found["fake: scope"].fix == "Grant it."
    fields = found["fake: target fields"]
    assert not fields.ok and fields.message == "Not looked at." and fields.fix


@pytest.mark.parametrize(("family", "ok"), [(Family.ATTACHMENTS, True), (Family.TAGS, False), (None, False)])
def test_a_scope_that_the_mapping_makes_no_use_of_may_be_missing(family: Family | None, ok: bool) -> None:
    missing = Probe("scope", False, "Missing.", "Grant it.", only_for=family)
    (probe,) = [p for p in run_doctor(Patient(probes=(missing,))) if p.name == "fake: scope"]
    assert probe.ok is ok
    assert ("the mapping writes no attachments" in probe.message) is ok


def test_a_short_text_field_takes_a_long_text() -> None:
    short = FieldDefinition("ler_skills", "x", "text")
    assert wrong(Patient(catalog_=replace(CATALOG, fields=(short, CATALOG.fields[1])))) == {}


DAY = datetime(2026, 11, 22, tzinfo=UTC)
REGISTRY = RegistryState("Members", "dcc", "https://registry.example/r.json", 21, DAY, "", pinned=False, is_test=False)


@pytest.mark.parametrize(
    ("state", "ok", "words"),
    [
        (REGISTRY, True, "Copy of 2026-11-22 00:00 UTC (24 h old), 21 issuers."),
        (replace(REGISTRY, as_of=None, entries=None), True, "Read from a file."),
        (
            replace(REGISTRY, problem="it answered HTTP 503"),
            True,
            "Copy of 2026-11-22 00:00 UTC (24 h old), 21 issuers. The last attempt gave nothing: it answered HTTP 503.",
        ),
        (replace(REGISTRY, as_of=DAY.replace(day=1)), False, "Copy of 2026-11-01 00:00 UTC (22 days old), 21 issuers."),
        (
            replace(REGISTRY, as_of=None, entries=None, problem="it answered HTTP 503"),
            False,
            "It could not be loaded: it answered HTTP 503.",
        ),
    ],
)
def test_a_registry_is_well_as_long_as_there_is_a_copy_that_is_not_old(
    state: RegistryState, ok: bool, words: str
) -> None:
    [probe] = [p for p in run_doctor(Patient(registries=(state,))) if p.name == "registry Members"]
    assert (probe.ok, probe.message) == (ok, words)
    assert bool(probe.fix) is not ok
