"""Settings: what is read from where, and one sentence that names the variable when something is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.config import Settings, env_example, load_settings
from connector.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]

GREENHOUSE = {"LER_GREENHOUSE__CLIENT_ID": "id", "LER_GREENHOUSE__CLIENT_SECRET": "hush hush"}


def settings(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def problem(**environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        settings(**environ)
    return str(caught.value)


def test_without_anything_set_there_are_defaults_and_no_connection() -> None:
    found = settings()
    assert (found.data_dir, found.max_upload_bytes, found.ats_connections) == (Path("var"), 10_000_000, ())


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LER_EMPLOYER__NAME='From the file'\nLER_LOG_LEVEL=debug\nOTHER=x\n", encoding="utf-8")
    found = load_settings({"LER_EMPLOYER__NAME": "From the environment"}, env_file=file)
    assert (found.employer.name, found.log_level) == ("From the environment", "debug")


def test_an_ats_that_has_settings_is_a_connection() -> None:
    [connection] = settings(**GREENHOUSE).ats_connections
    assert (connection.name, connection.kind) == ("greenhouse", "greenhouse")
    assert connection.options.withdrawal == "restrict"


def test_a_second_account_of_one_ats_says_its_kind() -> None:
    environ = {k.replace("GREENHOUSE", "GHSANDBOX"): v for k, v in GREENHOUSE.items()}
    [connection] = settings(**environ, LER_GHSANDBOX__KIND="greenhouse", LER_GHSANDBOX__LANGUAGE="de").ats_connections
    assert (connection.name, connection.kind, connection.options.language) == ("ghsandbox", "greenhouse", "de")


def test_connections_can_be_named_and_the_others_stay_out() -> None:
    found = settings(**GREENHOUSE, LER_LEVER__API_KEY="k", LER_CONNECTIONS="greenhouse")
    assert [c.name for c in found.ats_connections] == ["greenhouse"]


def test_a_connection_set_to_nothing_is_none() -> None:
    assert settings(LER_GREENHOUSE__CLIENT_ID="").ats_connections == ()


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"LER_MAX_UPLOAD_BYTES": "many"}, "LER_MAX_UPLOAD_BYTES"),
        ({"LER_DATABASE_URL": "mysql://root:hush@db/x"}, "LER_DATABASE_URL"),
        ({"LER_PUBLIC_URL": "ats.example"}, "LER_PUBLIC_URL"),
        ({"LER_EMPLOYER__NAMEE": "x"}, "LER_EMPLOYER__NAMEE"),
        ({"LER_CONNECTIONS": "Green-House"}, "LER_CONNECTIONS"),
        ({"LER_CONNECTIONS": "acme"}, "LER_ACME__KIND"),
        ({"LER_ACME__CLIENT_ID": "x"}, "LER_ACME__KIND"),
        ({"LER_ACME__KIND": "taleo"}, "LER_ACME__KIND"),
        ({**GREENHOUSE, "LER_GREENHOUSE__CLIENT_IDD": "x"}, "LER_GREENHOUSE__CLIENT_IDD"),
        ({"LER_GREENHOUSE__CLIENT_ID": "id"}, "LER_GREENHOUSE__CLIENT_SECRET"),
        ({**GREENHOUSE, "LER_GREENHOUSE__WITHDRAWAL": "shred"}, "LER_GREENHOUSE__WITHDRAWAL"),
        ({**GREENHOUSE, "LER_GREENHOUSE__API_URL": "http://harvest.example/v3"}, "LER_GREENHOUSE__API_URL"),
        ({"LER_SECRET_KEY_FILE": "no/such/file"}, "LER_SECRET_KEY_FILE"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_that_names_the_variable(environ: dict[str, str], named: str) -> None:
    said = problem(**environ)
    assert named in said
    assert "\n" not in said
    assert "hush" not in said


def test_plain_http_is_allowed_on_loopback() -> None:
    [connection] = settings(**GREENHOUSE, LER_GREENHOUSE__API_URL="http://127.0.0.1:8100/v3").ats_connections
    assert connection.ats.model_dump()["api_url"] == "http://127.0.0.1:8100/v3"


def test_every_secret_can_come_from_a_file(tmp_path: Path) -> None:
    own, ats = tmp_path / "key", tmp_path / "secret"
    own.write_text("x" * 40 + "\n", encoding="utf-8")
    ats.write_text("hush hush\n", encoding="utf-8")
    found = settings(
        LER_SECRET_KEY_FILE=str(own),
        LER_GREENHOUSE__CLIENT_ID="id",
        LER_GREENHOUSE__CLIENT_SECRET_FILE=str(ats),
    )
    assert found.secret_keys == ("x" * 40,)
    secret: Any = found.ats_connections[0].ats
    assert secret.client_secret.get_secret_value() == "hush hush"


def test_a_secret_and_its_file_exclude_each_other(tmp_path: Path) -> None:
    assert "both" in problem(LER_SECRET_KEY="x", LER_SECRET_KEY_FILE=str(tmp_path / "f"))


def test_the_policy_file_is_a_plain_path_and_not_a_secret() -> None:
    assert settings(LER_POLICY_FILE="policy.yaml").policy_file == Path("policy.yaml")


def test_secrets_are_not_in_what_is_printed() -> None:
    found = settings(**GREENHOUSE, LER_SECRET_KEY="hush hush hush", LER_DATABASE_URL="postgresql://u:hush@db/x")
    assert "hush" not in repr(found)
    assert "hush" not in str(found.model_dump())


def test_lists_are_comma_separated() -> None:
    found = settings(LER_API_KEYS="sha256$a, sha256$b", LER_EGRESS_ALLOW="a.example,b.example")
    assert found.api_key_hashes == ("sha256$a", "sha256$b")
    assert found.egress_allow == ("a.example", "b.example")


def test_an_unknown_connection_is_said_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="greenhouse"):
        settings(**GREENHOUSE).connection("lever")


def test_the_example_file_is_what_the_settings_say() -> None:
    """Write it anew with `python -m connector.config`."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_file_names_every_setting() -> None:
    text = env_example()
    for name in Settings.model_fields:
        if name not in ("ats_connections", "employer"):
            assert f"LER_{name.upper()}=" in text


