"""Check `proof`: was this record made, unchanged, by a key whose owner allows it?

Data Integrity 1.0 sections 4.4 and 4.5 (verify proof; proof sets and chains), VC-JOSE-COSE section 3, VCDM 1.1 section
6.3.1. Stricter than Open Badges 3.0 on purpose: every proof of a set must hold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from connector.model.credential import CompactJws, CredentialFormat, UnverifiedCredential
from connector.model.frozen import frozen
from connector.model.report import CheckResult, Outcome, Verdict
from connector.ports import DocumentSource
from connector.verify import keys, suites
from connector.verify.checks.proof_chain import signed_documents
from connector.verify.codes import CODES, result
from connector.verify.dates import CLOCK_SKEW, parse_date_time, parse_numeric_date
from connector.verify.did import NO_KEYS_THERE, FoundKey, KeyQuestion, find_in_metadata, find_key, find_key_of
from connector.verify.errors import CheckError
from connector.verify.keys import KeyKind
from connector.verify.spelling import identifier
from connector.verify.suites import jose, sd_jwt

Json = dict[str, Any]

MAX_PROOFS: Final = 8
"""Dual-signed badges carry two; the published proof sets three."""

_COST: Final = 80
_COSTS: Final = {KeyKind.P384: 300, KeyKind.P521: 220, KeyKind.SECP256K1: 150}
"""Of one proof, and of one by a key that takes long, as `suites.spend` counts: a record may have eight of them."""

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"


@frozen
class ProofFinding:
    """What was found out about who made a document.

    Attributes:
        result: the answer of the check.
        document: the record that was looked at; for a token the one in it.
        keys: the keys that made it; empty unless `holds`.
        claims: a token's payload.
        proofs: the embedded proofs, as they came.
        header: a token's protected header.
    """

    result: CheckResult
    document: Json
    securing: tuple[str, ...] = ()
    keys: tuple[FoundKey, ...] = ()
    claims: Json | None = None
    proofs: tuple[Json, ...] = ()
    header: Json | None = None

    @property
    def holds(self) -> bool:
        return self.result.outcome is Outcome.PASSED


def measure(
    credential: UnverifiedCredential, documents: DocumentSource, *, now: datetime, anchors: tuple[str, ...] = ()
) -> ProofFinding:
    """Check whatever secures `credential`: its token, or the proofs embedded in it.

    Args:
        anchors: the certificates (PEM) that the employer trusts to vouch for issuers.
    """
    if credential.format is CredentialFormat.EUROPASS_EDC and credential.jws is not None:
        return ProofFinding(result("proof_unsupported", "JAdES"), credential.document, securing=("jades",))
    if credential.jws is not None:
        return measure_token(credential.jws, documents, now=now, fallback=credential.document, anchors=anchors)
    return measure_embedded(credential.document, documents, purpose=ASSERTION, now=now)


# --- embedded proofs ---------------------------------------------------------------------------------------------


def measure_embedded(document: Json, documents: DocumentSource, *, purpose: str, now: datetime) -> ProofFinding:
    """Check every proof in `document`; all must hold."""
    try:
        proofs = _read_proofs(document)
    except CheckError as error:
        securing: tuple[str, ...] = (error.detail,) if error.code == "proof_unsupported" else ()
        return ProofFinding(result(error.code, error.detail), document, securing=securing)
    securing = tuple(_name(proof) for proof in proofs)
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    found: list[FoundKey] = []
    failures: list[CheckError] = []
    for proof in proofs:
        try:
            found.append(_verify_one(proof, proofs, unsecured, documents, purpose=purpose, now=now))
        except CheckError as error:
            failures.append(error)
            if error.code == "too_complex":  # nothing is graver, and every further proof would cost as much
                break
    if failures:
        worst = min(failures, key=_severity)
        return ProofFinding(result(worst.code, worst.detail), document, securing, proofs=proofs)
    return ProofFinding(result("proof_valid", ", ".join(securing)), document, securing, tuple(found), proofs=proofs)


def _read_proofs(document: Json) -> tuple[Json, ...]:
    if "proof" not in document:
        if isinstance(document.get("signatures"), list) or "signature" in document:
            raise CheckError("proof_unsupported", "jades")
        types = document.get("type")
        if "EnvelopedVerifiableCredential" in (types if isinstance(types, list) else [types]):
            raise CheckError("proof_unsupported", str(document.get("id"))[:40].partition(",")[0])
        raise CheckError("proof_missing")
    value = document["proof"]
    proofs = value if isinstance(value, list) else [value]
    if not proofs or not all(isinstance(proof, dict) and proof for proof in proofs):
        raise CheckError("proof_malformed", "proof is empty or no object")
    if len(proofs) > MAX_PROOFS:
        raise CheckError("too_complex", f"more than {MAX_PROOFS} proofs")
    return tuple(proofs)


def _name(proof: Json) -> str:
    name = proof.get("cryptosuite") if proof.get("type") == "DataIntegrityProof" else proof.get("type")
    return name[:60] if isinstance(name, str) else "unknown"


def _severity(error: CheckError) -> int:
    verdict = CODES[error.code].verdict
    return list(Verdict).index(verdict) if verdict else len(Verdict)


def _verify_one(
    proof: Json,
    proofs: tuple[Json, ...],
    unsecured: Json,
    documents: DocumentSource,
    *,
    purpose: str,
    now: datetime,
) -> FoundKey:
    """The steps of "Verify Proof" (Data Integrity 1.0 section 4.4), with the checks it leaves to the caller."""
    # 1. One known kind of proof.
    if not isinstance(proof.get("type"), str):
        raise CheckError("proof_malformed", "type")
    if proof["type"] == "DataIntegrityProof" and not isinstance(proof.get("cryptosuite"), str):
        raise CheckError("proof_malformed", "cryptosuite")
    suite = suites.find(proof)
    if suite is None:
        raise CheckError("proof_unsupported", _name(proof))
    # 2. It signs the document, and the earlier proofs that it names, if it names any.
    signed = signed_documents(unsecured, proof, proofs) if "previousProof" in proof else (unsecured,)
    # 3. Made for this purpose, at a possible time.
    if proof.get("proofPurpose") != purpose:
        raise CheckError("proof_purpose_wrong", f"expected {purpose}")
    signed_at = _signing_time(proof, now)
    # 4. By a key that its owner lists for this purpose.
    method = proof.get("verificationMethod")
    if not isinstance(method, str) or not method:
        raise CheckError("proof_malformed", "verificationMethod")
    found = find_key(method, KeyQuestion(purpose, signed_at, now), documents)
    if found.key.kind not in suite.kinds:
        raise CheckError("key_algorithm_mismatch", f"{found.key.kind} for {suite.name}")
    # 5. And the signature holds.
    suites.spend(_COSTS.get(found.key.kind, _COST))
    for document in signed:
        if suite.holds(document, proof, found.key):
            return found
    raise CheckError("proof_signature_wrong", suite.name)


def _signing_time(proof: Json, now: datetime) -> datetime:
    instants: dict[str, datetime] = {}
    for name in ("created", "expires"):
        if name in proof:
            instant = parse_date_time(proof[name])
            if instant is None:
                raise CheckError("proof_malformed", f"{name} is not a date and time with a zone")
            instants[name] = instant
    if "created" in instants and instants["created"] > now + CLOCK_SKEW:
        raise CheckError("proof_from_future", "created")
    if "expires" in instants and instants["expires"] < now - CLOCK_SKEW:
        raise CheckError("proof_expired", "expires")
    return instants.get("created", now)


# --- tokens ------------------------------------------------------------------------------------------------------


def measure_token(
    jws: CompactJws,
    documents: DocumentSource,
    *,
    now: datetime,
    fallback: Json,
    presentation: bool = False,
    purpose: str | None = None,
    anchors: tuple[str, ...] = (),
) -> ProofFinding:
    """Check a compact JWS or an SD-JWT.

    Args:
        fallback: the document to report when the token cannot even be read.
        purpose: what its key must be listed for; by default what presentations and credentials need.
    """
    suite = jose if jws.sd_jwt is None else sd_jwt
    securing = (f"{suite.NAME}-{str(jws.header.get('alg'))[:20]}",)
    try:
        suite.check_header(jws.header, presentation=presentation)
        token = suite.read(jws, presentation=presentation)
    except CheckError as error:
        return ProofFinding(result(error.code, error.detail), fallback, securing)
    needed = purpose or (AUTHENTICATION if presentation else ASSERTION)
    try:
        found = verify_token(jws, token, documents, purpose=needed, now=now, anchors=anchors)
    except CheckError as error:
        answer = result(error.code, error.detail)
        return ProofFinding(answer, token.document, securing, (), token.claims, (), jws.header)
    if found.controller is not None and token.published_as is jose.PublishedAs.METADATA and "x5c" in jws.header:
        token.document.setdefault("issuer", found.controller)  # SD-JWT VC: else the certificate says who it is
    inner = _measure_inside(token, documents, presentation=presentation, now=now)
    if inner is not None and not inner.holds:
        answer = result(inner.result.code, f"embedded: {inner.result.detail}")
        return ProofFinding(answer, token.document, securing, (), token.claims, (), jws.header)
    answer = result("proof_valid", securing[0])
    return ProofFinding(answer, token.document, securing, (found,), token.claims, (), jws.header)


def verify_token(
    jws: CompactJws,
    token: jose.Token,
    documents: DocumentSource,
    *,
    purpose: str,
    now: datetime,
    anchors: tuple[str, ...] = (),
) -> FoundKey:
    """The key that made a token whose header has been checked.

    Raises:
        CheckError: no key can be had or counts, or it did not make this token.
    """
    if jws.sd_jwt is not None and "x5c" in jws.header:
        from connector.verify import certificates  # X.509 takes long to load, and few tokens have any

        named = token.claims.get("iss", identifier(token.document.get("issuer")))
        found = certificates.found_key(jws.header["x5c"], named, anchors, now=now)
    else:
        found = _token_key(jws, token, documents, purpose, now)
    suites.spend(_COSTS.get(found.key.kind, _COST))
    jose.check_signature(jws, found.key)
    return found


def _measure_inside(
    token: jose.Token, documents: DocumentSource, *, presentation: bool, now: datetime
) -> ProofFinding | None:
    """The proofs embedded in a token's record: every proof must hold, here too. None when there are none.

    They vouch for nothing: whose record it is follows from the key of the token, which completed the record. Where the
    payload is the record, they were made before the token's own claims came to it (Open Badges 3.0, "JWT Payload").
    """
    inner = token.claims.get("vp" if presentation else "vc", token.claims)
    if not isinstance(inner, dict) or "proof" not in inner:
        return None
    if inner is token.claims:
        inner = {name: value for name, value in inner.items() if name not in jose.REGISTERED_CLAIMS}
    return measure_embedded(inner, documents, purpose=AUTHENTICATION if presentation else ASSERTION, now=now)


def _token_key(jws: CompactJws, token: jose.Token, documents: DocumentSource, purpose: str, now: datetime) -> FoundKey:
    """The key of a token: by `kid`, else by the issuer itself; a `jwk` in the header only shows integrity."""
    header, question = jws.header, KeyQuestion(purpose, _token_time(token.claims, now), now)
    kid = header.get("kid")
    if "jwk" not in header:
        return _named_key(kid, token, question, documents)
    embedded = keys.from_jwk(header["jwk"])
    if kid is None:
        return FoundKey(embedded, None, "")
    found = _named_key(kid, token, question, documents)
    if embedded != found.key:
        raise CheckError("key_conflict", "kid and jwk")
    return found


def _named_key(kid: str | None, token: jose.Token, question: KeyQuestion, documents: DocumentSource) -> FoundKey:
    said = token.document.get("issuer" if "issuer" in token.document else "holder")
    issuer = token.claims.get("iss") or identifier(said)
    if token.published_as is not None and isinstance(issuer, str) and issuer.startswith("https:"):
        return _published_key(kid, issuer, token.published_as, question, documents)
    if kid is not None and ":" in kid:
        return find_key(kid, question, documents)
    if not isinstance(issuer, str) or not issuer:
        raise CheckError("key_not_named", "no kid, and no issuer")
    return find_key_of(issuer, kid, question, documents)


def _published_key(
    kid: str | None, issuer: str, published_as: jose.PublishedAs, question: KeyQuestion, documents: DocumentSource
) -> FoundKey:
    """The key of an issuer at an https address, which has two ways to publish it."""
    if kid is not None and kid.startswith("did:"):
        return find_key(kid, question, documents)
    if published_as is jose.PublishedAs.EITHER and kid is not None:
        try:
            return find_key(kid, question, documents) if ":" in kid else find_key_of(issuer, kid, question, documents)
        except CheckError as error:
            if error.code not in NO_KEYS_THERE:
                raise
    return find_in_metadata(issuer, kid, question, documents)


def _token_time(claims: Json, now: datetime) -> datetime:
    return parse_numeric_date(claims.get("iat")) or parse_numeric_date(claims.get("nbf")) or now
