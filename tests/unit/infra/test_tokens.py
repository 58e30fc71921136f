"""Refresh tokens that a vendor replaces on each use outlive the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.errors import AtsAuthError
from connector.infra.ats_http import AtsHttpClients
from connector.infra.clock import SystemClock
from connector.infra.crypto import Vault
from connector.infra.database import open_engine, sqlalchemy_url
from connector.infra.store import Store
from connector.infra.tokens import RefreshTokens


class RotatingServer:
    """Takes each refresh token once, as Lever does."""

    def __init__(self, first: str) -> None:
        self.good, self.renewals = first, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/token":
            return httpx.Response(200, json={"ok": True})
        given = dict(pair.split("=") for pair in request.content.decode().split("&"))
        if given["refresh_token"] != self.good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.renewals += 1
        self.good = f"refresh{self.renewals}"
        answer: dict[str, Any] = {"access_token": "a", "token_type": "Bearer", "expires_in": 3600}
        return httpx.Response(200, json=answer | {"refresh_token": self.good})


@pytest.fixture
def tokens(tmp_path: Path) -> RefreshTokens:
    vault = Vault(["only-tests-know-this-secret-key-0123456789"])
    engine = open_engine(sqlalchemy_url("", tmp_path))
    Store(engine, vault, SystemClock()).open()
    return RefreshTokens(engine, vault)


async def ask(server: RotatingServer, tokens: RefreshTokens | None, configured: str = "refresh0") -> int:
    """A process of its own: new clients, one request."""
    clients = AtsHttpClients("lever", transport=httpx.MockTransport(server), refresh_tokens=tokens)
    client = clients.oauth_client(
        "https://api.lever.example/v1",
        token_url="https://auth.lever.example/token",
        client_id="id",
        client_secret="secret",
        grant_type="refresh_token",
        token_params={"refresh_token": configured},
    )
    try:
        return (await client.get("/users")).status_code
    finally:
        await clients.aclose()


async def test_a_restart_goes_on_with_the_newest_refresh_token(tokens: RefreshTokens) -> None:
    server = RotatingServer("refresh0")
    assert await ask(server, tokens) == 200
    assert await ask(server, tokens) == 200
    assert server.renewals == 2


async def test_without_a_place_to_keep_it_a_restart_has_a_spent_token() -> None:
    server = RotatingServer("refresh0")
    assert await ask(server, None) == 200
    with pytest.raises(AtsAuthError):
        await ask(server, None)


async def test_a_newly_configured_token_wins_over_the_kept_one(tokens: RefreshTokens) -> None:
    await ask(RotatingServer("refresh0"), tokens)
    assert await ask(RotatingServer("fresh"), tokens, configured="fresh") == 200


def test_each_connection_keeps_its_own_and_nothing_is_kept_in_clear(tokens: RefreshTokens, tmp_path: Path) -> None:
    tokens.keep("lever", "first", "the-newest-token-of-lever")
    assert tokens.current("lever", "first") == "the-newest-token-of-lever"
    assert tokens.current("leversandbox", "first") == "first"
    for path in tmp_path.iterdir():
        assert b"the-newest-token-of-lever" not in path.read_bytes()
