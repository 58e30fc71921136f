"""Check `holder` of an SD-JWT: the holder's own token behind the last `~` (RFC 9901 sections 4.3 and 7.3).

Whether one is needed is the employer's setting, never decided by what was sent. One that is there must hold in any
case; one that was not made for a request of ours shows nothing about who hands the record in today.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from connector import disclosures
from connector.model.credential import CompactJws, SdJwt
from connector.model.report import Outcome
from connector.ports import DocumentSource
from connector.verify import keys
from connector.verify.checks import validity
from connector.verify.checks.holder import HolderFinding, PresentationContext
from connector.verify.checks.proof import AUTHENTICATION, ProofFinding
from connector.verify.checks.published_keys import is_published
from connector.verify.codes import result
from connector.verify.dates import parse_numeric_date
from connector.verify.did import KeyQuestion, find_key
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.suites import jose
from connector.verify.suites.sd_jwt import KEY_BINDING_TYPES

Json = dict[str, Any]

MAX_AGE: Final = timedelta(minutes=5)
"""How old a key binding may be, or how far ahead of our clock: a wallet answers a request within seconds."""
_REQUIRED: Final = ("nonce", "aud", "sd_hash")


def measure(
    sd_jwt: SdJwt,
    proven: ProofFinding,
    presented: HolderFinding,
    context: PresentationContext | None,
    documents: DocumentSource,
    *,
    now: datetime,
) -> HolderFinding:
    """Who holds the record, by its key binding.

    Args:
        proven: the record's own proof: only then is the key that it names anybody's.
        presented: the answer of the presentation around it, if any; a bad one stands.
    """
    if sd_jwt.key_binding is None:
        return presented
    needed = presented.result.code == "holder_proof_required"
    if presented.result.outcome is Outcome.FAILED and not (needed and proven.holds):
        return presented
    if not proven.holds:
        return HolderFinding(result("holder_unchecked", "the record that names the holder's key is not proven"))
    try:
        found = _judge(sd_jwt.key_binding, sd_jwt, proven.claims or {}, context, documents, now)
    except CheckError as error:
        return HolderFinding(result(error.code, error.detail), presented.signers)
    weaker = (needed or presented.for_us) and not found.for_us
    if weaker or presented.result.outcome is Outcome.UNDETERMINED:
        return presented
    return HolderFinding(found.result, presented.signers, found.for_us, found.by_named_key)


def _judge(
    token: CompactJws,
    sd_jwt: SdJwt,
    claims: Json,
    context: PresentationContext | None,
    documents: DocumentSource,
    now: datetime,
) -> HolderFinding:
    # 1. A token of this kind and no other, by the key that the issuer put into the record.
    key = _holder_key(claims.get("cnf"), documents, now)
    _check_signature(token, key)
    if is_published(key):
        raise CheckError("key_binding_invalid", "anybody can sign with the holder's key")
    said = token.claims or {}
    if not all(isinstance(said.get(name), str) and said[name] for name in _REQUIRED):
        raise CheckError("key_binding_invalid", "nonce, one aud and sd_hash are needed")
    # 2. Over exactly what was presented.
    wanted = disclosures.digest_of(sd_jwt.presented, sd_jwt.hash_name)
    if not hmac.compare_digest(wanted.encode(), said["sd_hash"].encode()):
        raise CheckError("key_binding_invalid", "sd_hash: made for other disclosures")
    # 3. Now.
    made = parse_numeric_date(said.get("iat"))
    if made is None:
        raise CheckError("key_binding_invalid", "iat is not a number of seconds")
    if abs(now - made) > MAX_AGE:
        raise CheckError("holder_expired", "iat is not within minutes of now")
    dates = validity.measure({}, said, now=now).result
    if dates.outcome is Outcome.FAILED:
        raise CheckError("holder_expired", dates.code)
    # 4. For us.
    return _for_whom(said, context)


def _holder_key(cnf: object, documents: DocumentSource, now: datetime) -> PublicKey:
    """The key in `cnf` (RFC 7800): written out, or named by a DID, which says itself which keys it has."""
    if not isinstance(cnf, dict) or not cnf:
        raise CheckError("key_binding_invalid", "the record names no key of its holder")
    try:
        if "jwk" in cnf:
            return keys.from_jwk(cnf["jwk"])
        kid = cnf.get("kid")
        if not isinstance(kid, str) or not kid.startswith("did:"):
            raise CheckError("holder_unchecked", f"cnf with {', '.join(sorted(cnf))[:60]}")
        return find_key(kid, KeyQuestion(AUTHENTICATION, now, now), documents).key
    except CheckError as error:
        undecided = error.code in _NOT_FOUND_OUT
        raise CheckError("holder_unchecked" if undecided else "key_binding_invalid", f"cnf: {error.code}") from None


_NOT_FOUND_OUT: Final = frozenset(
    {"holder_unchecked", "key_kind_unsupported", "key_method_unknown", "key_document_unreachable"}
)


def _check_signature(token: CompactJws, key: PublicKey) -> None:
    if "typ" not in token.header:
        raise CheckError("key_binding_invalid", "typ")
    try:
        jose.check_kind(token.header, KEY_BINDING_TYPES)
        jose.check_signature(token, key)
    except CheckError as error:
        undecided = error.code == "proof_unsupported"
        raise CheckError("holder_unchecked" if undecided else "key_binding_invalid", error.code) from None


def _for_whom(said: Json, context: PresentationContext | None) -> HolderFinding:
    """Compared with what we asked for; a nonce and an audience together make it ours (section 7.3, steps 5e to 5g)."""
    nonce, audience = (context.wanted_nonce, context.wanted_audience) if context else (None, None)
    if nonce is not None and said["nonce"] != nonce:
        raise CheckError("holder_other_request", "nonce")
    if audience is not None and said["aud"] != audience:
        raise CheckError("holder_other_request", "aud")
    if nonce is None or audience is None:
        return HolderFinding(result("holder_unsolicited", "key binding without a nonce and an audience of ours"))
    return HolderFinding(result("holder_valid"), for_us=True, by_named_key=True)
