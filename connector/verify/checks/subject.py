"""Check `subject`: is it about this applicant? Graded, never guessed (DOMAIN section 2).

Open Badges 3.0 "Verify the Recipient Using an Identifier" and IdentityHash: e-mail addresses are compared whole, as
given and in lower case, never in parts. Names compare after normalization and never suffice alone.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector.model.applicant import Applicant
from connector.model.frozen import frozen
from connector.model.report import CheckResult, SubjectFinding, SubjectMatch
from connector.verify.checks.holder import HolderFinding
from connector.verify.codes import result
from connector.verify.spelling import every, identifier, single

Json = dict[str, Any]

MAX_EMAIL_CHARS: Final = 320
"""RFC 3696 erratum 1690: 64 before the `@`, 255 behind it. Longer text is no address, and is not normalized: putting
combining marks in order costs the square of their number."""
MAX_NAME_CHARS: Final = 1_000
"""Longer text is nobody's name, and is not compared."""

_HASH = re.compile(r"(?P<algorithm>sha256|md5)\$(?P<hex>[0-9a-fA-F]+)\Z", re.ASCII)
_STRENGTH: Final = (
    SubjectMatch.HOLDER_PROOF,
    SubjectMatch.EMAIL_CODE,
    SubjectMatch.EMAIL_HASH,
    SubjectMatch.EMAIL,
    SubjectMatch.DID,
    SubjectMatch.NAME_ONLY,
    SubjectMatch.OTHER_IDENTITY,
    SubjectMatch.NONE,
    SubjectMatch.CONTRADICTED,
)
"""Strongest first. Of several subjects in one record the weakest match counts."""


