"""Settings, read once from the environment and `.env` (docs: `.env.example`, written from this module).

Prefix `LER_`, nested with `__`. Every secret `X` may be given as a file, `X_FILE`. An ATS account (a *connection*) is
configured as `LER_<NAME>__*`; its members are the adapter's own settings model and `ConnectionOptions`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any, Final, Literal, get_args

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from connector import registry
from connector.errors import ConfigurationError
from connector.ports import AtsPlugin

PREFIX: Final = "LER_"
DELIMITER: Final = "__"
CONNECTION_NAME: Final = re.compile(r"[a-z][a-z0-9]*\Z")
API_KEY_HASH: Final = re.compile(r"sha256\$[0-9a-f]+\Z")
NOT_OURS: Final = re.compile(r"LER_(SHARED_DIR|REQUIRE_BROWSER|UPDATE_GOLDEN|TEST_.+)\Z")
"""Variables of the project's own tests; whoever runs both in one shell may have them set."""
Names = Annotated[tuple[str, ...], NoDecode]
"""Comma separated in the environment."""


class Employer(BaseModel):
    """What the pages and notes say about who runs this."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", description="The employer's name, as candidates and recruiters should read it.")
    logo_file: Path | None = Field(None, description="A PNG or SVG for the candidate's page; not shown yet.")
    colour: str = Field("", description="The accent colour of the candidate's page, as #rrggbb; not used yet.")
    privacy_url: str = Field("", description="Where the employer's privacy notice is.")


class ConnectionOptions(BaseModel):
    """What every connection may set beside its adapter's own settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field("", description="Which ATS this is, when the connection is not named after it.")
    consent: Literal["ask", "given"] = Field(
        "ask",
        description="For LERs found through an ATS event: ask the applicant first, or given; not used yet.",
    )
    language: str = Field("en", description="The language of what is written to this ATS.")
    withdrawal: Literal["restrict", "remove", "review"] = Field(
        "restrict", description="What a candidate's withdrawal does: restrict, remove or review."
    )
    rate: float = Field(gt=0, le=1000, description="Requests per second to this ATS, on average.")
    burst: int = Field(ge=1, le=1000, description="Requests to this ATS at once.")


