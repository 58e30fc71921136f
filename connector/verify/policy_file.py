"""Reading the employer's policy file (CONTRACT section 6): a mistake is named with file, line and column."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from connector.errors import PolicyFileError
from connector.verify.policy import Policy, Registry, read_pinned
from connector.verify.registries import ReadBook, RegistryProblem
from connector.verify.trusted_certificates import TrustedCertificate
from connector.yaml_source import Place, into_model, read_yaml

MAX_POLICY_BYTES: Final = 2_000_000


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
        _with_book(registry, path.parent, source.file, source.place(("registries", index, "file")))
        for index, registry in enumerate(policy.registries)
    )
    certificates = tuple(
        _loaded(one, path.parent, source.file, source.place(("trusted_certificates", index)))
        for index, one in enumerate(policy.trusted_certificates)
    )
    return policy.model_copy(update={"registries": registries, "trusted_certificates": certificates})


def _loaded(one: TrustedCertificate, base: Path, policy_file: str, place: Place) -> TrustedCertificate:
    try:
        return one.loaded(base)
    except ValueError as error:
        raise PolicyFileError(f"{error}.", file=policy_file, line=place.line, column=place.column) from None


# --- registries --------------------------------------------------------------------------------------------------


def _with_book(registry: Registry, base: Path, policy_file: str, place: Place) -> Registry:
    """A registry in a file of the employer's, read at once: a mistake in it is a mistake of the policy."""
    if registry.file is None:
        return registry
    wrong = partial(PolicyFileError, file=policy_file, line=place.line, column=place.column)
    try:
        content = (base / registry.file).read_bytes()
        if registry.kind == "openid_federation":
            raise RegistryProblem("a federation is asked by its url, not read from a file")
        return registry.model_copy(update={"book": ReadBook(read_pinned(registry, content))})
    except OSError as error:
        raise wrong(f"registry {registry.file} cannot be read: {error.strerror}.") from None
    except RegistryProblem as error:
        raise wrong(f"registry {registry.file} cannot be used: {error}.") from None