@dataclass(slots=True)
class _Identity:
    """What a record says of one subject.

    Attributes:
        hashes: (value, salt) of hashed addresses; a salt of None is none that could be added to an address.
    """

    id: str | None = None
    emails: list[str] = field(default_factory=list)
    hashes: list[tuple[str, str | None]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@frozen
class SubjectAnswer:
    finding: SubjectFinding
    result: CheckResult


def measure(
    document: Json,
    claims: Json | None,
    applicant: Applicant,
    holder: HolderFinding,
    *,
    proved_emails: Iterable[str] = (),
) -> SubjectAnswer:
    """Match a verifiable credential with the applicant."""
    subjects = every(document.get("credentialSubject"))
    contradiction = _contradiction(document, claims, subjects, holder)
    if contradiction:
        return _answer(SubjectMatch.CONTRADICTED, contradiction)
    if not (applicant.name or applicant.emails or applicant.dids or proved_emails or holder.for_us):
        return _answer(SubjectMatch.NONE)
    proved = [email for email in proved_emails if _is_email(email)]
    if holder.for_us and holder.by_named_key and len(subjects) == 1:
        return _answer(SubjectMatch.HOLDER_PROOF)
    return _answer(_weakest([_match(_read(subject), applicant, holder, proved) for subject in subjects]))


def measure_open_badge_2(document: Json, applicant: Applicant, *, proved_emails: Iterable[str] = ()) -> SubjectAnswer:
    """Match the `recipient` of an Open Badge 2.0 with the applicant."""
    recipient = document.get("recipient")
    identity = _Identity()
    if isinstance(recipient, dict) and recipient.get("type", "email") == "email":
        value, salt = recipient.get("identity"), recipient.get("salt")
        _add_address(identity, value, recipient.get("hashed"), salt)
    proved = [email for email in proved_emails if _is_email(email)]
    return _answer(_match(identity, applicant, None, proved))


def _answer(match: SubjectMatch, detail: str = "") -> SubjectAnswer:
    return SubjectAnswer(_FINDINGS[match], result(f"subject_{match}", detail)) if detail else _ANSWERS[match]


_FINDINGS: Final = {match: SubjectFinding(match=match) for match in SubjectMatch}
_ANSWERS: Final = {match: SubjectAnswer(_FINDINGS[match], result(f"subject_{match}")) for match in SubjectMatch}


def _weakest(matches: Sequence[SubjectMatch]) -> SubjectMatch:
    if len(matches) == 1:
        return matches[0]
    return max(matches, key=_STRENGTH.index, default=SubjectMatch.NONE)


def _contradiction(document: Json, claims: Json | None, subjects: list[Any], holder: HolderFinding) -> str | None:
    """What a signature itself says against the record's subject."""
    if claims is None and not holder.signers:
        return None
    ids: set[str] = set()
    for subject in subjects:
        if isinstance(subject, dict) and isinstance(subject.get("id"), str) and subject["id"]:
            ids.add(subject["id"])
    if claims is not None and claims.get("sub") is not None:
        sub = claims["sub"]
        if isinstance(sub, str):
            if ids and ids != {sub}:
                return "the token's sub is not the record's subject"
        elif sub != document.get("credentialSubject"):
            return "the token's sub is not the record's subject"
    if ids and holder.signers and not ids & holder.signers:
        return "presented by another key than the subject's"
    return None


def _match(identity: _Identity, applicant: Applicant, holder: HolderFinding | None, proved: list[str]) -> SubjectMatch:
    if holder and holder.for_us and identity.id in holder.signers:
        return SubjectMatch.HOLDER_PROOF
    if proved and _has_address(identity, proved):
        return SubjectMatch.EMAIL_CODE
    emails = [email for email in applicant.emails if _is_email(email)]
    if emails and _hash_matches(identity, emails):
        return SubjectMatch.EMAIL_HASH
    if emails and _email_matches(identity, emails):
        return SubjectMatch.EMAIL
    if identity.id is not None and identity.id in applicant.dids:
        return SubjectMatch.DID
    return _weaker_match(identity, applicant, emails)


def _weaker_match(identity: _Identity, applicant: Applicant, emails: list[str]) -> SubjectMatch:
    """No tie. Something of the same kind that differs is another identity; only then does a name count."""
    addressed = bool((identity.emails or identity.hashes) and emails)
    identified = bool(identity.id and identity.id.startswith("did:") and applicant.dids)
    if addressed or identified:
        return SubjectMatch.OTHER_IDENTITY
    wanted = name_key(applicant.name) if applicant.name and identity.names else ()
    if not wanted:
        return SubjectMatch.NONE
    same = any(name_key(name) == wanted for name in identity.names)
    return SubjectMatch.NAME_ONLY if same else SubjectMatch.OTHER_IDENTITY


# --- reading -----------------------------------------------------------------------------------------------------


def _read(subject: object) -> _Identity:
    identity = _Identity()
    if not isinstance(subject, dict):
        return identity
    identity.id = identifier(subject)
    if identity.id and identity.id[:7].lower() == "mailto:":
        _add_address(identity, identity.id[len("mailto:") :], False, None)
    for address in every(subject.get("email")):
        _add_address(identity, address, False, None)
    identity.names += _names(subject)
    for entry in every(subject.get("identifier")):
        if isinstance(entry, dict):
            _read_identity_object(entry, identity)
    return identity


def _read_identity_object(entry: Json, identity: _Identity) -> None:
    kinds, hashed = every(entry.get("identityType")), single(entry.get("hashed"))
    for value in every(entry.get("identityHash")):
        if "emailAddress" in kinds:
            _add_address(identity, value, hashed, single(entry.get("salt")))
        elif "name" in kinds and hashed is not True and isinstance(value, str):
            identity.names.append(value)


def _add_address(identity: _Identity, value: object, hashed: object, salt: object) -> None:
    if not isinstance(value, str) or not value:
        return
    if _HASH.match(value):
        identity.hashes.append((value, "" if salt is None else salt if isinstance(salt, str) else None))
    elif hashed is not True and _is_email(value):
        identity.emails.append(value)


def _names(subject: Json) -> Iterator[str]:
    for name in every(subject.get("name")):
        if isinstance(name, dict):
            name = name.get("@value")
        if isinstance(name, str) and name.strip():
            yield name
    for members in (("givenName", "familyName"), ("firstName", "lastName"), ("given_name", "family_name")):
        first, last = (single(subject.get(member)) for member in members)
        if isinstance(first, str) and isinstance(last, str):
            yield f"{first} {last}"


# --- comparing ---------------------------------------------------------------------------------------------------


def _is_email(value: str) -> bool:
    """One `@` with something on both sides and no space: enough to be compared whole, never in parts."""
    if len(value) > MAX_EMAIL_CHARS:
        return False
    local, at, host = value.strip().rpartition("@")
    return bool(at and local and host) and "@" not in local and not any(char.isspace() for char in local + host)


def _spellings(email: str) -> tuple[str, ...]:
    """As given, and in lower case (Open Badges names no normalization)."""
    plain = email.strip()
    if plain.isascii():
        return tuple(dict.fromkeys((plain, plain.lower())))
    if not any(_becomes_ascii(char) for char in plain):
        plain = unicodedata.normalize("NFC", plain)
    return tuple(dict.fromkeys((plain, "".join(char if _becomes_ascii(char) else char.lower() for char in plain))))


def _becomes_ascii(char: str) -> bool:
    """A look-alike that is made the letter itself by normalization or lower case: the sign for Kelvin, and `k`."""
    return not char.isascii() and (unicodedata.normalize("NFC", char).isascii() or char.lower().isascii())


def _email_matches(identity: _Identity, emails: list[str]) -> bool:
    wanted = {_spellings(email)[-1] for email in emails}
    return any(_spellings(email)[-1] in wanted for email in identity.emails)


def _hash_matches(identity: _Identity, emails: list[str]) -> bool:
    spellings = {spelling for email in emails for spelling in _spellings(email)}
    return any(_same_hash(value, salt, spelling) for value, salt in identity.hashes for spelling in spellings)


def _has_address(identity: _Identity, emails: list[str]) -> bool:
    return _hash_matches(identity, emails) or _email_matches(identity, emails)


def _same_hash(value: str, salt: str | None, email: str) -> bool:
    """IdentityHash: the salt comes behind the address."""
    match = _HASH.match(value)
    if match is None or salt is None:
        return False
    digest = hashlib.new(match["algorithm"], (email + salt).encode(), usedforsecurity=False)
    return digest.hexdigest() == match["hex"].lower()


_FOLDED: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
_DROPPED: Final = re.compile("['’ʼ`´]")
_WORD = re.compile(r"\w+")


def name_key(name: str) -> tuple[str, ...]:
    """What two spellings of one name share: folded words, in any order; empty when there are none."""
    if len(name) > MAX_NAME_CHARS:
        return ()
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(char for char in folded if not unicodedata.combining(char)).translate(_FOLDED)
    return tuple(sorted(_WORD.findall(_DROPPED.sub("", plain))))
