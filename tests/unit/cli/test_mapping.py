"""`mapping check` as its author runs it: every mistake with its place, and an exit code that a script can use."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from connector.cli.main import app
from connector.errors import MappingError
from connector.mapping import load_mapping

GOOD = "version: 1\nats: greenhouse\nnote: {}\n"
CROSSWALK = "version: 1\ncrosswalk:\n- match: {achievement: https://a.example/1}\n  skills: [SQL]\n"


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LER_DATA_DIR", str(tmp_path / "var"))


def check(text: str, *more: str) -> tuple[int, list[str]]:
    Path("team.yaml").write_text(text)
    result = CliRunner().invoke(app, ["mapping", "check", "team.yaml", *more])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output.splitlines()


def test_a_file_without_a_mistake_is_told_so() -> None:
    assert check(GOOD) == (0, ["team.yaml: no findings"])


@pytest.mark.parametrize(
    ("said", "ats", "line"),
    [
        ("grenhouse", "", "team.yaml:2:6: error: There is no ATS `grenhouse`. Did you mean `greenhouse`? Known: "),
        ("grenhouse", "greenhouse", "team.yaml:2:6: error: There is no ATS `grenhouse`. Did you mean `greenhouse`?"),
        ("lever", "greenhouse", "team.yaml:2:6: error: This mapping is for lever; the connection is greenhouse."),
    ],
)
def test_a_mapping_for_no_ats_or_for_another_one_is_found_at_its_place(said: str, ats: str, line: str) -> None:
    code, lines = check(GOOD.replace("greenhouse", said), *(["--ats", ats] if ats else []))
    assert code == 1
    assert [shown for shown in lines if shown.startswith(line)] == lines


def test_every_mistake_of_a_file_is_printed_and_not_only_the_first() -> None:
    code, lines = check(
        "version: 1\n"
        "ats: grenhouse\n"
        "fields:\n"
        "  a: {target: x, type: longtext, select: claims}\n"
        "  b: {target: x, tpye: text, select: claims}\n"
        "  c: {target: z, type: text, select: 'claims[?knd == `1`]'}\n"
    )
    assert code == 1
    assert [line.split(": ")[0] for line in lines] == [
        "team.yaml:2:6",
        "team.yaml:4:24",
        "team.yaml:5:18",
        "team.yaml:6:38",
    ]


def test_what_does_not_fit_the_ats_is_printed_beside_a_mistake() -> None:
    _, lines = check("version: 1\nats: lever\nfields:\n  a: {target: x, type: text, select: claims}\nnotes: {}\n")
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["[unsupported_by_ats]", "[mapping_invalid]"]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("claims[?kind == 'skil']", "`skil`. Did you mean `skill`?"),
        ("claims[?'verifed' == assurance]", "Did you mean `verified`?"),
        ("claims[?source != 'crosswlk']", "Did you mean `crosswalk`?"),
        ("claims[?@.kind == 'x']", "It is one of achievement, skill."),
    ],
)
def test_a_comparison_that_can_never_hold_is_a_warning_with_the_nearest_word(expression: str, words: str) -> None:
    code, (line,) = check(
        f'version: 1\nats: greenhouse\nnote: {{lines: "{expression}"}}\n'.replace("greenhouse", "lever")
    )
    assert code == 1
    assert line.startswith("team.yaml:3:15: warning: ") and words in line and line.endswith("[never_matches]")


def test_a_comparison_that_can_hold_is_no_finding() -> None:
    yes = "claims[?kind == 'skill' && assurance != 'stated' && source == 'credential' && name == 'skil']"
    assert check(f'version: 1\nats: lever\nnote: {{lines: "{yes}"}}\n')[0] == 0


def test_a_crosswalk_is_checked_as_one_with_every_mistake() -> None:
    assert check(CROSSWALK) == (0, ["team.yaml: no findings"])
    row = CROSSWALK.split("crosswalk:\n")[1]
    code, lines = check(CROSSWALK + row + row)
    assert code == 1
    assert [line.split(": ")[0] for line in lines] == ["team.yaml:5:24", "team.yaml:7:24"]


def test_what_cannot_be_looked_at_is_not_a_finding() -> None:
    assert CliRunner().invoke(app, ["mapping", "check", "none.yaml"]).exit_code == 2
    with pytest.raises(Exception, match=r"no connection and no ATS named 'grenhouse'.*Did you mean greenhouse"):
        check(GOOD, "--ats", "grenhouse")


def test_a_plan_is_not_made_with_a_mapping_for_another_ats() -> None:
    Path("team.yaml").write_text(GOOD.replace("greenhouse", "lever"))
    with pytest.raises(MappingError) as caught:
        load_mapping(Path("team.yaml"), kind="greenhouse", known=("greenhouse", "lever"))
    assert str(caught.value) == "team.yaml:2:6: This mapping is for lever; the connection is greenhouse."
    Path("badge.json").write_text("{}")
    result = CliRunner().invoke(
        app, ["plan", "badge.json", "--ats", "greenhouse", "--mapping", "team.yaml", "--offline"]
    )
    assert isinstance(result.exception, MappingError)
