"""Check `issuer`: was it made by the issuer it names, and does the employer recognise that issuer?

Two questions that are kept apart (CONTRACT section 2, `issuer.bound`): a signature may be genuine and still prove
nothing about the name in the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from connector.model.frozen import frozen
from connector.model.report import CheckResult, IssuerFinding
from connector.ports import DocumentSource
from connector.verify.checks.proof import ASSERTION, ProofFinding
from connector.verify.checks.published_keys import is_published
from connector.verify.codes import result
from connector.verify.did import FoundKey, authorised_keys
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.lookalike import lookalike_of
from connector.verify.policy import Policy, Recognition, RecognitionFinding, TestIssuers
from connector.verify.registries import Words
from connector.verify.spelling import every, identifier

Json = dict[str, Any]


MAX_IDENTIFIER: Final = 4_000
"""A did:jwk of an RSA key takes 1,000 characters. Identifier and name are repeated in every claim: both are bounded."""
MAX_NAME: Final = 500


class Binding(StrEnum):
    BOUND = "bound"
    UNBOUND = "unbound"
    MISMATCH = "mismatch"


@frozen
class IssuerAnswer:
    finding: IssuerFinding
    results: tuple[CheckResult, ...]


def bind(issuer: str, keys: tuple[FoundKey, ...], documents: DocumentSource, *, now: datetime) -> Binding:
    """Whether one of `keys` was obtained from `issuer` itself."""
    for found in keys:
        if found.controller == issuer:
            return Binding.BOUND
    try:
        listed = authorised_keys(issuer, ASSERTION, documents, now=now)
    except CheckError:
        return Binding.UNBOUND
    if not listed:
        return Binding.UNBOUND
    for method, key in listed:
        if any(key == found.key if key else method == found.method != "" for found in keys):
            return Binding.BOUND
    return Binding.MISMATCH


def measure(
    document: Json,
    proof: ProofFinding,
    policy: Policy,
    documents: DocumentSource,
    *,
    begins: datetime | None,
    now: datetime,
) -> IssuerAnswer:
    """Who issued `document`, whose proof holds."""
    issuer = issuer_of(document)
    if issuer is None:
        return IssuerAnswer(IssuerFinding(), (result("issuer_missing"),))
    binding = bind(issuer, proof.keys, documents, now=now)
    named = proof.claims.get("iss") if proof.claims else None
    used = (proof.keys[0].key,) if len(proof.keys) == 1 else tuple([found.key for found in proof.keys])
    if named is not None and named != issuer:
        failure: CheckResult | None = result("issuer_claim_mismatch", "iss")
    else:
        failure = published_key(used, policy)
    return judge(issuer, document, binding, policy, begins=begins, failure=failure, keys=used)


def published_key(used: Iterable[PublicKey | None], policy: Policy) -> CheckResult | None:
    """The answer to a key with which anybody can sign; None for every other."""
    for key in used:
        if key is not None and (is_published(key) or policy.publishes(key)):
            return _refuse_test(policy, "the key's secret half is published")
    return None


def judge(
    issuer: str,
    document: Json,
    binding: Binding,
    policy: Policy,
    *,
    begins: datetime | None,
    failure: CheckResult | None = None,
    keys: tuple[PublicKey, ...] = (),
) -> IssuerAnswer:
    """Put binding and policy together; shared by signed and hosted records.

    Args:
        keys: those that made the proof; compared with what a registry knows of the issuer's.
    """
    types = type_names(document) if policy.names_types else ()
    words = policy.words(issuer) if policy.registries else ()
    remarks = _registry_remarks(words, keys) if words and binding is Binding.BOUND else ()
    if remarks:
        words = tuple(said for said in words if not _other_key(said, keys))
    known = policy.recognise(issuer, types, begins, words)
    bound = binding is Binding.BOUND and (failure is None or failure.code != "issuer_claim_mismatch")
    if failure is None and words and any(said.is_test for said in words):
        failure = _refuse_test(policy, "a registry marks it as a test entry")
    denied = policy.denies(issuer)
    recognised = bound and failure is None and known.recognition is Recognition.RECOGNISED and not denied
    name, source = _name(document, known, bound, words)
    by, sensitive = known.by if recognised else None, policy.is_sensitive(issuer, types)
    finding = IssuerFinding(issuer, name, source, bound, recognised, by, sensitive)
    first = failure or (result("issuer_denied") if denied else _answer(issuer, binding, known))
    resembled = "" if recognised or not policy.trusted_issuers else lookalike_of(issuer, name, policy)
    lookalike = result("issuer_name_lookalike", resembled[:200]) if resembled else None
    results = (first, lookalike, *remarks) if lookalike else (first, *remarks)
    if recognised and remarks:
        results = tuple(r for r in results if r.code != "registry_unavailable")
    return IssuerAnswer(finding, results)


def _registry_remarks(words: tuple[Words, ...], keys: tuple[PublicKey, ...]) -> tuple[CheckResult, ...]:
    """What is shown of the registries: who lists it, who could not be asked, who knows other keys of it."""
    remarks: list[CheckResult] = []
    for said in words:
        if not said.shows:
            continue
        if said.entry is None:
            if said.problem:
                remarks.append(result("registry_unavailable", f"{said.registry}: {said.problem}"))
        elif _other_key(said, keys):
            remarks.append(result("registry_key_mismatch", said.dated))
        else:
            remarks.append(result("registry_lists", f"{said.dated}: {said.entry.name}"))
    return tuple(remarks)


def _other_key(said: Words, keys: tuple[PublicKey, ...]) -> bool:
    """Whether the registry names the issuer's keys, and none of those that signed is among them."""
    if said.entry is None or said.entry.keys is None or not keys:
        return False
    return not any(key in said.entry.keys for key in keys)


