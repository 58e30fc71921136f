"""Reading the employer's policy file (CONTRACT section 6): a mistake is named with file, line and column."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from connector import codec
from connector.errors import IntakeError, PolicyFileError
from connector.verify.policy import Policy, Registry
from connector.yaml_source import Place, into_model, read_yaml

MAX_POLICY_BYTES: Final = 2_000_000
MAX_REGISTRY_BYTES: Final = 5_000_000


def load_policy(path: str | Path) -> Policy:
    """Read a policy file.

    Raises:
        PolicyFileError: it is not there, is no YAML, or holds something that a policy cannot hold; with the place, and
            for an unknown name the nearest known one.
    """
    path = Path(path)
    source = read_yaml(path, PolicyFileError, max_bytes=MAX_POLICY_BYTES)
    if source.data is None:
        return Policy()
    policy, problems = into_model(source, Policy, what="a policy")
    if policy is None:
        first = problems[0]
        raise PolicyFileError(first.message, file=source.file, line=first.place.line, column=first.place.column)
    registries = tuple(
        _with_names(registry, path.parent, source.file, source.place(("registries", index, "file")))
        for index, registry in enumerate(policy.registries)
    )
    return policy.model_copy(update={"registries": registries})


# --- registries --------------------------------------------------------------------------------------------------


def _with_names(registry: Registry, base: Path, policy_file: str, place: Place) -> Registry:
    """A registry in a file, with the names it gives to issuers (DCC: identifier -> {name, ...})."""
    if registry.file is None or registry.kind != "dcc":
        return registry
    wrong = partial(PolicyFileError, file=policy_file, line=place.line, column=place.column)
    try:
        document = codec.parse_json((base / registry.file).read_bytes(), max_bytes=MAX_REGISTRY_BYTES)
    except OSError as error:
        raise wrong(f"registry {registry.file} cannot be read: {error.strerror}.") from None
    except IntakeError as error:
        raise wrong(f"registry {registry.file} is not JSON: {error.code}.") from None
    entries = document.get("registry", document) if isinstance(document, dict) else {}
    names = {
        str(issuer): str(entry.get("name") or "")
        for issuer, entry in (entries.items() if isinstance(entries, dict) else ())
        if isinstance(entry, dict)
    }
    return registry.model_copy(update={"names": names})
