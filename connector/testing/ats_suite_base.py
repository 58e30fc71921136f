"""What the parts of the conformance suite share: fixtures, helpers, and the values that are written."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

import httpx
import pytest

from connector.infra.ats_http import AtsHttpClients
from connector.model.applicant import ApplicationRef
from connector.model.changes import AddAttachment, AtsState, AttachmentValue, Family, FieldValue
from connector.ports import (
    AtsAdapter,
    AtsPlugin,
    Capabilities,
    FieldDefinition,
    NoteSupport,
    Sandbox,
    SandboxPerson,
    SandboxSeed,
)

BASE_URL: Final = "http://127.0.0.1"
CONNECTION: Final = "suite"
MARKER: Final = "9f2c51d07a3be846"
OTHER_MARKER: Final = "03be7d5512aa90ff"
PLAIN: Final = "MIG welding; issued by Lakeview University"
HOSTILE: Final = (
    "First line\nC++ & R&D <b>bold</b> <script>alert(1)</script> \"double\" 'single' {{7*7}} %s ${x}\n"
    "é ñ Ж 溶接 مهارة 🔧 ]]> &amp; \\n\n\nlast line"
)
CONTENT_TYPES: Final = {"application/pdf": "pdf", "text/plain": "txt", "application/json": "json", "image/png": "png"}


class LoopbackTransport(httpx.AsyncBaseTransport):
    """Calls a stand-in without a socket; a connection the stand-in breaks looks to the client as one that broke."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError("the peer closed the connection", request=request) from error


def visible(state: AtsState) -> dict[str, object]:
    """A state as it can be compared: without the adapter's memory, and without an order where there is none."""
    return {
        "fields": {k: tuple(sorted(v)) if isinstance(v, tuple) else v for k, v in state.fields.items()},
        "tags": state.tags,
        "links": state.links,
        "notes": sorted((n.marker, n.remote_id, n.text) for n in state.notes),
        "attachments": sorted((a.filename, a.remote_id) for a in state.attachments),
        "forms": sorted((f.marker, f.template, f.remote_id, sorted(f.values)) for f in state.forms),
    }


def held(capabilities: Capabilities) -> frozenset[Family]:
    """The families this ATS has anything of."""
    return frozenset(f for f in Family if capabilities.holds(f))


def attachment(capabilities: Capabilities, name: str = "ler-9f2c51d07a3b") -> AddAttachment:
    """A small file of a type that the ATS takes."""
    allowed = capabilities.attachment_types or frozenset(CONTENT_TYPES)
    content_type = next(t for t in CONTENT_TYPES if t in allowed)
    content = b"%PDF-1.7\n% a record\n%%EOF\n" if content_type == "application/pdf" else b"a record\n"
    value = AttachmentValue(
        filename=f"{name}.{CONTENT_TYPES[content_type]}",
        content_type=content_type,
        sha256=hashlib.sha256(content).hexdigest(),
        length=len(content),
    )
    return AddAttachment(target="record", rule="record", value=value, content=content)


def sample(definition: FieldDefinition, turn: int = 0) -> FieldValue:
    """A value for that field; another `turn` gives another value."""
    options = definition.options or ()
    values: dict[str, tuple[FieldValue, FieldValue]] = {
        "text": ("Lakeview University", "Harbor College"),
        "long_text": (PLAIN, f"{PLAIN}\nTIG welding"),
        "url": ("https://ler.example/r/4b1f?lang=en&x=1", "https://ler.example/r/77aa"),
        "yes_no": (True, False),
        "number": (3, 7),
        "date": ("2026-11-23", "2026-12-01"),
        "single_select": (options[0], options[-1]) if options else ("", ""),
        "multi_select": (options[:2], options[1:3]),
    }
    return values[definition.type][turn]


def plain(values: Mapping[str, FieldValue] | Iterable[tuple[str, FieldValue]]) -> dict[str, FieldValue]:
    """Field values without the order of several options, which no ATS promises."""
    return {k: tuple(sorted(v)) if isinstance(v, tuple) else v for k, v in dict(values).items()}


