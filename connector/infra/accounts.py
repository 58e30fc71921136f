"""The ATS accounts: one adapter with its own HTTP clients per connection, made when first needed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from pydantic import BaseModel

from connector.infra.ats_http import AtsHttpClients, RefreshTokens
from connector.ports import AtsAdapter, AtsPlugin, Capabilities, Catalog

CATALOG_SECONDS: Final = 600.0
"""Fields, tags and options change rarely; an option made just now is known after ten minutes."""


@dataclass(frozen=True, slots=True)
class Account:
    """How one connection is to be reached."""

    name: str
    plugin: AtsPlugin
    settings: BaseModel
    rate: float
    burst: int
    transport: httpx.AsyncBaseTransport | None = None


class Accounts:
    """Adapters by connection.

    Args:
        ca_bundle: certificates to trust instead of the system's.
        time_scale: divides every wait.
        refresh_tokens: keeps refresh tokens that a vendor replaces on each use.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        ca_bundle: Path | None = None,
        time_scale: float = 1.0,
        refresh_tokens: RefreshTokens | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts, self._ca_bundle, self._scale = dict(accounts), ca_bundle, time_scale
        self._refresh_tokens = refresh_tokens
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._clients: dict[str, AtsHttpClients] = {}
        self._catalogs: dict[str, tuple[float, Catalog]] = {}
        self.adapters: dict[str, AtsAdapter] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._accounts

    def kind(self, name: str) -> str:
        return self._accounts[name].plugin.kind

    def capabilities(self, name: str) -> Capabilities:
        return self.adapter(name).capabilities

    def adapter(self, name: str) -> AtsAdapter:
        with self._lock:
            if name not in self.adapters:
                account = self._accounts[name]
                clients = AtsHttpClients(
                    name,
                    rate=account.rate,
                    burst=account.burst,
                    ca_bundle=str(self._ca_bundle) if self._ca_bundle else None,
                    transport=account.transport,
                    time_scale=self._scale,
                    refresh_tokens=self._refresh_tokens,
                )
                self._clients[name] = clients
                self.adapters[name] = account.plugin.adapter(account.settings, clients)
            return self.adapters[name]

    async def catalog(self, name: str) -> Catalog:
        """What can be written to, asked for at most every ten minutes."""
        now = self._monotonic()
        known = self._catalogs.get(name)
        if known is not None and now - known[0] < CATALOG_SECONDS / self._scale:
            return known[1]
        catalog = await self.adapter(name).catalog()
        self._catalogs[name] = (now, catalog)
        return catalog

    async def aclose(self) -> None:
        for adapter in self.adapters.values():
            await adapter.aclose()
        for clients in self._clients.values():
            await clients.aclose()
        self.adapters.clear()
        self._clients.clear()
