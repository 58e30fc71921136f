"""`doctor`: is everything there that a delivery needs? One line per thing, with the way to mend it.

It looks at what fails silently or late otherwise: a setting that was forgotten, a database that cannot be written, a
clock that is wrong, a token without a scope, a field that the mapping writes and the ATS does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final, Protocol

from connector import hosting
from connector.errors import ConnectorError, DeliveryError, StoreError
from connector.infra.registries import RegistryState
from connector.mapping import FieldMapping
from connector.mapping.schema import FieldRule
from connector.model.changes import Family
from connector.ports import Capabilities, Catalog, FieldDefinition, Probe

OLD_COPY: Final = timedelta(days=7)
"""A registry that could not be had for a week needs somebody to look."""
EARLIEST: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No correct clock shows a time before this program was written."""
_TEXT: Final = frozenset({"text", "long_text"})


class Patient(Protocol):
    """What `doctor` asks of the connector."""

    @property
    def connections(self) -> tuple[str, ...]: ...
    @property
    def settings(self) -> Any: ...
    def now(self) -> datetime: ...
    def check_writable(self) -> None: ...
    def registry_states(self) -> tuple[RegistryState, ...]: ...
    def mapping(self, connection: str) -> FieldMapping: ...
    def capabilities(self, connection: str) -> Capabilities: ...
    def catalog(self, connection: str) -> Catalog: ...
    def probe(self, connection: str) -> tuple[Probe, ...]: ...


def run_doctor(connector: Patient) -> list[Probe]:
    """Everything, in the order in which it would be mended."""
    probes = [*_settings(connector), _storage(connector), _clock(connector), *_registries(connector)]
    for name in connector.connections:
        probes += _connection(connector, name)
    return probes


def _settings(connector: Patient) -> Iterator[Probe]:
    settings = connector.settings
    if not connector.connections:
        yield Probe(
            "connections", False, "No ATS account is set up.", "Set LER_GREENHOUSE__*, LER_LEVER__* or LER_WORKDAY__*."
        )
    yield _set("API keys", bool(settings.api_key_hashes), "Run `ler-connector key new` and set LER_API_KEYS.")
    yield _set("policy", settings.policy_file is not None, "Set LER_POLICY_FILE: without it no issuer is recognised.")
    yield _set("employer", bool(settings.employer.name), "Set LER_EMPLOYER__NAME: notes and pages name the employer.")
    yield _public_address(settings.public_url)


def _public_address(url: str) -> Probe:
    """Plain http is right on this machine alone, where a trial is run."""
    name, message = "public address", f"Links lead to {url}."
    if not url.startswith("http://"):
        return Probe(name, True, message)
    note = "Before others use it, set LER_PUBLIC_URL to the https address that candidates and recruiters reach."
    if _is_loopback(hosting.split(url).hostname or ""):
        return Probe(name, True, f"{message} They open on this machine only.", note)
    return Probe(name, False, message, note)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _set(name: str, ok: bool, fix: str) -> Probe:
    return Probe(name, ok, "Set." if ok else "Not set.", "" if ok else fix)


def _storage(connector: Patient) -> Probe:
    try:
        connector.check_writable()
    except StoreError as error:
        return Probe("storage", False, error.message, "Look at LER_DATA_DIR or LER_DATABASE_URL: space, rights, locks.")
    return Probe("storage", True, "Can be written.")


def _clock(connector: Patient) -> Probe:
    now = connector.now()
    ok = now >= EARLIEST
    fix = "" if ok else "Set the machine's clock: expiry and links are judged by it."
    return Probe("clock", ok, f"It is {now:%Y-%m-%d %H:%M} UTC.", fix)


def _registries(connector: Patient) -> Iterator[Probe]:
    """Each registry of the policy: whether there is a copy, and how old it is."""
    now = connector.now()
    for state in connector.registry_states():
        old = state.as_of is not None and now - state.as_of > OLD_COPY
        fix = ""
        if not state.usable:
            fix = "Look at its address, its pin and the way there; until then its words are not shown."
        elif old:
            fix = "Its words are shown with that day; look at its address and the way there."
        yield Probe(f"registry {state.label}", state.usable and not old, registry_words(state, now), fix)


