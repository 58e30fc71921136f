"""Check `structure`: does the record keep the MUSTs of its data model that change what it says or how it is checked?

Verifiable Credentials Data Model 2.0 sections 4.3 to 4.12 and 5, and 1.1 sections 4 and 5; what a token adds is in
`token_form`. Schemas are never fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from connector import hosting
from connector.model.credential import CredentialFormat
from connector.model.report import CheckResult
from connector.verify.checks import token_form
from connector.verify.checks.proof import ProofFinding
from connector.verify.codes import result
from connector.verify.dates import parse_date_time, parse_local_date_time
from connector.verify.spelling import every, identifier

Json = dict[str, Any]

BASE_CONTEXT: Final = {
    "https://www.w3.org/2018/credentials/v1": "1.1",
    "https://www.w3.org/ns/credentials/v2": "2.0",
}
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f\x7f]+\Z")
_USUAL_URL = re.compile(
    r"(?:https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?"
    r"|(?:did|urn):[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+)\Z"
)
"""What nearly all are: told without taking them apart."""
_DATES: Final = {"1.1": ("issuanceDate", "expirationDate"), "2.0": ("validFrom", "validUntil")}
_TYPED: Final = frozenset({"credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence", "proof"})
_BOTH: Final = frozenset({"VerifiableCredential", "VerifiablePresentation"})
"""One reader would look at what it says, another at what it carries."""
_WITH_ID: Final = ("credentialSchema",)
_LANGUAGE_MEMBERS: Final = frozenset({"@value", "@language", "@direction"})


def measure(document: Json, format: CredentialFormat, proof: ProofFinding) -> tuple[CheckResult, ...]:
    """Check a credential's form; the first result is the answer, the others are remarks."""
    first, remarks = _OK, list[CheckResult]()
    is_record = format is not CredentialFormat.SD_JWT_VC
    if not is_record or not _is_plain(document):
        faults = list(credential_faults(document) if is_record else _claims_faults(document, proof))
        first = result("structure_nonconformant", "; ".join(faults[:5])) if faults else _OK
        remarks = [result("date_without_zone")] if _lacks_zone(document) else []
    if proof.claims is not None:
        remarks += token_form.measure(document, format, proof)
    if format in token_form.OPEN_BADGES and not _names_subject(document):
        remarks.append(result("subject_without_id"))
    for found in proof.keys:
        if found.short:
            remarks.append(result("key_reference_short"))
            break
    return (first, *remarks)


_OK: Final = result("structure_ok")


# --- the data model ----------------------------------------------------------------------------------------------


def _is_plain(document: Json) -> bool:
    """Whether a few looks show that `credential_faults` finds nothing; False leaves it open.

    Most records are written in the same plain way: lists of contexts and types that were seen before, one subject, one
    proof. Whatever is not is for the long way round.
    """
    contexts, types = document.get("@context"), document.get("type")
    if contexts.__class__ is not list or types.__class__ is not list:
        return False
    try:
        model = _heads.get((*contexts, None, *types))
    except TypeError:  # an inline context
        return False
    if model is None:
        return _is_good_head(document, contexts, types) and _is_plain(document)
    issuer, subject = document.get("issuer"), document.get("credentialSubject")
    if issuer.__class__ is dict:
        if model == "2.0" and not _is_plainly_named(issuer):
            return False
        issuer = issuer.get("id")
    if subject.__class__ is not dict or not subject or not is_url(issuer):
        return False
    if not (("id" not in document or is_url(document["id"])) and ("id" not in subject or is_url(subject["id"]))):
        return False
    if model == "2.0" and not ("relatedResource" not in document and _is_plainly_named(document)):
        return False
    return _has_plain_dates(document, model) and (_TYPED.isdisjoint(document) or _has_plain_parts(document))


_heads: dict[tuple[object, ...], str] = {}
"""`@context` and `type` of records without a fault in them -> their data model."""
_MAX_HEADS: Final = 500
_MAX_HEAD_ENTRIES: Final = 16
"""Contexts and types of one record; published LERs have 9 at most."""


def _is_good_head(document: Json, contexts: list[Any], types: list[Any]) -> bool:
    """Whether contexts and types are without fault; if so they are remembered, unless they are uncommonly large."""
    model = data_model(document)
    if model is None or len(contexts) + len(types) > _MAX_HEAD_ENTRIES:
        return False
    if list(_context_faults(document, model)) or list(_type_faults(document, "VerifiableCredential")):
        return False
    if max(len(text) for text in (*contexts, *types)) > _SHORT:
        return False
    if len(_heads) >= _MAX_HEADS:
        _heads.clear()
    _heads[(*contexts, None, *types)] = model
    return True