class ConnectionSettings(BaseModel):
    """One account of one ATS: its name, the common options, and the adapter's validated settings."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    name: str
    kind: str
    options: ConnectionOptions
    ats: BaseModel


class Settings(BaseSettings):
    """Everything that can be set. Secrets show as asterisks in `repr` and are never part of a message."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=DELIMITER, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data_dir: Path = Field(Path("var"), description="Where the databases, keys and caches are kept.")
    database_url: SecretStr = Field(
        SecretStr(""), description="Empty: SQLite under LER_DATA_DIR. Else postgresql://user:password@host/name."
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Encrypts what is stored and signs links. Comma separated: the first is used, the others still "
        "open old data. Without it the first start writes LER_DATA_DIR/secret.key.",
    )
    api_keys: SecretStr = Field(
        SecretStr(""), description="Hashes of the API's keys, comma separated; make one with `ler-connector key new`."
    )
    public_url: str = Field("http://127.0.0.1:8080", description="How candidates and recruiters reach this service.")
    listen: str = Field("127.0.0.1:8080", description="Address and port the service listens on.")
    public_listen: str = Field(
        "", description="A separate address and port for the candidate's pages and webhooks; empty: the same."
    )
    policy_file: Path | None = Field(None, description="Whom the employer recognises (YAML). Without it: nobody.")
    mapping_dir: Path | None = Field(
        None, description="Your own mappings: <connection>.yaml, else <ATS>.yaml; what is not there comes with us."
    )
    crosswalk_file: Path | None = Field(None, description="Achievement ids and the skills they stand for (YAML).")
    employer: Employer = Field(default_factory=Employer)
    connections: Names = Field((), description="Names of the ATS accounts; empty: the ATSs that have settings.")
    max_upload_bytes: int = Field(10_000_000, ge=1_000, le=100_000_000, description="The largest file taken.")
    report_link_days: int = Field(180, ge=1, le=3650, description="How long a link to a report opens it.")
    recheck_hours: float = Field(
        24, ge=0, le=24 * 30, description="How long a document that could not be fetched is tried again."
    )
    egress_proxy: str = Field("", description="An HTTP proxy for all fetching of issuers' documents.")
    egress_proxy_filters: bool = Field(
        False,
        description="The proxy itself keeps private addresses out; without this a proxy needs LER_EGRESS_ALLOW.",
    )
    egress_allow: Names = Field((), description="The only hosts that may be fetched from; empty: any public host.")
    ca_bundle: Path | None = Field(None, description="Certificates to trust instead of the system's (PEM).")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    time_scale: float = Field(1.0, gt=0, description="Divides every wait. For fault tests; leave it at 1.")

    ats_connections: tuple[ConnectionSettings, ...] = Field((), exclude=True, init=True, repr=True)
    """The validated connections; filled by `load_settings`, not by a variable of that name."""

    @property
    def egress(self) -> dict[str, Any]:
        """What `GuardedDocuments` is made with: the network as these settings allow it."""
        return {
            "proxy": self.egress_proxy or None,
            "proxy_filters": self.egress_proxy_filters,
            "allow_hosts": self.egress_allow,
            "ca_bundle": self.ca_bundle,
        }

    @field_validator("connections", "egress_allow", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("connections")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not CONNECTION_NAME.match(name):
                raise ValueError("a connection's name is small letters and digits, a letter first")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if not re.match(r"https?://[^/\s]+", value):
            raise ValueError("it must be an http or https address")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not re.match(r"postgres(ql)?://", value.get_secret_value()):
            raise ValueError("it must be empty (SQLite) or start with postgresql://")
        return value

    @field_validator("api_keys")
    @classmethod
    def _hashes(cls, value: SecretStr) -> SecretStr:
        keys = [key.strip() for key in value.get_secret_value().split(",") if key.strip()]
        if not all(API_KEY_HASH.match(key) for key in keys):
            raise ValueError(
                "each entry must be a hash as `ler-connector key new` prints it (sha256$...), not the key itself; "
                "in a shell it stands in single quotes"
            )
        return value

    @field_validator("mapping_dir")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}")
        return value

    @property
    def secret_keys(self) -> tuple[str, ...]:
        return tuple(key.strip() for key in self.secret_key.get_secret_value().split(",") if key.strip())

    @property
    def api_key_hashes(self) -> tuple[str, ...]:
        return tuple(key.strip() for key in self.api_keys.get_secret_value().split(",") if key.strip())

    def connection(self, name: str) -> ConnectionSettings:
        for connection in self.ats_connections:
            if connection.name == name:
                return connection
        raise ConfigurationError(no_connection(name, [c.name for c in self.ats_connections]))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def no_connection(name: str, known: Sequence[str]) -> str:
    """The sentence for a connection that is not configured."""
    if known:
        return f"There is no connection named {name!r}; configured: {', '.join(known)}."
    return (
        f"There is no connection named {name!r}: none is configured yet. Set the variables LER_<NAME>__* of your "
        "ATS, in the environment or in .env; .env.example lists them."
    )


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings.

    Args:
        environ: the environment; the process's own when not given. It wins over the file.
        env_file: a file of `NAME=value` lines, if it exists.

    Raises:
        ConfigurationError: one sentence that names the variable.
    """
    raw = _raw(os.environ if environ is None else environ, env_file)
    _refuse_unknown_names(raw)
    groups = _groups(raw)
    values = _environment(raw)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise _named(error, PREFIX) from None
    names = settings.connections or tuple(sorted(groups))
    connections = tuple(_connection(name, groups.get(name, {})) for name in names)
    return settings.model_copy(update={"ats_connections": connections})


def _raw(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    """The `LER_` variables, the environment over the file, upper case."""
    found: dict[str, str] = {}
    if env_file is not None and env_file.is_file():
        found.update({k.upper(): v for k, v in dotenv_values(env_file, interpolate=False).items() if v is not None})
    found.update({k.upper(): v for k, v in environ.items()})
    return {k: v for k, v in found.items() if k.startswith(PREFIX)}


def _refuse_unknown_names(raw: Mapping[str, str]) -> None:
    """A setting with a slip in its name would be as good as not set: an empty policy instead of the employer's."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields if name != "ats_connections"}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name, field in Settings.model_fields.items() if _is_secret(field)}
    for name in raw:
        if DELIMITER in name or name in known or NOT_OURS.match(name):
            continue
        near = get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {near[0]}?" if near else ".env.example lists all."
        raise ConfigurationError(f"{name} is no setting; {hint}")


def _environment(raw: Mapping[str, str]) -> dict[str, Any]:
    """What pydantic-settings reads out of our variables, secret files resolved."""
    secrets = [f"{PREFIX}{name.upper()}" for name, field in Settings.model_fields.items() if _is_secret(field)]
    own = _resolve_files(raw, secrets)
    source = EnvSettingsSource(Settings)
    source.env_vars = {k.lower(): v for k, v in own.items() if v != "" or k in secrets}
    return source()


def _resolve_files(raw: Mapping[str, str], secrets: list[str]) -> dict[str, str]:
    """Replace each `X_FILE` of a secret `X` by the file's text."""
    result = dict(raw)
    for name in secrets:
        path = result.pop(f"{name}_FILE", "")
        if not path:
            continue
        if result.get(name):
            raise ConfigurationError(f"{name} and {name}_FILE are both set; keep one.")
        try:
            result[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{name}_FILE names a file that cannot be read ({type(error).__name__})."
            ) from None
    return result