def test_the_example_file_copied_as_it_is_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(env_example(), encoding="utf-8")
    assert load_settings({}, env_file=tmp_path / ".env") == settings()


def test_a_key_instead_of_its_hash_is_refused_without_being_shown() -> None:
    said = problem(LER_API_KEYS="sha256$aa, ler_secret-of-somebody")
    assert "LER_API_KEYS" in said
    assert "ler-connector key new" in said
    assert "somebody" not in said


def test_a_mapping_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "LER_MAPPING_DIR" in problem(LER_MAPPING_DIR=str(tmp_path / "file"))
    assert "LER_MAPPING_DIR" in problem(LER_MAPPING_DIR=str(tmp_path / "nowhere"))
    assert settings(LER_MAPPING_DIR=str(tmp_path)).mapping_dir == tmp_path


@pytest.mark.parametrize(
    ("name", "right"), [("LER_POLCY_FILE", "LER_POLICY_FILE"), ("LER_SECRETKEY_FILE", "LER_SECRET_KEY_FILE")]
)
def test_a_slip_in_a_name_is_refused_with_the_nearest_right_one(name: str, right: str) -> None:
    assert problem(**{name: "x"}) == f"{name} is no setting; did you mean {right}?"
    assert ".env.example" in problem(LER_ZZZZZZ="x")


def test_the_variables_of_our_own_tests_are_let_be() -> None:
    assert settings(LER_SHARED_DIR="x", LER_TEST_EVERY_KILL="1", LER_REQUIRE_BROWSER="1").ats_connections == ()
