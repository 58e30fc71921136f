"""Endorsements inside a credential: who speaks for it, for its issuer, for the achievement or for who made that.

Open Badges 3.0 and CLR 2.0: `endorsement` (embedded credentials) and `endorsementJwt` (tokens), in the credential, in
`issuer`, in `credentialSubject.achievement` and in `achievement.creator`. They are found here and judged one by one by
the verifier, beside the credential and never in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from connector.errors import SubmissionTooLarge
from connector.intake.limits import MAX_ENDORSEMENTS
from connector.model.credential import Endorsed, FoundEndorsement, Json, UnverifiedCredential

MEMBERS = ("endorsement", "endorsementJwt")


def find(document: Json, take: Callable[[Any, str], UnverifiedCredential]) -> tuple[FoundEndorsement, ...]:
    """The endorsements in a credential.

    Args:
        take: makes an unverified credential of what stands at a path below the credential's own.

    Raises:
        SubmissionTooLarge: more than `MAX_ENDORSEMENTS`.
    """
    found: list[FoundEndorsement] = []
    for kind, thing, path in _endorsed_things(document):
        for member in MEMBERS:
            if member not in thing:
                continue
            items = thing[member] if isinstance(thing[member], list) else [thing[member]]
            if len(found) + len(items) > MAX_ENDORSEMENTS:
                raise SubmissionTooLarge(f"A record has more than {MAX_ENDORSEMENTS} endorsements.", code="too_many")
            about = thing.get("id")
            about = about if isinstance(about, str) else None
            for index, item in enumerate(items):
                place = f"{path}.{member}[{index}]"
                found.append(FoundEndorsement(take(item, place), kind, about))
    return tuple(found)


def _endorsed_things(document: Json) -> Iterator[tuple[Endorsed, Json, str]]:
    """What may carry endorsements, with its place."""
    yield Endorsed.CREDENTIAL, document, ""
    issuer = document.get("issuer")
    if isinstance(issuer, dict):
        yield Endorsed.ISSUER, issuer, ".issuer"
    for subject, subject_path in _each(document.get("credentialSubject"), ".credentialSubject"):
        for achievement, path in _each(subject.get("achievement"), f"{subject_path}.achievement"):
            yield Endorsed.ACHIEVEMENT, achievement, path
            creator = achievement.get("creator")
            if isinstance(creator, dict):
                yield Endorsed.CREATOR, creator, f"{path}.creator"


def _each(value: Any, path: str) -> Iterator[tuple[Json, str]]:
    if isinstance(value, dict):
        yield value, path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield item, f"{path}[{index}]"