class SuiteBase:
    """Fixtures and helpers; override `plugin`, and the other fixtures only where that is not enough."""

    # --- fixtures -----------------------------------------------------------------------------------------------

    @pytest.fixture
    def plugin(self) -> AtsPlugin:
        raise NotImplementedError("override the fixture `plugin`")

    @pytest.fixture
    def sandbox(self, plugin: AtsPlugin) -> Sandbox:
        return plugin.sandbox(SandboxSeed())

    @pytest.fixture
    async def http(self, sandbox: Sandbox) -> AsyncIterator[AtsHttpClients]:
        clients = AtsHttpClients(CONNECTION, rate=10_000, burst=10_000, transport=LoopbackTransport(sandbox))
        yield clients
        await clients.aclose()

    @pytest.fixture
    async def ats(self, plugin: AtsPlugin, sandbox: Sandbox, http: AtsHttpClients) -> AsyncIterator[AtsAdapter]:
        settings = plugin.settings.model_validate(sandbox.settings(BASE_URL))
        adapter = plugin.adapter(settings, http)
        yield adapter
        await adapter.aclose()

    @pytest.fixture
    def ref(self, sandbox: Sandbox) -> ApplicationRef:
        return self.ref_to(sandbox.people()[0])

    # --- helpers ------------------------------------------------------------------------------------------------

    @staticmethod
    def ref_to(person: SandboxPerson) -> ApplicationRef:
        return ApplicationRef(connection=CONNECTION, candidate=person.candidate, application=person.application)

    @staticmethod
    def need(declared: object, what: str) -> None:
        """Skip unless the capability is declared."""
        if not declared:
            pytest.skip(f"capabilities do not declare {what}")

    @staticmethod
    def holdings(sandbox: Sandbox, ref: ApplicationRef) -> AtsState:
        return sandbox.holdings(ref.candidate, ref.application)

    @staticmethod
    def writes(sandbox: Sandbox) -> int:
        return sum(request.write for request in sandbox.log)

    async def look(self, ats: AtsAdapter, ref: ApplicationRef) -> AtsState:
        return await ats.read(ref, held(ats.capabilities))

    async def fields_by_type(self, ats: AtsAdapter, ref: ApplicationRef) -> dict[str, FieldDefinition]:
        """One field of each declared type that is empty on a fresh candidate."""
        taken = (await ats.read(ref, frozenset({Family.FIELDS}))).fields
        found: dict[str, FieldDefinition] = {}
        for definition in (await ats.catalog()).fields:
            if definition.key not in taken:
                found.setdefault(definition.type, definition)
        missing = ats.capabilities.field_types - found.keys()
        assert not missing, f"the stand-in has no empty field of these declared types: {sorted(missing)}"
        return {kind: found[kind] for kind in sorted(ats.capabilities.field_types)}

    async def text_field(self, ats: AtsAdapter, ref: ApplicationRef) -> FieldDefinition:
        """The field that tests write text to; the same one all through a test, also once it holds something."""
        if self._text_field is None:
            fields = await self.fields_by_type(ats, ref)
            self._text_field = fields.get("long_text") or fields.get("text") or next(iter(fields.values()))
        return self._text_field

    _text_field: FieldDefinition | None = None

    async def new_tags(self, ats: AtsAdapter, seen: AtsState) -> tuple[str, str]:
        """Two tags that are not on the candidate, from the vocabulary where there is one."""
        if not ats.capabilities.tags_need_vocabulary:
            return "LER: C++ & R&D", "LER: Schweißen"
        free = [tag for tag in (await ats.catalog()).tags if tag not in seen.tags]
        assert len(free) >= 2, "the stand-in needs two tags in its vocabulary that the first person does not have"
        return free[0], free[1]

    async def write_something(self, ats: AtsAdapter, ref: ApplicationRef, seen: AtsState) -> None:
        """One write of the first family the ATS has; nothing when `seen` says it stands there already."""
        able = ats.capabilities
        if able.fields:
            field = await self.text_field(ats, ref)
            await ats.set_fields(ref, {field.key: sample(field)}, seen)
        elif able.tags:
            await ats.add_tags(ref, [(await self.new_tags(ats, AtsState()))[0]], seen)
        elif able.links:
            await ats.add_links(ref, ["https://ler.example/r/1"], seen)
        elif able.notes is not NoteSupport.NONE:
            if not any(n.marker == MARKER for n in seen.notes):
                await ats.put_note(ref, MARKER, PLAIN, private=False, existing=None)
        else:
            pytest.skip("this ATS holds nothing that the suite knows how to write")
