"""The names of `connector.mapping`, which are loaded when they are first used."""

import subprocess
import sys

import pytest

from connector import mapping


@pytest.mark.parametrize("name", mapping.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(mapping, name).__name__ == name


def test_a_name_that_is_not_there_is_missed() -> None:
    with pytest.raises(AttributeError, match="no attribute 'clean'"):
        _ = mapping.clean


def test_clean_text_is_had_without_the_schema_of_mappings() -> None:
    code = "import sys, connector.mapping.text; sys.exit('connector.mapping.schema' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