def registry_words(state: RegistryState, now: datetime) -> str:
    """How a registry stands, in one sentence."""
    if state.as_of is None:
        return f"It could not be loaded: {state.problem}." if state.problem else "Read from a file."
    hours = max((now - state.as_of).total_seconds() / 3600, 0.0)
    age = f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
    listed = f", {state.entries} issuers" if state.entries is not None else ""
    trouble = f" The last attempt gave nothing: {state.problem}." if state.problem else ""
    return f"Copy of {state.as_of:%Y-%m-%d %H:%M} UTC ({age} old){listed}.{trouble}"


# --- connections -------------------------------------------------------------------------------------------------


def _connection(connector: Patient, name: str) -> Iterator[Probe]:
    try:
        probes = connector.probe(name)
    except DeliveryError as error:
        yield Probe(name, False, error.message, "Look at the connection's address and credentials.")
        return
    probes = tuple(_as_needed(connector, name, probes))
    yield from (replace(p, name=f"{name}: {p.name}") for p in probes)
    if all(p.ok for p in probes):
        yield from (replace(p, name=f"{name}: {p.name}") for p in _targets(connector, name))
    else:  # what can be seen of them would not be worth much: Workday's are known from the settings alone
        yield Probe(f"{name}: target fields", False, "Not looked at.", "Mend what is above first, and run this again.")


def _as_needed(connector: Patient, name: str, probes: Sequence[Probe]) -> Iterator[Probe]:
    """What the mapping makes no use of may be missing."""
    try:
        written = _families(connector.mapping(name))
    except ConnectorError:
        written = frozenset(Family)  # not known, so that everything counts; `_targets` tells what is wrong with it
    for probe in probes:
        if probe.ok or probe.only_for is None or probe.only_for in written:
            yield probe
        else:
            message = f"{probe.message} It is not needed: the mapping writes no {probe.only_for.value}."
            yield replace(probe, ok=True, message=message, fix="")


def _families(mapping: FieldMapping) -> frozenset[Family]:
    """What a mapping writes."""
    content = mapping.content
    written = {family for family in Family if family is not Family.NOTES and getattr(content, family.value)}
    return frozenset(written | ({Family.NOTES} if content.note is not None else set()))


def _targets(connector: Patient, name: str) -> Sequence[Probe]:
    """Whether what the mapping writes to exists, with a type that takes it."""
    try:
        mapping, able = connector.mapping(name), connector.capabilities(name)
        catalog = connector.catalog(name)
    except ConnectorError as error:
        return [Probe("target fields", False, error.message, "Mend that first; the fields could not be looked at.")]
    known = {field.key: field for field in catalog.fields}
    probes = []
    if able.fields:
        probes += [_field(rule, known.get(rule.target), mapping) for rule in mapping.content.fields.values()]
    if able.forms:
        probes += [_form(rule.template, catalog) for rule in mapping.content.forms.values()]
    if able.tags and able.tags_need_vocabulary:
        probes += _tags(mapping, catalog)
    return probes


def _field(rule: FieldRule, found: FieldDefinition | None, mapping: FieldMapping) -> Probe:
    name = f"field {rule.target}"
    if found is None:
        return Probe(name, False, "The ATS has no such field.", f"Create it there, or change {mapping.file}.")
    if found.type != rule.type and not {found.type, rule.type} <= _TEXT:
        fix = f"Make it of type {rule.type} there, or change {mapping.file}."
        return Probe(name, False, f"It is of type {found.type}; the mapping writes {rule.type}.", fix)
    return Probe(name, True, f"There, of type {found.type}.")


def _form(template: str, catalog: Catalog) -> Probe:
    ok = template in catalog.form_templates
    fix = "" if ok else "Create the template in the ATS."
    return Probe(f"form {template}", ok, "There." if ok else "The ATS has no such form template.", fix)


def _tags(mapping: FieldMapping, catalog: Catalog) -> list[Probe]:
    """Only tags that exist can be used there: those that a vocabulary names must."""
    wanted = {rule.prefix + term.name for rule in mapping.content.tags.values() for term in rule.vocabulary or ()}
    existing = {tag.casefold() for tag in catalog.tags}
    missing = sorted(word for word in wanted if word.casefold() not in existing)
    if not missing:
        return [Probe("tags", True, "All tags of the mapping are there.")] if wanted else []
    shown = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return [Probe("tags", False, f"The ATS lacks {shown}.", "Create them there: new tags cannot be made by us.")]
