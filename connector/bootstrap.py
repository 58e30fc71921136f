"""The one place where concrete things are built and wired together, and the face of the product for web and CLI."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from connector import pipeline, registry
from connector.config import Settings
from connector.deliver.ledger import person_of
from connector.deliver.wished import share_of, wished
from connector.errors import ConfigurationError, ConnectorError, LinkError
from connector.infra.accounts import Account, Accounts
from connector.infra.clock import SystemClock
from connector.infra.courier import Courier
from connector.infra.crypto import Vault, secret_keys
from connector.infra.database import open_engine, sqlalchemy_url
from connector.infra.decisions import Decisions
from connector.infra.documents import GuardedDocuments
from connector.infra.files import Reloaded
from connector.infra.invitations import Invitations
from connector.infra.registries import Registries, RegistryState
from connector.infra.store import Store
from connector.infra.tokens import RefreshTokens
from connector.infra.workbench import Workbench
from connector.intake import screen
from connector.mapping import FieldMapping, load_mapping, mapping_path
from connector.model.changes import ChangeSet, Family
from connector.model.records import (
    RESTING_STATES,
    Invitation,
    NewInvitation,
    NewSubmission,
    State,
    SubmissionPage,
    SubmissionRecord,
)
from connector.model.work import Action, Work
from connector.normalize import EMPTY, Crosswalk
from connector.normalize.crosswalk_file import load_crosswalk
from connector.pipeline import Tools
from connector.ports import Capabilities, Catalog, Clock, DocumentSource, Probe
from connector.share import admission, consent, links
from connector.share.keys import new_api_key
from connector.share.plans import Plans
from connector.verify.policy import Policy
from connector.verify.policy_file import load_policy

if TYPE_CHECKING:
    from connector.infra.engine import Engine

__all__ = ["Connector", "build", "new_api_key"]

log = logging.getLogger(__name__)

_WITHDRAWALS: Final = {"restrict": Action.WITHDRAW, "remove": Action.REMOVE}


class Connector:
    """Everything that the service, the pages and the commands may ask for.

    Methods are sync and may be called from any thread. What does not exist is None where one thing is asked for, and
    `ConnectorError` `unknown_submission` where something is to be done to it; what cannot be done in its present
    state is `not_allowed_now`.

    Attributes:
        connections: names of the ATS accounts.
        registries: those that the policy names.
        decisions: what was decided about issuers.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        invitations: Invitations,
        vault: Vault,
        accounts: Accounts,
        decisions: Decisions,
        clock: Clock,
        documents: Callable[[], DocumentSource],
    ) -> None:
        self.settings, self.version = settings, version("ler-ats-connector")
        self.connections = tuple(c.name for c in settings.ats_connections)
        self._store, self._vault, self._accounts, self._clock = store, vault, accounts, clock
        self._invitations, self.decisions = invitations, decisions
        self._workbench = Workbench()
        self._courier = Courier(accounts.adapter, time_scale=settings.time_scale)
        self._engine: Engine | None = None
        self._policies = Reloaded(load_policy)
        self.registries = Registries(documents, folder=settings.data_dir / "registries", clock=clock)
        self._mappings: dict[str, Reloaded[FieldMapping]] = {}
        self._crosswalks = Reloaded(load_crosswalk)
        self._plans = Plans(
            kind=accounts.kind,
            language=lambda name: settings.connection(name).options.language,
            capabilities=accounts.capabilities,
            catalog=self.catalog,
            mapping=self._mapping_of,
            document=store.document,
            report_url=self.report_url,
            employer_name=settings.employer.name,
        )
        self._tools = Tools(
            desk=store,
            ledger=store,
            courier=self._courier,
            clock=clock,
            policy=self.policy,
            crosswalk=self.crosswalk,
            documents=documents,
            plan=self._plans.make,
            wide=self._wide,
            screen=screen,
            recheck_for=timedelta(hours=settings.recheck_hours),
            time_scale=settings.time_scale,
            look_into=self._workbench,
        )

    # --- life ---

    def start(self, *, join: bool = False) -> None:
        """Start the engine.

        Args:
            join: when another process already runs one for this data directory, hand work to it instead of failing.

        Raises:
            ConfigurationError: another process runs the engine, and `join` is False.
        """
        from connector.infra.engine import Engine

        engine = Engine(
            run=lambda submission_id, steps: pipeline.run(submission_id, steps, self._tools),
            make_turn=pipeline.Turn,
            submissions=self._store,
            limits={c.name: c.options.rate for c in self.settings.ats_connections},
            data_dir=self.settings.data_dir,
            database_url=self.settings.database_url.get_secret_value(),
            time_scale=self.settings.time_scale,
        )
        engine.start(join=join)
        self._engine = engine
        self.registries.start(self.policy)

    def stop(self) -> None:
        """Let what is under way end, and close everything."""
        self.registries.stop()
        if self._engine is not None:
            self._engine.stop()
            self._engine = None
        self._workbench.close()
        self._courier.close(self._accounts.aclose)
        self._store.close()

    def ready(self) -> bool:
        """Whether submissions can be taken."""
        return self._store.ready()

    @property
    def recovered(self) -> int:
        """How many submissions the reconciler had to set in motion again."""
        return self._engine.recovered if self._engine is not None else 0

    # --- submissions ---

    def submit(self, new: NewSubmission) -> SubmissionRecord:
        """Keep what was handed in, and have it worked on.

        Raises:
            IntakeError: it must not, or cannot, be kept.
            ConnectorError: `unknown_connection`.
            StoreError: it was not kept; `idempotency_conflict` when its key came with another request.
        """
        self._require_connection(new.ref.connection)
        content, url = admission.admitted(new, max_bytes=self.settings.max_upload_bytes)
        if new.mapping is not None:
            self._mapping_of(new.ref.connection, new.mapping)
        work = admission.received(new, content, url, self._clock.now())
        kept, created = self._store.add(
            work,
            content,
            idempotency_key=new.idempotency_key,
            request=admission.request_bytes(new, content),
            report_for=person_of(new.ref) if self._wide(new.ref.connection) else None,
        )
        if created:
            log.info("submission %s: received for %s", kept.id, kept.ref.connection)
            self._drive(kept.id)
        return kept.record()

    def submission(self, submission_id: str) -> SubmissionRecord | None:
        work = self._store.get(submission_id)
        return work.record() if work is not None else None

    def submissions(
        self, *, cursor: str | None = None, state: State | None = None, connection: str | None = None, limit: int = 50
    ) -> SubmissionPage:
        """Newest first; LinkError `cursor_invalid` for a cursor that we did not give."""
        items, following = self._store.page(cursor, state, connection, limit)
        return SubmissionPage(items=tuple(w.record() for w in items), next_cursor=following)

    def wait(self, submission_id: str, timeout: float = 60.0) -> SubmissionRecord:
        """The submission once it rests, or as it stands when the time is over or the next attempt lies behind it."""
        deadline, pause = time.monotonic() + timeout, 0.02
        while True:
            work = self._known(submission_id)
            at_rest = work.state in RESTING_STATES and work.action in (None, Action.RECHECK)
            left = deadline - time.monotonic()
            next_in = (work.next_attempt_at - self._clock.now()).total_seconds() if work.next_attempt_at else 0.0
            if at_rest or left <= 0 or next_in > left:
                return work.record()
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, 0.25)

    def retry(self, submission_id: str) -> SubmissionRecord:
        """Set a submission in motion again: failed, refused, partly delivered."""
        return self._act(submission_id, consent.retried)

    def reevaluate(self, submission_id: str) -> SubmissionRecord:
        """Judge it by the policy as it is now, and deliver the difference; see `consent.reevaluated`."""
        return self._act(submission_id, consent.reevaluated)

    def undo(self, submission_id: str) -> SubmissionRecord:
        """Take back what this submission put into the ATS; what others put there stays."""
        return self._act(submission_id, partial(consent.taken_back, action=Action.UNDO))

    def withdraw(self, submission_id: str) -> SubmissionRecord:
        """The candidate asked to stop using it; the connection says what that means."""
        work = self._known(submission_id)
        action = _WITHDRAWALS.get(self.settings.connection(work.ref.connection).options.withdrawal)
        if action is None:
            return self._store.change(submission_id, consent.withdrawal_requested).record()
        return self._act(submission_id, partial(consent.taken_back, action=action))

    def erase(self, submission_id: str) -> SubmissionRecord:
        """Take it out of the ATS as far as that goes, then delete what is kept of it here."""
        return self._act(submission_id, partial(consent.taken_back, action=Action.ERASE))

    def consent(self, submission_id: str, selected: tuple[str, ...], reference: str | None = None) -> SubmissionRecord:
        """The candidate's choice (ids of claims); the delivery starts."""

        def turn(work: Work) -> Work:
            after = consent.consented(work, selected, reference)
            return after if after is work else after.model_copy(update={"consented_at": self._clock.now()})

        return self._act(submission_id, turn)

    def preview(self, submission_id: str, selected: tuple[str, ...] | None = None, *, alone: bool = False) -> ChangeSet:
        """What would stand in the ATS with this choice; nothing is written.

        Args:
            alone: only what this submission brings. Whoever holds a candidate's link must not learn from it what was
                shared for the same application before.
        """
        work = self._known(submission_id)
        if selected is not None:
            if not selected:
                return ChangeSet(ats=self._accounts.kind(work.ref.connection))
            work = consent.with_choice(work, selected)
        if alone:
            return self._plans.preview(share_of(work.ref, [work]))
        live = [*(w for w in self._store.live(work.ref) if w.id != work.id), work]
        plan = wished(work.ref, live, wide=self._wide(work.ref.connection), plan_of=self._plans.preview)
        assert plan is not None, "it includes this one"
        return plan

    def _act(self, submission_id: str, turn: Callable[[Work], Work]) -> SubmissionRecord:
        self._known(submission_id)
        work = self._store.change(submission_id, turn)
        self._drive(submission_id)
        return work.record()

    def _known(self, submission_id: str) -> Work:
        work = self._store.get(submission_id)
        if work is None:
            raise consent.unknown_submission()
        return work

    def _drive(self, submission_id: str) -> None:
        if self._engine is not None:
            self._engine.enqueue(submission_id)

    # --- links ---

    def invite(self, new: NewInvitation) -> tuple[str, Invitation]:
        """A link for one applicant and one application. Only its hash is kept.

        Raises:
            IntakeError: nothing could be handed in through it.
        """
        self._require_connection(new.ref.connection)
        admission.check_ids(new.ref)
        token = secrets.token_urlsafe(24)
        invitation = self._invitations.add(f"inv_{secrets.token_hex(12)}", token, new)
        return f"{self.settings.public_url}/s/{token}", invitation

    def invitation(self, token: str) -> Invitation:
        """The invitation behind a link; LinkError `link_unknown` or `link_expired`."""
        return self._invitations.get(token)

    def report(self, report_id: str) -> list[SubmissionRecord]:
        """All live submissions behind a report, oldest first; LinkError when there is no such report."""
        works = self._store.report_submissions(report_id)
        if works is None:
            raise LinkError("There is no such report.", code="link_unknown")
        return [work.record() for work in works]

    def report_url(self, report_id: str) -> str:
        """A signed link that opens the report for a time."""
        expires_at = self._store.report_expiry(report_id)
        if expires_at is None:
            raise LinkError("There is no such report.", code="link_unknown")
        return links.report_link(self._vault, self.settings.public_url, report_id, expires_at)

    def check_report_link(self, report_id: str, query: Mapping[str, str]) -> None:
        """Raise LinkError (`link_invalid`, `link_expired`) unless the query opens this report now."""
        links.check_report_link(self._vault, report_id, query, self._clock.now())

    def view_key(self, submission_id: str) -> str:
        """What only the browser that handed in a submission is sent to."""
        return links.view_key(self._vault, submission_id)

    def check_view_key(self, submission_id: str, key: str) -> bool:
        return links.is_view_key(self._vault, submission_id, key)

    # --- the accounts and the employer's files ---

    def capabilities(self, connection: str) -> Capabilities:
        """What that account's ATS can hold."""
        self._require_connection(connection)
        return self._accounts.capabilities(connection)

    def probe(self, connection: str) -> tuple[Probe, ...]:
        """For `doctor`: token, scopes, the acting user."""
        self._require_connection(connection)
        return self._courier.call(self._accounts.adapter(connection).probe())

    def catalog(self, connection: str) -> Catalog:
        """The fields, options, tags and form templates that exist in that account."""
        self._require_connection(connection)
        return self._courier.call(self._accounts.catalog(connection))

    def now(self) -> datetime:
        return self._clock.now()

    def check_writable(self) -> None:
        """Raise StoreError when nothing could be stored now."""
        self._store.check_writable()

    def policy(self) -> Policy:
        """Whom the employer recognises; without a file nobody. Its registries can be asked."""
        file = self.settings.policy_file
        return self.registries.attach(self._policies.get(file)) if file else Policy()

    def registry_states(self) -> tuple[RegistryState, ...]:
        """How each registry of the policy stands, after asking those that are due."""
        policy = self.policy()
        self.registries.refresh(policy)
        return self.registries.states(policy)

    def crosswalk(self) -> Crosswalk:
        return self._crosswalks.get(self.settings.crosswalk_file) if self.settings.crosswalk_file else EMPTY

    def mapping(self, connection: str) -> FieldMapping:
        """The mapping that is in force for a connection."""
        settings = self.settings.connection(connection)
        return self._load_mapping(self._mapping_path(connection, settings.kind), settings.kind)

    # --- wiring ---

    def _mapping_path(self, name: str, kind: str) -> Path:
        return mapping_path(self.settings.mapping_dir, name, kind, registry.plugin(kind).default_mapping)

    def _wide(self, connection: str) -> frozenset[Family]:
        return self._accounts.capabilities(connection).candidate_wide

    def _mapping_of(self, connection: str, own: str | None) -> FieldMapping:
        kind = self.settings.connection(connection).kind
        return self._load_mapping(Path(own), kind) if own else self.mapping(connection)

    def _load_mapping(self, path: Path, kind: str) -> FieldMapping:
        """What a mapping file says; MappingError for one that is for another ATS than `kind`."""
        if kind not in self._mappings:
            self._mappings[kind] = Reloaded(partial(load_mapping, kind=kind, known=registry.available()))
        return self._mappings[kind].get(path)

    def _require_connection(self, name: str) -> None:
        if name not in self._accounts:
            known = ", ".join(self.connections) or "none"
            raise ConnectorError("There is no connection of that name.", code="unknown_connection", detail=known)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    documents: DocumentSource | None = None,
    transports: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    files: bool = True,
) -> Connector:
    """Wire a connector together.

    Args:
        clock: the system's when not given.
        documents: replaces the guarded network (a recorded world, or nothing at all).
        transports: replaces the network towards an ATS, by connection name.
        files: read policy, crosswalk and mappings at once. A tool that looks at such a file itself leaves it to later.

    Raises:
        ConfigurationError: a setting is wrong.
        PolicyFileError, MappingError: a file is.
    """
    clock = clock or SystemClock()
    _make_data_dir(settings.data_dir)
    keys, written = secret_keys(settings.secret_keys, settings.data_dir)
    if written is not None:
        log.warning("LER_SECRET_KEY is not set: a new key was written to %s; keep a copy of it", written)
    vault = Vault(keys)
    url = sqlalchemy_url(settings.database_url.get_secret_value(), settings.data_dir)
    engine = open_engine(url)
    store = Store(engine, vault, clock, link_days=settings.report_link_days)
    store.open()
    invitations = Invitations(engine, vault, clock)
    invitations.forget_ended()
    connector = Connector(
        settings,
        store=store,
        invitations=invitations,
        vault=vault,
        accounts=_accounts(settings, transports or {}, RefreshTokens(engine, vault)),
        decisions=Decisions(engine, vault),
        clock=clock,
        documents=(documents or GuardedDocuments(**settings.egress)).session,
    )
    if files:
        connector.policy()
        connector.crosswalk()
        for name in connector.connections:
            connector.mapping(name)
    return connector


def _make_data_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"LER_DATA_DIR ({path}) cannot be made: {error.strerror}.") from error


def _accounts(
    settings: Settings, transports: Mapping[str, httpx.AsyncBaseTransport], refresh_tokens: RefreshTokens
) -> Accounts:
    accounts = {
        c.name: Account(
            name=c.name,
            plugin=registry.plugin(c.kind),
            settings=c.ats,
            rate=c.options.rate,
            burst=c.options.burst,
            transport=transports.get(c.name),
        )
        for c in settings.ats_connections
    }
    return Accounts(
        accounts, ca_bundle=settings.ca_bundle, time_scale=settings.time_scale, refresh_tokens=refresh_tokens
    )
