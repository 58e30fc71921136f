"""What the core asks of the outside world, as protocols. Everything concrete is wired together in `bootstrap`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from connector.model.applicant import ApplicationRef
from connector.model.report import RequestRecord

if TYPE_CHECKING:
    import httpx
    from pydantic import BaseModel

    from connector.model.changes import (
        AddAttachment,
        AtsState,
        AttachmentState,
        Family,
        FieldValue,
        FormState,
        NoteState,
        PutForm,
    )

# --- documents from the network ----------------------------------------------------------------------------------


class Purpose(StrEnum):
    """Why a document is fetched; it decides about redirects and size (THREATS: none for keys and status lists)."""

    KEY = "key"
    STATUS_LIST = "status_list"
    HOSTED_BADGE = "hosted_badge"
    LINK = "link"
    REFRESH = "refresh"
    REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """An answer. Any HTTP status is an answer: 404 and 410 mean something for hosted badges.

    Attributes:
        url: the address that answered, after redirects.
        content: the body, decompressed, within the limit of its purpose.
        fetched_at: when; a cached copy keeps its first time.
    """

    url: str
    status: int
    content_type: str
    content: bytes
    fetched_at: datetime


class DocumentSource(Protocol):
    """The one way to a document on the network: the guarded client, a recorded world, or nothing at all (offline)."""

    def get(
        self, url: str, *, purpose: Purpose, accept: str = "application/json", fresh: bool = False
    ) -> FetchedDocument:
        """Fetch `url`.

        Args:
            fresh: do not answer from the cache.

        Raises:
            FetchError: no usable answer; `refused` when a guard said no and nothing was sent.
        """
        ...

    def session(self) -> DocumentSource:
        """The same source, cache and all, with a list of requests of its own: one per answer that is given."""
        ...

    def recorded(self, identifier: str) -> FetchedDocument | None:
        """The answer a recorded world holds for a DID or URN; always None on the real network."""
        ...

    def keep_for(self, url: str, seconds: float) -> None:
        """Say how long the copy of `url` that was just fetched may answer again (a status list's `ttl`)."""
        ...

    @property
    def requests(self) -> tuple[RequestRecord, ...]:
        """Every URL that was wanted through this source, in order."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What a verification may look at outside the credential."""

    documents: DocumentSource


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


# --- the ATS -----------------------------------------------------------------------------------------------------


class NoteSupport(StrEnum):
    """`append_only` notes can be neither edited nor removed; `emulated` ones live in some other place of that ATS."""

    NONE = "none"
    APPEND_ONLY = "append_only"
    EDITABLE = "editable"
    EMULATED = "emulated"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an ATS can hold. The core asks before it plans; the feature table in the docs is printed from it.

    Attributes:
        fields: structured fields by key.
        field_types: value types its fields know (`text`, `long_text`, `url`, `yes_no`, `number`, `date`,
            `single_select`, `multi_select`).
        tags: free or pre-made tags on the candidacy; `tags_need_vocabulary` when only existing ones may be used.
        notes: see NoteSupport; `private_notes` when a note can be kept from ordinary users.
        attachments: files; `needs_application` when any write needs an application id.
        links, forms: lists of links; completed forms from a template, whose fields know `form_field_types`.
        removable: the families of which our values can be taken back.
        candidate_wide: the families that this ATS keeps on the person: all applications of a candidate share them.
        max_text: longest text of a field, in characters (None: not known).
        attachment_types: content types it takes; empty means any.
    """

    fields: bool = False
    field_types: frozenset[str] = frozenset()
    tags: bool = False
    tags_need_vocabulary: bool = False
    notes: NoteSupport = NoteSupport.NONE
    private_notes: bool = False
    attachments: bool = False
    attachment_types: frozenset[str] = frozenset()
    needs_application: bool = False
    links: bool = False
    forms: bool = False
    form_field_types: frozenset[str] = frozenset()
    removable: frozenset[Family] = frozenset()
    candidate_wide: frozenset[Family] = frozenset()
    max_text: int | None = None

    def holds(self, family: Family) -> bool:
        """Whether this ATS has anything of that family."""
        from connector.model.changes import Family  # not for a verification, which writes nothing

        if family is Family.NOTES:
            return self.notes is not NoteSupport.NONE
        return bool(getattr(self, family.value))


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field as the ATS defines it: `key` is what a mapping names. `options` are names; None when it has none."""

    key: str
    name: str
    type: str
    options: tuple[str, ...] | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What exists in the ATS to be written to."""

    fields: tuple[FieldDefinition, ...] = ()
    tags: tuple[str, ...] = ()
    form_templates: Mapping[str, tuple[FieldDefinition, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """One line of `doctor`: what was looked at, whether it is well, and how to mend it when not.

    Attributes:
        only_for: the family of values for which alone this is needed; without one it is needed whatever is written.
    """

    name: str
    ok: bool
    message: str
    fix: str = ""
    only_for: Family | None = None


class AtsAdapter(Protocol):
    """One account of one ATS. Thin: shape and vocabulary here; decisions, retries and idempotency in the core.

    Every method raises from the `DeliveryError` branch only. A write that may have been applied although no answer
    came back raises `RetryableDeliveryError(maybe_applied=True)`. Nothing is retried inside, except one refresh of an
    expired access token. A family that `capabilities` does not declare raises `UnsupportedByAts`.
    """

    @property
    def kind(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def read(self, ref: ApplicationRef, wanted: frozenset[Family]) -> AtsState:
        """What stands there now, in as few requests as that ATS allows.

        Raises:
            NotFoundInAts: the candidate or the application is not there (deleted, merged away, anonymised).
            AmbiguousTarget: an application is needed, none was named, and there is more than one.
        """
        ...

    async def set_fields(self, ref: ApplicationRef, values: Mapping[str, FieldValue | None], seen: AtsState) -> None:
        """Write fields by key (None empties one), leaving every other field as `seen` has it."""
        ...

    async def add_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None: ...

    async def remove_tags(self, ref: ApplicationRef, tags: Sequence[str], seen: AtsState) -> None: ...

    async def add_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None: ...

    async def remove_links(self, ref: ApplicationRef, links: Sequence[str], seen: AtsState) -> None: ...

    async def put_note(
        self, ref: ApplicationRef, marker: str, text: str, *, private: bool, existing: NoteState | None
    ) -> str:
        """Write a note that `read` will find again under `marker`; returns the vendor's id of it.

        With `existing` the note is edited in place; only for `editable` and `emulated` notes.
        """
        ...

    async def remove_note(self, ref: ApplicationRef, note: NoteState) -> None: ...

    async def add_attachment(self, ref: ApplicationRef, attachment: AddAttachment) -> str:
        """Add a file under exactly `attachment.value.filename`; returns the vendor's id of it."""
        ...

    async def remove_attachment(self, ref: ApplicationRef, attachment: AttachmentState) -> None: ...

    async def put_form(self, ref: ApplicationRef, marker: str, form: PutForm, *, existing: FormState | None) -> str:
        """Complete the form template named `form.target`; where forms cannot be edited, a new one supersedes."""
        ...

    async def catalog(self) -> Catalog:
        """The fields, tags and form templates that exist."""
        ...

    async def probe(self) -> tuple[Probe, ...]:
        """For `doctor`: token, scopes, the acting user. Never raises for a refusal: that is a Probe that is not ok."""
        ...

    async def aclose(self) -> None: ...


class AtsHttp(Protocol):
    """The connector's own HTTP clients: time-outs, rate limit, https rule and counting are already in them."""

    def client(
        self, base_url: str, *, auth: httpx.Auth | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.AsyncClient:
        """A client for an account with a key, or with an `httpx.Auth` of the adapter's own."""
        ...

    def oauth_client(
        self,
        base_url: str,
        *,
        token_url: str,
        client_id: str,
        client_secret: str | None,
        grant_type: str,
        token_params: Mapping[str, str] | None = None,
        auth_method: str = "client_secret_basic",
        read_token: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
        fresh_params: Callable[[], Mapping[str, str]] | None = None,
        is_stale: Callable[[httpx.Response], bool] | None = None,
    ) -> httpx.AsyncClient:
        """A client that fetches, caches and renews its bearer token (single-flight, 60 s early).

        Args:
            grant_type: `client_credentials`, `refresh_token`, or a URN (`...:jwt-bearer`).
            token_params: more form members of the token request (`sub`, `refresh_token`, `assertion`).
            read_token: brings a vendor's answer into OAuth's shape (`access_token`, `expires_in` or `expires_at`).
            fresh_params: form members made anew for each token request (a signed assertion that lives five minutes).
            is_stale: says of an answer that is not 401 that the token is no longer taken (a fault inside HTTP 500).

        A refused token request raises `AtsAuthError`; an unreachable token server `RetryableDeliveryError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SandboxSeed:
    """What a stand-in starts with. None leaves the stand-in's own small world of invented people.

    Attributes:
        options: switches of the stand-in (`{"custom_fields_patch": "replace"}`); each stand-in documents its own.
    """

    path: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxFault:
    """Something that goes wrong on purpose, for the next requests of one kind.

    Attributes:
        status: the answer's HTTP status; with `reset` nothing usable arrives at all (the connection breaks).
        headers, body, content_type: the rest of that answer; an empty body takes the stand-in's own error shape.
        after_commit: the request takes effect first, then its answer is replaced or lost.
        on: `read`, `write` (it would change a record), `token`, or `any` of the first two.
        times: for how many requests.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    after_commit: bool = False
    reset: bool = False
    on: Literal["read", "write", "token", "any"] = "any"
    times: int = 1


class Sandbox(Protocol):
    """A stand-in for a vendor: an ASGI application with a world behind it."""

    @property
    def app(self) -> Callable[..., Any]: ...

    def settings(self, base_url: str) -> dict[str, Any]:
        """Settings (the plugin's model) that reach this stand-in at `base_url`, with its own key or client."""
        ...

    def people(self) -> Sequence[SandboxPerson]:
        """The applicants it starts with."""
        ...

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        """What it really holds for one application: the ground truth for tests, read without HTTP."""
        ...

    def view_path(self, candidate: str) -> str:
        """Path of the plain page that shows what a recruiter would see."""
        ...

    @property
    def log(self) -> Sequence[SandboxRequest]:
        """Every request it answered, oldest first."""
        ...

    @property
    def absent_candidate(self) -> str:
        """An id of the right shape that nobody has."""
        ...

    @property
    def permissions(self) -> set[str]:
        """The scopes or rights the connection's credential has; remove one and the stand-in refuses what needs it.

        It starts with exactly those that the adapter needs.
        """
        ...

    def inject(self, fault: SandboxFault) -> None:
        """Let the next requests fail that way."""
        ...

    def expire_tokens(self) -> bool:
        """End every access token now; False when this connection's credential does not expire."""
        ...

    def delete_candidate(self, candidate: str) -> None:
        """A recruiter deletes that person."""
        ...


@dataclass(frozen=True, slots=True)
class SandboxPerson:
    candidate: str
    application: str
    name: str
    email: str
    job: str


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    method: str
    path: str
    status: int
    write: bool
    """It changed, or tried to change, a candidate's record (a token request or a search by POST does not)."""


@dataclass(frozen=True, slots=True)
class AtsPlugin:
    """What an entry point of group `ler_connector.ats` names.

    Attributes:
        kind: the ATS's name in settings and mappings (`greenhouse`).
        settings: pydantic model of `LER_<CONNECTION>__*`; secrets are `SecretStr`.
        adapter: makes an adapter from those settings and the connector's HTTP clients.
        sandbox: makes a stand-in.
        default_mapping, full_mapping: file names under `mappings/`.
        capabilities: what this kind of ATS can hold, for a plan that is made without an account.
        rate, burst: requests per second on average, and at once, that the vendor lets an account make.
    """

    kind: str
    title: str
    settings: type[BaseModel]
    adapter: Callable[[Any, AtsHttp], AtsAdapter]
    sandbox: Callable[[SandboxSeed], Sandbox]
    default_mapping: str
    full_mapping: str
    capabilities: Capabilities = field(default_factory=Capabilities)
    rate: float = 5.0
    burst: int = 10
