"""The stand-in for a badge site answers over HTTP what it answers as a recorded world."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from connector.infra.documents import GuardedDocuments
from connector.intake import fetch_link, receive
from connector.model.submission import Submission
from connector.testing.badge_host import BadgeHost, hash_identity
from connector.verify.suites.hosted import confirm


async def ask(host: BadgeHost, url: str, accept: str = "application/json") -> httpx.Response:
    transport = httpx.ASGITransport(app=host.app)
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url, headers={"Accept": accept})


async def test_documents_are_served_at_their_addresses() -> None:
    host = BadgeHost()
    badge = host.issue(tags=("MIG welding",))
    assert (await ask(host, badge.url)).json() == badge.assertion
    assert (await ask(host, badge.assertion["badge"])).json()["tags"] == ["MIG welding"]
    assert (await ask(host, host.profile["id"])).json() == host.profile
    assert (await ask(host, f"https://{host.host}/nothing")).status_code == 404


async def test_what_was_taken_back_is_gone_and_says_so() -> None:
    host = BadgeHost()
    badge, other = host.issue(), host.issue(name="Welder II")
    host.revoke(badge)
    host.remove(other)
    answer = await ask(host, badge.url)
    assert (answer.status_code, answer.json()["revoked"]) == (410, True)
    assert (await ask(host, other.url)).status_code == 404


async def test_badgr_answers_a_browser_with_a_page_and_embeds_on_request() -> None:
    host = BadgeHost(shape="badgr")
    badge = host.issue(salt="s")
    page = await ask(host, badge.url, "text/html,application/xhtml+xml")
    assert page.headers["content-type"].startswith("text/html") and badge.url in page.text
    expanded = (await ask(host, f"{badge.url}?v=2_0&expand=badge&expand=badge.issuer")).json()
    assert expanded["badge"]["issuer"] == host.profile
    assert (await ask(host, f"{badge.url}?v=2_0")).json() == badge.assertion


def test_recipients_are_hashed_as_the_sites_do() -> None:
    """The vector of the specification: the salt goes behind the address."""
    expected = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"
    assert hash_identity("a@example.com", "Kosher") == expected
    recipient = BadgeHost().issue("maria@mail.example").assertion["recipient"]
    assert recipient == {"type": "email", "hashed": True, "identity": hash_identity("maria@mail.example")}


@contextmanager
def served(host: BadgeHost) -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(host.app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("shape", ["credly", "badgr"])
def test_a_badge_is_confirmed_over_loopback_through_the_guarded_client(shape: str) -> None:
    """The way a demonstration goes: https addresses, one named door to a stand-in."""
    host = BadgeHost(shape=shape)  # type: ignore[arg-type]  # a literal, from the parameters
    badge, gone = host.issue(), host.issue(name="Welder II")
    host.revoke(gone)
    with served(host) as port:
        documents = GuardedDocuments(unsafe_loopback_hosts={host.host: ("127.0.0.1", port)})
        baked = receive(Submission(content=badge.png()))[0]
        linked = receive(fetch_link(badge.page, documents))[0]
        found = [confirm(credential, documents) for credential in (baked, linked)]
        revoked = confirm(receive(Submission(content=gone.svg()))[0], documents)
    assert [(f.code, f.bound, f.host) for f in found] == [("hosted_confirmed", True, host.host)] * 2
    assert revoked.revoked and revoked.code == "hosted_revoked"
    assert json.dumps(found[0].document) == json.dumps(found[1].document)
