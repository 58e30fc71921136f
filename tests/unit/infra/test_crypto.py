"""Encryption at rest and signatures."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, StoreError
from connector.infra.crypto import Vault, new_secret_key, secret_keys

OLD, NEW = "o" * 40, "n" * 40


def test_what_was_sealed_opens_again_and_shows_nothing() -> None:
    vault = Vault([OLD])
    sealed = vault.seal(b"Maria Okafor", "submissions.request:1")
    assert b"Maria" not in sealed
    assert vault.open(sealed, "submissions.request:1") == b"Maria Okafor"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    vault = Vault([OLD])
    assert vault.seal(b"x", "p") != vault.seal(b"x", "p")


def test_a_value_cannot_be_moved_to_another_row() -> None:
    sealed = Vault([OLD]).seal(b"x", "submissions.request:1")
    with pytest.raises(StoreError):
        Vault([OLD]).open(sealed, "submissions.request:2")


@pytest.mark.parametrize("position", [0, 2, 7, 20, -1])
def test_a_changed_byte_is_found(position: int) -> None:
    sealed = bytearray(Vault([OLD]).seal(b"some value", "p"))
    sealed[position] ^= 1
    with pytest.raises(StoreError):
        Vault([OLD]).open(bytes(sealed), "p")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    old = Vault([OLD]).seal(b"x", "p")
    rotated = Vault([NEW, OLD])
    assert rotated.open(old, "p") == b"x"
    with pytest.raises(StoreError):
        Vault([OLD]).open(rotated.seal(b"y", "p"), "p")


def test_links_signed_with_the_old_key_stay_good_until_it_is_dropped() -> None:
    signature = Vault([OLD]).sign("report:1")
    assert Vault([NEW, OLD]).signed("report:1", signature)
    assert not Vault([NEW]).signed("report:1", signature)
    assert not Vault([OLD]).signed("report:2", signature)


def test_a_signature_with_foreign_characters_is_simply_wrong() -> None:
    assert not Vault([OLD]).signed("report:1", "é")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="LER_SECRET_KEY"):
        Vault(["short"])


def test_the_first_start_writes_a_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    keys, written = secret_keys((), tmp_path)
    assert written == tmp_path / "secret.key"
    if os.name == "posix":
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert secret_keys((), tmp_path) == (keys, None)
    Vault(keys)


def test_a_configured_key_writes_no_file(tmp_path: Path) -> None:
    assert secret_keys((OLD,), tmp_path) == ((OLD,), None)
    assert list(tmp_path.iterdir()) == []


def test_new_keys_are_long_and_differ() -> None:
    assert len({new_secret_key() for _ in range(20)}) == 20
    assert len(new_secret_key()) >= 40