def _has_plain_dates(document: Json, model: str) -> bool:
    begin, end = _DATES[model]
    if begin not in document and model == "1.1":
        return False
    first, last = parse_date_time(document.get(begin)), parse_date_time(document.get(end))
    if (first is None and begin in document) or (last is None and end in document):
        return False
    return first is None or last is None or first <= last


def _has_plain_parts(document: Json) -> bool:
    proof = document.get("proof")
    plain_proof = proof.__class__ is dict and proof.get("type").__class__ is str and proof["type"] != ""
    for member in _TYPED & document.keys():
        if member == "proof" and plain_proof:
            continue
        for _ in _typed_object_faults(document, member):
            return False
    return True


def credential_faults(document: Json) -> Iterator[str]:
    """Each MUST that the credential breaks, in a few words for an integrator."""
    model = data_model(document)
    yield from _context_faults(document, model)
    yield from _type_faults(document, "VerifiableCredential")
    if "id" in document and not is_url(document["id"]):
        yield "id is not one URL"
    if not is_url(identifier(document.get("issuer"))):
        yield "issuer is not a URL, nor an object whose id is one"
    yield from _subject_faults(document)
    yield from _date_faults(document, model or "2.0")
    if not _TYPED.isdisjoint(document):
        for member in _TYPED & document.keys():
            yield from _typed_object_faults(document, member)
    if model == "2.0":
        yield from _version_2_faults(document)


def _claims_faults(document: Json, proof: ProofFinding) -> Iterator[str]:
    """The same for the plain claims of an SD-JWT VC, which has no data model of its own but `iss` and `vct`."""
    issuer = document.get("issuer", document.get("iss"))
    by_certificate = issuer is None and "iss" not in (proof.claims or {}) and "x5c" in (proof.header or {})
    if not is_url(issuer) and not by_certificate:
        yield "iss is not a URL"


def presentation_faults(document: Json) -> Iterator[str]:
    """The same for a presentation (VCDM 2.0 section 4.13)."""
    model = data_model(document)
    yield from _context_faults(document, model)
    yield from _type_faults(document, "VerifiablePresentation")
    if "id" in document and not is_url(document["id"]):
        yield "id is not one URL"
    if "holder" in document and not is_url(identifier(document["holder"])):
        yield "holder is not a URL, nor an object whose id is one"
    for item in every(document.get("verifiableCredential")):
        if isinstance(item, str) and model == "2.0":
            yield "verifiableCredential holds text; a token goes into an enveloped credential"
        elif isinstance(item, dict):
            yield from _contained_faults(item)
        elif not isinstance(item, str):
            yield "verifiableCredential holds something that is no credential"


def data_model(document: Json) -> str | None:
    """`1.1` or `2.0` by the first context; None where it is neither."""
    contexts = every(document.get("@context"))
    first = contexts[0] if contexts else None
    return BASE_CONTEXT.get(first) if isinstance(first, str) else None


def is_url(value: object) -> bool:
    """Whether `value` is one absolute URL (any scheme)."""
    if isinstance(value, str):
        return _is_short_url(value) if len(value) <= _SHORT else _is_url(value)
    return False


def _is_url(value: str) -> bool:
    if _USUAL_URL.match(value):
        return True
    if not _URL.match(value):
        return False
    try:
        parts = hosting.split(value)
    except ValueError:
        return False
    return bool(parts.netloc) if parts.scheme in ("http", "https") else True


_SHORT: Final = 300
"""What is remembered must be small."""
_is_short_url = lru_cache(maxsize=4096)(_is_url)


def _context_faults(document: Json, model: str | None) -> Iterator[str]:
    if model is None:
        yield "@context does not begin with that of Verifiable Credentials"
    for item in every(document.get("@context")):
        if not isinstance(item, dict) and not is_url(item):
            yield "@context holds something that is neither a URL nor an object"


def _type_faults(document: Json, required: str) -> Iterator[str]:
    types = document.get("type")
    if not _is_type(types):
        yield "type is missing or no text"
    elif required not in every(types):
        yield f"type does not hold {required}"
    elif set(every(types)) >= _BOTH:
        yield "type says both credential and presentation"
    elif _hides_types(document):
        yield "type holds a term that no context defines"