def _groups(raw: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Variables of connections: name -> member -> value. A variable set to nothing is as good as absent."""
    groups: dict[str, dict[str, str]] = {}
    for variable, value in raw.items():
        name, found, member = variable.removeprefix(PREFIX).partition(DELIMITER)
        if not found or name.lower() in Settings.model_fields or value == "":
            continue
        groups.setdefault(name.lower(), {})[member] = value
    return groups


def _connection(name: str, members: Mapping[str, str]) -> ConnectionSettings:
    prefix = f"{PREFIX}{name.upper()}{DELIMITER}"
    if not CONNECTION_NAME.match(name):
        raise ConfigurationError(f"{prefix}* is no connection: a name is small letters and digits, a letter first.")
    kind = members.get("KIND", name).lower()
    if kind not in registry.available():
        known = ", ".join(registry.available())
        raise ConfigurationError(f"{prefix}KIND must say which ATS this is: {known}.")
    plugin = registry.plugin(kind)
    _refuse_unknown(prefix, members, plugin)
    secrets = [n.upper() for n, f in plugin.settings.model_fields.items() if _is_secret(f)]
    given = {k.lower(): v for k, v in _resolve_files(members, secrets).items()}
    try:
        own = {k: v for k, v in given.items() if k in ConnectionOptions.model_fields}
        options = ConnectionOptions.model_validate({"rate": plugin.rate, "burst": plugin.burst, **own})
        ats = plugin.settings.model_validate({k: v for k, v in given.items() if k in plugin.settings.model_fields})
    except ValidationError as error:
        raise _named(error, prefix) from None
    _require_safe_urls(prefix, ats)
    return ConnectionSettings(name=name, kind=kind, options=options.model_copy(update={"kind": kind}), ats=ats)


def _refuse_unknown(prefix: str, members: Mapping[str, str], plugin: AtsPlugin) -> None:
    known = {n.upper() for n in (*plugin.settings.model_fields, *ConnectionOptions.model_fields)}
    known |= {f"{n.upper()}_FILE" for n, f in plugin.settings.model_fields.items() if _is_secret(f)}
    for member in members:
        if member not in known:
            raise ConfigurationError(f"{prefix}{member} is no setting of {plugin.title}.")


def _require_safe_urls(prefix: str, ats: BaseModel) -> None:
    from connector.infra.ats_http import require_safe_url  # not for a verification, which knows no ATS

    for name in type(ats).model_fields:
        value = getattr(ats, name)
        if name.endswith("url") and isinstance(value, str) and value:
            require_safe_url(value, f"{prefix}{name.upper()}")


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in _types(field.annotation)


def _types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _types(argument)


def _named(error: ValidationError, prefix: str) -> ConfigurationError:
    """The first thing wrong, with the variable's name and without its value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    places = [str(part).upper() for part in first["loc"] if isinstance(part, str)]
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        return ConfigurationError(f"{prefix}{DELIMITER.join(places)} is missing.")
    name = prefix + DELIMITER.join(places) if places else f"{prefix}*"
    return ConfigurationError(f"{name} is wrong: {message}.".replace("..", "."))


# --- .env.example ------------------------------------------------------------------------------------------------


def variables_of(connection: str, values: Mapping[str, object]) -> dict[str, str]:
    """The environment variables that set these members of a connection's settings."""
    return {f"LER_{connection.upper()}__{name.upper()}": str(value) for name, value in values.items()}


def env_example() -> str:
    """The text of `.env.example`: every setting, its default and what it is for."""
    lines = [
        "# Every setting of the connector. Copy to `.env`, or set them in the environment, which wins.",
        "# Each secret X may be given as a file instead: X_FILE. Written by `python -m connector.config`.",
    ]
    for name, field in Settings.model_fields.items():
        if name == "ats_connections":
            continue
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            lines += ["", *_example(field.annotation, f"{PREFIX}{name.upper()}{DELIMITER}")]
        else:
            lines += ["", *_setting(f"{PREFIX}{name.upper()}", field)]
    for kind, plugin in registry.plugins().items():
        lines += ["", f"# --- {plugin.title} ---"]
        lines += _example(plugin.settings, f"{PREFIX}{kind.upper()}{DELIMITER}")
        prefix = f"{PREFIX}{kind.upper()}{DELIMITER}"
        lines += _example(ConnectionOptions, prefix, {"rate": plugin.rate, "burst": plugin.burst}, {"kind"})
    lines += ["", "# --- a second account of one ATS: any name, and its KIND ---"]
    lines += ["# LER_GHSANDBOX__KIND=greenhouse"]
    return "\n".join(lines) + "\n"


def _example(
    model: type[BaseModel], prefix: str, defaults: Mapping[str, object] = {}, leave_out: Collection[str] = ()
) -> list[str]:
    lines: list[str] = []
    for name, field in model.model_fields.items():
        if name not in leave_out:
            lines += _setting(f"{prefix}{name.upper()}", field, defaults.get(name))
    return lines


def _setting(variable: str, field: FieldInfo, default: object = None) -> list[str]:
    words = " ".join(((field.description or "") + (" (secret)" if _is_secret(field) else "")).split())
    value = _default(field) if default is None else default
    return [*wrap(words, 110, initial_indent="# ", subsequent_indent="# "), f"# {variable}={value}"]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=False)
    if isinstance(value, SecretStr) or value is None or field.is_required() or field.default_factory is not None:
        return ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value)


if __name__ == "__main__":
    Path(".env.example").write_text(env_example(), encoding="utf-8")