def claimed(document: Json) -> IssuerFinding:
    """What an unproven record says of its issuer; nothing of it is established."""
    name, source = _own_name(document)
    return IssuerFinding(id=issuer_of(document), name=name, name_source=source)


def issuer_of(document: Json) -> str | None:
    """The issuer's identifier; None without one, and for one that is too long to be one."""
    issuer = identifier(document.get("issuer"))
    return issuer if issuer is not None and len(issuer) <= MAX_IDENTIFIER else None


def type_names(document: Json) -> tuple[str, ...]:
    """The types of the record and of its achievement, which a policy may name."""
    names = [name for name in every(document.get("type")) if isinstance(name, str)]
    for subject in every(document.get("credentialSubject")):
        for achievement in every(subject.get("achievement") if isinstance(subject, dict) else None):
            kinds = every(achievement.get("achievementType") if isinstance(achievement, dict) else None)
            names += [kind for kind in kinds if isinstance(kind, str)]
    return tuple(names)


def _answer(issuer: str, binding: Binding, known: RecognitionFinding) -> CheckResult:
    if binding is Binding.MISMATCH:
        return result("issuer_key_mismatch", issuer[:200])
    if binding is Binding.UNBOUND:
        return result("issuer_unbound", issuer[:200])
    if known.recognition is Recognition.RECOGNISED:
        return result("issuer_recognised")
    outside = known.recognition is Recognition.OUTSIDE_TERMS
    return result("issuer_outside_terms" if outside else "issuer_not_recognised", issuer[:200])


def _refuse_test(policy: Policy, why: str) -> CheckResult | None:
    return None if policy.test_issuers is TestIssuers.ALLOW else result("issuer_is_test", why)


def _name(
    document: Json, known: RecognitionFinding, bound: bool, words: tuple[Words, ...]
) -> tuple[str | None, str | None]:
    """The employer's name for it, else a registry's, else its own; the first two only for whom it is shown to be."""
    if bound:
        if known.name:
            return known.name, known.name_source
        for said in words:
            if said.shows and said.entry is not None and said.entry.name:
                return said.entry.name, "registry"
    return _own_name(document)


def _own_name(document: Json) -> tuple[str | None, str | None]:
    issuer = document.get("issuer")
    if not isinstance(issuer, dict) or "name" not in issuer:
        return None, None
    name = _text(issuer["name"])
    return name, "self_asserted" if name else None


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value[:MAX_NAME] or None
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, list):
        return _text(value[0]) if value else None
    return value[:MAX_NAME] or None if isinstance(value, str) else None