def _hides_types(document: Json) -> bool:
    """An inline context that takes `@vocab` away leaves short types without meaning."""
    inline = [c for c in every(document.get("@context")) if isinstance(c, dict)]
    if not inline or not any("@vocab" in context and context["@vocab"] is None for context in inline):
        return False
    known = {name for context in inline for name in context} | {"VerifiableCredential", "VerifiablePresentation"}
    return any(name not in known and not is_url(name) for name in every(document["type"]))


def _subject_faults(document: Json) -> Iterator[str]:
    subjects = every(document.get("credentialSubject"))
    if not subjects:
        yield "credentialSubject is missing"
    for subject in subjects:
        if not isinstance(subject, dict) or not subject:
            yield "credentialSubject is empty or no object"
        elif "id" in subject and not is_url(subject["id"]):
            yield "credentialSubject.id is not one URL"


def _date_faults(document: Json, model: str) -> Iterator[str]:
    begin, end = _DATES[model]
    if model == "1.1" and begin not in document:
        yield "issuanceDate is missing"
    read, wanted = (parse_local_date_time, "") if model == "1.1" else (parse_date_time, " with a zone")
    first, last = read(document.get(begin)), read(document.get(end))
    for name, instant in ((begin, first), (end, last)):
        if instant is None and name in document:
            yield f"{name} is not a date and time{wanted}"
    if first and last and last < first:
        yield f"{end} is before {begin}"


def _lacks_zone(document: Json) -> bool:
    """VCDM 1.1 section 4.6 asks for an XML Schema dateTime, which may do without one; VCDM 2.0 does not."""
    if data_model(document) != "1.1":
        return False
    dates = [document[name] for name in _DATES["1.1"] if name in document]
    return any(parse_date_time(date) is None and parse_local_date_time(date) is not None for date in dates)


def _typed_object_faults(document: Json, member: str) -> Iterator[str]:
    """Objects that need a type (VCDM 2.0 section 4.5, table), and some an id."""
    items = every(document[member])
    if member == "proof" and not items:
        yield "proof is empty"
    for item in items:
        if not isinstance(item, dict) or not _is_type(item.get("type")):
            yield f"{member} has no type"
        elif member == "proof":
            continue
        elif ("id" in item or member in _WITH_ID) and not is_url(item.get("id")):
            yield f"{member}.id is not one URL"


def _text_faults(document: Json, prefix: str) -> Iterator[str]:
    """`name` and `description` are text or language value objects (VCDM 2.0 section 11.1)."""
    for member in ("name", "description"):
        for item in every(document.get(member)):
            if isinstance(item, str):
                continue
            if not isinstance(item, dict) or item.keys() - _LANGUAGE_MEMBERS or not isinstance(item.get("@value"), str):
                yield f"{prefix}{member} is neither text nor a language value"


def _version_2_faults(document: Json) -> Iterator[str]:
    """What only version 2.0 defines."""
    if not _is_plainly_named(document):
        yield from _text_faults(document, "")
    issuer = document.get("issuer")
    if isinstance(issuer, dict) and not _is_plainly_named(issuer):
        yield from _text_faults(issuer, "issuer.")
    if "relatedResource" in document:
        yield from _resource_faults(document)


def _is_plainly_named(document: Json) -> bool:
    return isinstance(document.get("name", ""), str) and isinstance(document.get("description", ""), str)


def _resource_faults(document: Json) -> Iterator[str]:
    for item in every(document.get("relatedResource")):
        if not isinstance(item, dict) or not is_url(item.get("id")):
            yield "relatedResource.id is not a URL"
        elif "digestSRI" not in item and "digestMultibase" not in item:
            yield "relatedResource has no digest"


def _contained_faults(item: Json) -> Iterator[str]:
    types = every(item.get("type"))
    if "EnvelopedVerifiableCredential" in types:
        if not str(item.get("id", "")).startswith("data:"):
            yield "an enveloped credential has no data: URL"
    elif "VerifiableCredential" not in types:
        yield "verifiableCredential holds something that is no credential"


# --- pieces ------------------------------------------------------------------------------------------------------


def _names_subject(document: Json) -> bool:
    subject = document.get("credentialSubject")
    if subject.__class__ is dict:
        return "id" in subject or "identifier" in subject
    subjects = [s for s in every(subject) if isinstance(s, dict)]
    without = [s for s in subjects if "id" not in s and "identifier" not in s]
    return bool(subjects) and not without


def _is_type(value: object) -> bool:
    items = every(value)
    return set(map(type, items)) == {str} and "" not in items
