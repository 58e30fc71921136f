"""A registry that is an OpenID Federation, asked issuer by issuer; what it said is kept like any other copy.

The anchor's configuration is fetched once per refresh; a statement speaks for a day or as long as it says itself. A
registry that does not know an issuer says so with 404, and that is kept too: taken out is not "could not be loaded".
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.infra.registry_shop import REFRESH, Shop, copy_name
from connector.verify import federation
from connector.verify.federation import Statement
from connector.verify.policy import Registry
from connector.verify.registries import Entry, RegistryProblem

log = logging.getLogger(__name__)

MAX_KEPT: Final = 2_000
_NOT_PINNED: Final = "the policy pins no keys for it (jwks)"
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class _Said:
    """What the registry said of one issuer, and when. Without a token: that it does not list it."""

    at: datetime
    token: str | None
    entry: Entry | None
    until: datetime
    """When it is to be asked again."""


class FederationBook:
    """One trust anchor. Safe to be asked from several threads."""

    def __init__(self, registry: Registry, shop: Shop) -> None:
        assert registry.url is not None
        self._registry, self._shop, self._name = registry, shop, copy_name(registry)
        self._entity = registry.url.removesuffix(federation.CONFIGURATION_PATH).rstrip("/")
        self._pinned = federation.pinned_keys(registry.jwks.keys) if registry.jwks else {}
        self._lock = threading.Lock()
        self._configuration: tuple[datetime, str, Statement] | None = None
        self._said: dict[str, _Said] = {}
        self._failed: dict[str, tuple[datetime, str]] = {}
        self._problem = ""
        self._restore()

    def look(self, issuer: str) -> tuple[Entry | None, datetime | None, str]:
        if not self._pinned:
            return None, None, _NOT_PINNED
        said = self._said.get(issuer)
        if self._due(issuer):
            wait = said is None or self._shop.waits_for_fresh
            self._shop.run(f"{self._name} {issuer}", lambda: self._ask(issuer), wait=wait)
            said = self._said.get(issuer)
        if said is None:
            return None, None, self._failed.get(issuer, (None, "it has not answered yet"))[1]
        return said.entry, said.at, ""

    def refresh(self) -> None:
        if not self._pinned:
            return
        named: Iterable[str] = self._registry.recognise or ()
        for issuer in dict.fromkeys((*named, *self._said)):
            if self._due(issuer):
                self._ask(issuer)
        if not self._said and self._shop.due(*self._configured()):
            self._attempt("", self._fresh_configuration)

    def state(self) -> tuple[int | None, datetime | None, str]:
        if not self._pinned:
            return None, None, _NOT_PINNED
        latest = max((said.at for said in self._said.values()), default=self._configured()[0])
        return None, latest, self._problem or ("" if latest else "it has not been asked yet")

    # --- asking ---

    def _due(self, issuer: str) -> bool:
        said, failed = self._said.get(issuer), self._failed.get(issuer)
        tried = failed[0] if failed else None
        if said is not None and said.until <= self._shop.clock.now():
            return self._shop.due(None, tried)
        return self._shop.due(said.at if said else None, tried, timedelta(days=1))

    def _configured(self) -> tuple[datetime | None, datetime | None]:
        failed = self._failed.get("")
        return (self._configuration[0] if self._configuration else None), (failed[0] if failed else None)

    def _ask(self, issuer: str) -> None:
        def ask() -> None:
            url = federation.fetch_url(federation.fetch_endpoint(self._fresh_configuration()), issuer)
            answer = self._shop.fetch(url, federation.ACCEPT)
            now = self._shop.clock.now()
            if answer.status == _NOT_FOUND:
                self._keep(issuer, _Said(now, None, None, now + REFRESH))
                return
            token = _text(answer.status, answer.content)
            configuration = self._fresh_configuration()
            statement = self._read(token, configuration.issuer, issuer)
            self._keep(issuer, _said(token, statement, configuration, now))

        self._attempt(issuer, ask)

    def _attempt(self, issuer: str, work: Callable[[], object]) -> None:
        try:
            work()
        except RegistryProblem as problem:
            log.warning("registry %s: could not be asked: %s", self._registry.label, problem)
            with self._lock:
                while len(self._failed) >= MAX_KEPT:
                    self._failed.pop(next(iter(self._failed)))
                self._failed[issuer] = (self._shop.clock.now(), str(problem))
                self._problem = str(problem)
        else:
            with self._lock:
                self._failed.pop(issuer, None)
                self._problem = ""

    def _fresh_configuration(self) -> Statement:
        """The anchor's configuration, fetched anew when it is due or has ended."""
        now = self._shop.clock.now()
        known = self._configuration
        if known is not None and timedelta(0) <= now - known[0] < REFRESH and federation.is_current(known[2], now):
            return known[2]
        answer = self._shop.fetch(f"{self._entity}{federation.CONFIGURATION_PATH}", federation.ACCEPT)
        token = _text(answer.status, answer.content)
        statement = self._read_configuration(token)
        federation.fetch_endpoint(statement)
        self._require_current(statement)
        self._configuration = (now, token, statement)
        self._save()
        return statement

    def _read_configuration(self, token: str) -> Statement:
        """Self-issued by the anchor under the address that the policy names, with or without a slash at its end."""
        now = self._shop.clock.now()
        try:
            return federation.read_statement(token, self._pinned, issuer=self._entity, subject=self._entity, now=now)
        except RegistryProblem:
            slash = f"{self._entity}/"
            return federation.read_statement(token, self._pinned, issuer=slash, subject=slash, now=now)

    def _read(self, token: str, issuer: str, subject: str) -> Statement:
        now = self._shop.clock.now()
        statement = federation.read_statement(token, self._pinned, issuer=issuer, subject=subject, now=now)
        self._require_current(statement)
        return statement

    def _require_current(self, statement: Statement) -> None:
        if not federation.is_current(statement, self._shop.clock.now()):
            raise RegistryProblem("its answer has passed its own end date")

    # --- keeping ---

    def _keep(self, issuer: str, said: _Said) -> None:
        with self._lock:
            self._said.pop(issuer, None)
            self._said[issuer] = said
            while len(self._said) > MAX_KEPT:
                self._said.pop(next(iter(self._said)))
        self._save()

    def _save(self) -> None:
        """Members only: an identifier that the registry does not list may be a person's, and stays in memory."""
        with self._lock:
            listed = {issuer: said for issuer, said in self._said.items() if said.token is not None}
        said = {issuer: {"at": s.at.isoformat(), "token": s.token} for issuer, s in listed.items()}
        known = self._configuration
        configuration = {"at": known[0].isoformat(), "token": known[1]} if known else None
        self._shop.copies.write(self._name, {"configuration": configuration, "said": said})

    def _restore(self) -> None:
        """Read the copies as strictly as a fresh answer, except that they may have passed their end."""
        kept = self._shop.copies.read(self._name) if self._pinned else None
        try:
            if kept is None or kept["configuration"] is None:
                return
            token, now = str(kept["configuration"]["token"]), self._shop.clock.now()
            statement = self._read_configuration(token)
            self._configuration = (datetime.fromisoformat(kept["configuration"]["at"]), token, statement)
            for issuer, copy in kept["said"].items():
                at = datetime.fromisoformat(copy["at"])
                said = federation.read_statement(
                    copy["token"], self._pinned, issuer=statement.issuer, subject=issuer, now=now
                )
                self._said[issuer] = _said(copy["token"], said, statement, at)
        except (RegistryProblem, KeyError, TypeError, ValueError, AttributeError) as problem:
            self._said.clear()
            log.warning("registry %s: the copy on disk is not used: %s", self._registry.label, problem)


def _said(token: str, statement: Statement, configuration: Statement, at: datetime) -> _Said:
    until = min(at + timedelta(days=1), max(statement.expires, at + timedelta(minutes=5)))
    return _Said(at, token, federation.entry_from(statement, configuration), until)


def _text(status: int, content: bytes) -> str:
    if status != 200:
        raise RegistryProblem(f"it answered HTTP {status}")
    try:
        return content.decode("ascii").strip()
    except UnicodeDecodeError:
        raise RegistryProblem("its answer is no signed statement") from None
