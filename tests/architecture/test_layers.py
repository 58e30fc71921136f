"""House rules that a machine can hold: who may import whom, what the package promises, what is never committed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted([*(ROOT / "connector").rglob("*.py"), *(ROOT / "adapters").rglob("*.py")])

POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "curses", "readline"}


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the tracked files cannot be listed")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_import_contracts_hold() -> None:
    """In a process of its own: the linter sets up logging anew, which would silence our loggers in later tests."""
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_imports_a_module_that_only_posix_has(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        assert not {name.split(".")[0] for name in names} & POSIX_ONLY


def test_our_adapters_are_found_as_anyones_are() -> None:
    assert {e.name for e in entry_points(group="ler_connector.ats")} >= {"greenhouse", "lever", "workday"}


def test_no_committed_file_names_a_registry_host_or_a_machine_path() -> None:
    hosts = "|".join(["pypi" + r"\.org", "pythonho" + r"sted\.org", "npmjs" + r"\.(org|com)", "deb" + r"\.debian\.org"])
    paths = "|".join(["/wo" + "rk/", "/ro" + "ot/", "/ho" + r"me/[a-z]+/", "/tmp/ba" + "sh_jobs"])
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked_files()
        if path.suffix not in {".png", ".ico"}
        for match in re.finditer(rf"{hosts}|{paths}", path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def test_locked_versions_are_at_or_above_the_security_floors() -> None:
    """Floors for what parses hostile input: each is the first release without a known hole that matters here."""
    floors = tomllib.loads((ROOT / "security-floors.toml").read_text("utf-8"))["floors"]
    locked = dict(
        re.findall(r"^([a-z0-9._-]+)==([0-9][^ ;\\]*)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    )
    assert set(floors) <= set(locked)
    too_old = {n: locked[n] for n, floor in floors.items() if _version(locked[n]) < _version(floor)}
    assert too_old == {}
    assert "httpx2" not in locked, "authlib would silently prefer it, and respx does not intercept it"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text


def test_verify_starts_without_the_engine_and_the_web() -> None:
    """Importing everything costs seconds; a command line that verifies one file needs neither."""
    code = (
        "import sys, connector.cli.main; connector.cli.main.application(); "
        "print([m for m in ('dbos', 'sqlalchemy', 'fastapi', 'uvicorn', 'alembic') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
