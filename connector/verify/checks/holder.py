"""Check `holder`: did the one who presents it sign the presentation, for this request? (VCDM 2.0 section 4.13)

A presentation is an envelope, not a credential: it has no verdict. A signature that fails, or was made for another
request, refuses all that is in it; one by the credential's own subject is the strongest tie to the applicant.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import Any, Final

from connector.model.credential import CompactJws, Envelope
from connector.model.frozen import frozen
from connector.model.report import CheckResult, Outcome
from connector.ports import DocumentSource
from connector.verify.checks import proof, validity
from connector.verify.checks.structure import presentation_faults
from connector.verify.codes import result
from connector.verify.did import authorised_keys
from connector.verify.errors import CheckError
from connector.verify.spelling import identifier

Json = dict[str, Any]


@frozen
class PresentationContext:
    """What a presentation must have been made for (CONTRACT section 2, `presentation`).

    Attributes:
        challenge, domain: of an embedded proof; `nonce`, `audience`: of a token. A token's `nonce` may answer a
            `challenge` and its `aud` a `domain`, and the reverse: wallets use them for the same thing.
        require_key_binding: without a signed presentation for this request, nothing is accepted.
    """

    challenge: str | None = None
    domain: str | None = None
    nonce: str | None = None
    audience: str | None = None
    require_key_binding: bool = False

    @property
    def wanted_nonce(self) -> str | None:
        return self.nonce or self.challenge

    @property
    def wanted_audience(self) -> str | None:
        return self.audience or self.domain


@frozen
class HolderFinding:
    """Who presented.

    Attributes:
        signers: the identifiers whose keys signed, where every signature holds.
        for_us: the presentation was made for this very request.
        by_named_key: it is signed by the key that the record itself names as its holder's.
    """

    result: CheckResult
    signers: frozenset[str] = field(default_factory=frozenset)
    for_us: bool = False
    by_named_key: bool = False


_NONE: Final = HolderFinding(result("holder_none"))
_UNSOLICITED: Final = result("holder_unsolicited")


def measure(
    envelopes: tuple[Envelope, ...],
    context: PresentationContext | None,
    documents: DocumentSource,
    *,
    now: datetime,
    known: dict[int, HolderFinding],
) -> HolderFinding:
    """Check every envelope of a credential, from the outside in; the gravest answer counts.

    Args:
        known: what was found of each envelope, by its identity: one may be around hundreds of others.
    """
    if not envelopes and context is None:
        return _NONE
    for envelope in envelopes:
        if id(envelope) not in known:
            known[id(envelope)] = _measure_one(envelope, context, documents, now)
    findings = [known[id(envelope)] for envelope in envelopes]
    signed = [finding for finding in findings if finding.signers]
    bad = [f for f in findings if f.result.outcome in (Outcome.FAILED, Outcome.UNDETERMINED)]
    if bad:
        return min(bad, key=lambda finding: finding.result.outcome is not Outcome.FAILED)
    if context and context.require_key_binding and not any(finding.for_us for finding in signed):
        return HolderFinding(result("holder_proof_required"))
    if signed:
        return next((finding for finding in signed if finding.for_us), signed[0])
    return findings[0] if findings else HolderFinding(result("holder_none"))


def _measure_one(
    envelope: Envelope, context: PresentationContext | None, documents: DocumentSource, now: datetime
) -> HolderFinding:
    if envelope.jws is not None and envelope.jws.sd_jwt is not None and envelope.jws.sd_jwt.key_binding is not None:
        return HolderFinding(result("holder_unchecked", "a key binding behind a presentation"))
    if envelope.jws is None and "proof" not in envelope.document:
        return HolderFinding(result("holder_unsigned"))
    if envelope.jws is None:
        found = proof.measure_embedded(envelope.document, documents, purpose=proof.AUTHENTICATION, now=now)
    else:
        found = proof.measure_token(envelope.jws, documents, now=now, fallback=envelope.document, presentation=True)
        if found.result.code == "key_not_authorised" and not _is_asked(context):
            return _signed_as_issuer(envelope, envelope.jws, documents, now) or _failed(found)
    return _judge(found, context, documents, now) if found.holds else _failed(found)


def _failed(found: proof.ProofFinding) -> HolderFinding:
    undetermined = found.result.outcome is Outcome.UNDETERMINED
    return HolderFinding(result("holder_unchecked" if undetermined else "holder_invalid", found.result.code))


def _is_asked(context: PresentationContext | None) -> bool:
    """Whether a presentation for this very request is needed."""
    return context is not None and (
        context.require_key_binding or context.wanted_nonce is not None or context.wanted_audience is not None
    )


def _signed_as_issuer(
    envelope: Envelope, jws: CompactJws, documents: DocumentSource, now: datetime
) -> HolderFinding | None:
    """A token that nobody asked for, by a key its owner lists for assertions only: it is as it was made, and no more.

    VC-JOSE-COSE wants the key to be in the holder's document and does not say for which use; what ties a record to the
    applicant is a key for authentication, so this ties nothing. None when that signature does not hold either.
    """
    found = proof.measure_token(
        jws, documents, now=now, fallback=envelope.document, presentation=True, purpose=proof.ASSERTION
    )
    if not found.holds:
        return None
    judged = _judge(found, None, documents, now)
    return HolderFinding(result("holder_key_for_assertions")) if judged.result.code == _UNSOLICITED.code else judged


def _judge(
    found: proof.ProofFinding, context: PresentationContext | None, documents: DocumentSource, now: datetime
) -> HolderFinding:
    """The signature holds: is it the holder's, current, and for us?"""
    faults = list(presentation_faults(found.document))
    if faults:
        return HolderFinding(result("holder_malformed", "; ".join(faults[:5])))
    signers = frozenset(key.controller for key in found.keys if key.controller)
    claims = found.claims or {}
    named = [name for name in (identifier(found.document.get("holder")), claims.get("iss")) if name is not None]
    if not signers and not any([_has_other_keys(name, found, documents, now) for name in named]):  # noqa: C419  # two
        return HolderFinding(result("holder_unchecked", "the key is nobody's"))
    if not all(isinstance(name, str) and name in signers for name in named):
        return HolderFinding(result("holder_invalid", "signed by another key than the holder's"))
    dates = validity.measure({}, claims, now=now).result
    if dates.outcome is Outcome.FAILED:
        return HolderFinding(result("holder_expired", dates.code))
    if context is None or (context.wanted_nonce is None and context.wanted_audience is None):
        return HolderFinding(_UNSOLICITED, signers)
    fault = _wrong_request(found, claims, context)
    if fault:
        return HolderFinding(result("holder_other_request", fault))
    return HolderFinding(result("holder_valid"), signers, for_us=context.wanted_nonce is not None)


def _has_other_keys(name: object, found: proof.ProofFinding, documents: DocumentSource, now: datetime) -> bool:
    """Whether all keys of the holder named are known, and the one written out in the presentation is not among them."""
    if not isinstance(name, str):
        return True
    try:
        listed = [key for _, key in authorised_keys(name, proof.AUTHENTICATION, documents, now=now)]
    except CheckError:
        return False
    return bool(listed) and None not in listed and not any(used.key in listed for used in found.keys)


def _wrong_request(found: proof.ProofFinding, claims: Json, context: PresentationContext) -> str | None:
    if found.claims is not None:
        answers = [(claims.get("nonce"), claims.get("aud"))]
    else:
        answers = [(single.get("challenge"), single.get("domain")) for single in found.proofs]
    for nonce, audience in answers:
        if context.wanted_nonce is not None and nonce != context.wanted_nonce:
            return "challenge or nonce"
        if context.wanted_audience is not None and _only(audience) != context.wanted_audience:
            return "domain or audience"
    return None


def _only(value: object) -> object:
    """A single audience, also when it is written as a list of one; several are none of ours."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
