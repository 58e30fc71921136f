"""The upload limit stands in front of everything that parses; private keys never reach the disk."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.testing.loopback import LoopbackServer
from connector.web.forms import MULTIPART_OVERHEAD
from connector.web.limits import DISCARDED

from .conftest import Candidate, House, Screen

LIMIT = 100_000
SMALL = {"LER_MAX_UPLOAD_BYTES": str(LIMIT)}
SUBMISSIONS = "/api/v1/submissions"
CHUNK = b" " * 50_000


class Flood:
    """A body that never ends by itself, and counts what was taken of it."""

    def __init__(self, chunks: int, head: bytes) -> None:
        self.chunks, self.head, self.taken = chunks, head, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        for _ in range(self.chunks):
            self.taken += len(CHUNK)
            yield CHUNK


@pytest.fixture
def small(houses: Callable[..., House]) -> House:
    return houses(start=False, overrides=SMALL)


@pytest.mark.parametrize("path", [SUBMISSIONS, "/api/v1/invitations", "/s/whatever", "/nothing"])
@pytest.mark.parametrize("announced", [True, False], ids=["content-length", "chunked"])
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
async def test_too_large_a_body_is_refused_and_not_kept_in_memory(
    small: House, path: str, announced: bool, kind: str
) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' if "multipart" in kind else b"{"
    flood = Flood(4000, head)  # 200 MB
    headers = {"Content-Type": kind, "Authorization": f"Bearer {small.key}"}
    if announced:
        headers["Content-Length"] = str(flood.chunks * len(CHUNK))
    async with small.client(headers=headers) as client:
        await client.get("/healthz")
        tracemalloc.start()
        answer = await client.post(path, content=flood)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20 * LIMIT
    if not announced and answer.status_code in (404, 415):
        assert flood.taken <= len(CHUNK), "an answer that needs no body reads none"
        return
    assert answer.status_code == 413
    assert flood.taken <= (LIMIT + MULTIPART_OVERHEAD) * (1 + DISCARDED) + 2 * len(CHUNK)
    if path.startswith("/s/"):
        assert Screen(answer).heading == "That is too large"
    else:
        assert (answer.headers["content-type"], answer.json()["code"]) == ("application/problem+json", "too_large")
        assert "0.1 MB" in answer.json()["detail"]


async def test_a_file_of_just_the_limit_passes_and_one_byte_more_does_not(small: House) -> None:
    async with small.client(headers={"Authorization": f"Bearer {small.key}"}) as api:
        fields = {**small.request(), "applicant": "{}"}
        for size, status in ((LIMIT, 202), (LIMIT + 1, 413)):
            answer = await api.post(SUBMISSIONS, data=fields, files={"file": ("x", b"x" * size)})
            assert answer.status_code == status, answer.text
        assert answer.json()["code"] == "too_large"


async def test_a_browser_that_sends_too_much_gets_to_read_why(small: House) -> None:
    """Over a real socket: a server that hangs up while the browser still sends shows as a broken connection."""
    with LoopbackServer() as server:
        server.start(small.app)
        async with httpx.AsyncClient(base_url=server.url) as browser:
            answer = await browser.post("/s/link", files={"file": ("photo.png", b"x" * (3 * LIMIT))})
            assert (answer.status_code, Screen(answer).heading) == (413, "That is too large")


def backup() -> dict[str, Any]:
    """A wallet's backup, of the shape that a wallet app writes: the holder's keys beside the credentials."""
    key = {
        "type": "Ed25519VerificationKey2020",
        "publicKeyMultibase": "z6MkexamplePublic",
        "privateKeyMultibase": "zrvPrivateCanary7qLwm2d4n8",
    }
    return {"type": "UniversalWallet2020", "status": "UNLOCKED", "contents": [{"type": "OpenBadgeCredential"}, key]}


def files_with(folder: Path, needle: bytes) -> list[str]:
    return [str(p) for p in folder.rglob("*") if p.is_file() and needle in p.read_bytes()]


async def test_a_wallet_backup_is_refused_before_anything_is_stored(
    house: House, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    temp = house.folder / "temp"
    temp.mkdir()
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr("tempfile.tempdir", None)
    big = json.dumps({**backup(), "padding": "x" * 3_000_000}).encode()
    whole = json.dumps(backup())
    fields = {**house.request(), "applicant": "{}"}
    answers = [
        await api.post(SUBMISSIONS, json=house.request(credential=backup())),
        await api.post(SUBMISSIONS, json=house.request(text=whole)),
        await api.post(SUBMISSIONS, data=fields, files={"file": ("Wallet Backup.json", whole.encode())}),
        await api.post(SUBMISSIONS, data=fields, files={"file": ("Wallet Backup.json", big)}),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "wallet_backup")] * 4
    async with Candidate(house) as person:
        for screen in (
            await person.give_file(whole.encode()),
            await person.give_file(big),
            await person.give(text=whole),
        ):
            assert "secret keys of your wallet" in screen.text
            assert screen.status == 422
    assert (await api.get(SUBMISSIONS)).json()["items"] == []
    house.connector.stop()
    assert files_with(house.folder, b"PrivateCanary") == []
    assert list(temp.iterdir()) == []


async def test_a_large_upload_never_touches_the_disk_in_clear(
    house: House, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The framework's parser puts files over a megabyte into the temporary folder."""
    written: list[bytes] = []
    monkeypatch.setattr("tempfile.SpooledTemporaryFile.rollover", lambda self: written.append(b"rolled over"))
    badge = json.dumps({**house.badge(), "padding": "x" * 3_000_000}).encode()
    fields = {**house.request(), "applicant": "{}"}
    answer = await api.post(SUBMISSIONS, data=fields, files={"file": ("badge.json", badge)})
    assert answer.status_code == 202
    async with Candidate(house) as person:
        await person.give_file(badge)
    assert written == []


async def test_a_wallet_backup_behind_a_link_is_not_kept(house: House) -> None:
    url = "https://files.harborview.example/backup.json"
    house.world.extra = {url: {"status": 200, "content_type": "application/json", "body": json.dumps(backup())}}
    async with Candidate(house) as person:
        screen = await person.give(url=url)
        assert "secret keys of your wallet" in screen.text
    house.connector.stop()
    assert files_with(house.folder, b"PrivateCanary") == []
