"""What a JSON object is, told from what it holds: a credential (and which), a presentation, a wrapper, nothing.

Recognition is generous (a credential that breaks its specification is still a credential, and gets a verdict that says
so); reading is strict. Open Badges 3.0 section 3, CLR 2.0, VCDM 1.1 and 2.0 section 4, Open Badges 2.0, LER-RS 4.x.
"""

from __future__ import annotations

from typing import Any, Final

from connector.model.credential import CredentialFormat, Json

VC_V1: Final = "https://www.w3.org/2018/credentials/v1"
VC_V2: Final = "https://www.w3.org/ns/credentials/v2"

WRAPPER_MEMBERS: Final = (
    "verifiablePresentation",
    "vp",
    "presentation",
    "verifiableCredential",
    "verifiableCredentials",
    "vc",
    "credential",
    "credentials",
    "jwt",
    "vp_token",
    "contents",
)
"""Members that common envelopes keep credentials under, in the order in which they are looked at."""

_ENDORSEMENT = "EndorsementCredential"
_OPEN_BADGE_TYPES = frozenset({"OpenBadgeCredential", "AchievementCredential"})
_LER_RS_MARKS = ("ler-rs", "lerrs")
_LER_RS_SECTIONS = frozenset(
    {
        "educationAndLearnings",
        "educationAndLearning",
        "certifications",
        "licenses",
        "employmentHistories",
        "employmentHistory",
    }
)


def types_of(value: Json) -> tuple[str, ...]:
    """The member `type` (or `@type`) as strings, whatever its shape."""
    return _texts(value["type"] if "type" in value else value.get("@type"))


def _has_type(value: Json, name: str) -> bool:
    raw = value["type"] if "type" in value else value.get("@type")
    return raw == name if isinstance(raw, str) else isinstance(raw, list) and name in raw


def _texts(raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        return (raw,)
    return tuple([item for item in raw if isinstance(item, str)]) if isinstance(raw, list) else ()


def contexts_of(value: Json) -> tuple[str, ...]:
    """The addresses in `@context`."""
    return _texts(value.get("@context"))


def data_model_of(value: Json) -> str | None:
    """`1.1` or `2.0` by the first of the two base contexts that is named; None without one."""
    for context in contexts_of(value):
        if context == VC_V2:
            return "2.0"
        if context == VC_V1:
            return "1.1"
    return None


def is_presentation(value: Json) -> bool:
    return _has_type(value, "VerifiablePresentation")


def is_enveloped(value: Json) -> bool:
    """An EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation (VCDM 2.0 section 4.13)."""
    return _has_type(value, "EnvelopedVerifiableCredential") or _has_type(value, "EnvelopedVerifiablePresentation")


def is_open_badge_2(value: Json) -> bool:
    """An Open Badges 0.5 to 2.0 assertion."""
    if "badge" not in value and "recipient" not in value:
        return False
    return _has_type(value, "Assertion") or ("badge" in value and "recipient" in value)


def is_bare_ler_rs(value: Json) -> bool:
    """An LER-RS record that nobody wrapped into a credential: by its type, or a person with sections of a résumé."""
    if any(_says_ler_rs(t) for t in types_of(value)):
        return True
    return isinstance(value.get("person"), dict) and not _LER_RS_SECTIONS.isdisjoint(value)


def is_credential(value: Json) -> bool:
    """A verifiable credential, well made or not."""
    if _has_type(value, "VerifiableCredential") or _has_type(value, "EuropeanDigitalCredential"):
        return True
    if "credentialSubject" not in value:
        return False
    return data_model_of(value) is not None or "issuer" in value or "proof" in value


Head = tuple[CredentialFormat, str | None]
"""A credential's format and data model."""

_Parts = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...] | str | None]
_heads: dict[_Parts, Head] = {}
"""Types, contexts and the subject's types of credentials that were seen -> what they are."""
_MAX_HEADS: Final = 500
_MAX_HEAD_CHARS: Final = 2_000
"""Of what is remembered of one credential; published LERs have 800 at most."""


def known_head(value: Json) -> Head | None:
    """What `value` is, when a credential made of the same types and contexts was seen before; None leaves it open."""
    types, contexts, subject = value.get("type"), value.get("@context"), value.get("credentialSubject")
    if types.__class__ is not list or contexts.__class__ is not list or subject.__class__ is not dict:
        return None
    kind = subject.get("type")
    try:
        known = _heads.get((tuple(types), tuple(contexts), tuple(kind) if kind.__class__ is list else kind))
    except TypeError:  # an inline context
        return None
    return None if "@type" in subject else known


def head(value: Json) -> Head:
    """Format and data model of a credential."""
    known = known_head(value)
    if known is not None:
        return known
    found = (credential_format(value), data_model_of(value))
    parts = _plain_parts(value)
    if parts is not None:
        if len(_heads) >= _MAX_HEADS:
            _heads.clear()
        _heads[parts] = found
    return found


def _plain_parts(value: Json) -> _Parts | None:
    """What to remember a credential by: lists of text, and of no more than usual."""
    types, contexts, subject = value.get("type"), value.get("@context"), value.get("credentialSubject")
    if not (isinstance(types, list) and isinstance(contexts, list) and isinstance(subject, dict)):
        return None
    kind = subject.get("type")
    words = [*types, *contexts, *(kind if isinstance(kind, list) else () if kind is None else (kind,))]
    if not all(isinstance(word, str) for word in words) or sum(map(len, words)) > _MAX_HEAD_CHARS:
        return None
    if "VerifiableCredential" not in types or is_presentation(value) or is_enveloped(value):
        return None
    return tuple(types), tuple(contexts), tuple(kind) if isinstance(kind, list) else kind


def credential_format(value: Json) -> CredentialFormat:
    """Which kind of LER a credential is."""
    types = types_of(value)
    if _is_ler_rs(value, types):
        return CredentialFormat.LER_RS
    if "ClrCredential" in types:
        return CredentialFormat.CLR_2
    if _ENDORSEMENT in types:
        return CredentialFormat.ENDORSEMENT
    if not _OPEN_BADGE_TYPES.isdisjoint(types):
        return CredentialFormat.OPEN_BADGE_3
    if "EuropeanDigitalCredential" in types:
        return CredentialFormat.EUROPASS_EDC
    return CredentialFormat.VERIFIABLE_CREDENTIAL


def _is_ler_rs(value: Json, types: tuple[str, ...]) -> bool:
    named = [*types, *contexts_of(value)]
    subjects = value.get("credentialSubject")
    for subject in subjects if isinstance(subjects, list) else (subjects,):
        if isinstance(subject, dict):
            named += types_of(subject)
    left = [name for name in named if name not in _NEVER_LER_RS]
    return bool(left) and any(_says_ler_rs(name) for name in left)


_NEVER_LER_RS: Final = frozenset(
    {
        VC_V1,
        VC_V2,
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
        "VerifiableCredential",
        "OpenBadgeCredential",
        "AchievementCredential",
        "AchievementSubject",
        "ClrCredential",
        "ClrSubject",
    }
)
"""What most records are made of: told without looking at the names."""


def _says_ler_rs(name: str) -> bool:
    """The last part of a type or schema address counts: `/ler-rs/` is also the folder of what an LER-RS holds."""
    last = name.rsplit("/", 1)[-1].lower()
    return any(mark in last for mark in _LER_RS_MARKS)
