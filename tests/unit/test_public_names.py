"""The names that the package promises: they are there, and cost nothing until they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import connector


@pytest.mark.parametrize("name", connector.__all__)
def test_every_promised_name_is_there(name: str) -> None:
    assert getattr(connector, name).__name__ == name


def test_a_name_that_is_not_promised_is_none_of_the_package() -> None:
    with pytest.raises(AttributeError):
        connector.no_such_name  # noqa: B018  # the access is what is tested


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import connector, sys; print(sorted({'pydantic', 'cryptography', 'httpx', 'pyld'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
