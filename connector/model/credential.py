"""Credentials on their way: unverified, then assessed. No other type reaches a mapping."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.errors import IntakeError
from connector.model.frozen import frozen
from connector.model.report import Assurance, Decision, VerificationReport

Json = dict[str, Any]


class CredentialFormat(StrEnum):
    OPEN_BADGE_3 = "open_badge_3"
    OPEN_BADGE_2 = "open_badge_2"
    CLR_2 = "clr_2"
    LER_RS = "ler_rs"
    ENDORSEMENT = "endorsement"
    VERIFIABLE_CREDENTIAL = "verifiable_credential"
    EUROPASS_EDC = "europass_edc"
    SD_JWT_VC = "sd_jwt_vc"


@frozen
class CompactJws:
    """A compact JWS taken apart, nothing of it believed.

    Attributes:
        token: what came, whole: the three segments and, for an SD-JWT, what stands behind them.
        header: the protected header, parsed strictly.
        payload: the payload's bytes.
        signing_input: the bytes that the signature covers.
        signature: the decoded signature.
        claims: the payload, when it was parsed already: the one parse that is verified and mapped. For an SD-JWT with
            the disclosed claims in their places, unless `sd_jwt.fault` says why that could not be done.
        sd_jwt: what stands behind the token, when it is an SD-JWT.
    """

    token: str
    header: Json
    payload: bytes
    signing_input: bytes
    signature: bytes
    claims: Json | None = None
    sd_jwt: SdJwt | None = None


@frozen
class SdJwt:
    """What stands behind the token of an SD-JWT (RFC 9901 section 4), nothing of it believed.

    Attributes:
        presented: everything up to and including the last `~`: what a key binding is over.
        hash_name: the hash of digests and of the key binding, as `hashlib` calls it.
        disclosed: the path of every claim and array element that came as a disclosure; an element is written `[]`.
        hiding: the path of every object and array that holds digests, disclosed or not.
        key_binding: the holder's token behind the last `~`.
        fault: a code and its detail, when the disclosures do not fit the token.
    """

    presented: str
    hash_name: str = "sha256"
    disclosed: tuple[tuple[str, ...], ...] = ()
    hiding: tuple[tuple[str, ...], ...] = ()
    key_binding: CompactJws | None = None
    fault: tuple[str, str] | None = None


@frozen
class Envelope:
    """What a credential came in: a presentation that a holder may have signed.

    `document` is the presentation as JSON (for a JWT: its payload, `vp` and all); `jws` is set for `vp+jwt` and VP-JWT.
    """

    path: str
    document: Json
    jws: CompactJws | None = None


@frozen
class UnverifiedCredential:
    """One credential, found and taken apart; nothing in it is believed yet.

    Attributes:
        path: where it sat (`$`, `$.verifiableCredential[0]`), a JSONPath from the submission's root.
        format: which kind of LER it is.
        data_model: `1.1` or `2.0` for verifiable credentials, None elsewhere.
        document: the credential as JSON: the very object that is verified is the one that is mapped. For a JWT the
            credential inside (`vc`, or the payload with what was disclosed).
        jws: the token, when the credential is secured by JOSE.
        sha256: hex digest of the submission's bytes that held it (a token's own bytes for a JWT; the canonical
            re-serialisation for a nested JSON credential).
        envelopes: from the outside in, what it was wrapped in.
        parent: path of the credential (a CLR) it sits inside, if any.
        url: where a hosted badge says, or is known, to live.
        carrier: `json`, `jwt`, `png`, `svg` or `link`.
        endorsements: those inside it, found but not believed.
        problem: why this one of several credentials could not be taken apart: `UnreadableSubmission` (malformed) or
            `UnsupportedFormat`. Its document is then empty, and nothing but the verdict is said of it.
    """

    path: str
    format: CredentialFormat
    data_model: str | None
    document: Json
    sha256: str
    jws: CompactJws | None = None
    envelopes: tuple[Envelope, ...] = ()
    parent: str | None = None
    url: str | None = None
    carrier: str = "json"
    problem: IntakeError | None = None
    endorsements: tuple[FoundEndorsement, ...] = ()


class Endorsed(StrEnum):
    """What an endorsement inside a credential speaks for (Open Badges 3.0: where it may stand)."""

    CREDENTIAL = "credential"
    ISSUER = "issuer"
    ACHIEVEMENT = "achievement"
    CREATOR = "creator"


@frozen
class FoundEndorsement:
    """An endorsement inside a credential, not verified.

    Attributes:
        about: the id of what it stands in; an honest one names the same as its subject.
    """

    credential: UnverifiedCredential
    endorses: Endorsed
    about: str | None


@frozen
class AssessedEndorsement:
    """An endorsement with what was found out about it; it never bears on the credential that carries it.

    Attributes:
        about_this: its subject is what it stands in, by id.
    """

    assessed: AssessedCredential
    endorses: Endorsed
    about_this: bool


@frozen
class AssessedCredential:
    """A credential with what was found out about it. Only `verify.assess` makes one.

    `document` is the object the checks looked at. For a hosted badge it is what the issuer's site answered, with the
    badge class and the issuer profile embedded under `badge` and `badge.issuer`.
    """

    credential: UnverifiedCredential
    document: Json
    report: VerificationReport
    decision: Decision
    assurance: Assurance
    checked_at: datetime
    confirmed_on: datetime | None = None
    """When the issuer's site confirmed a hosted badge."""
    confirmed_by: str | None = None
    """The host that did."""
    endorsements: tuple[AssessedEndorsement, ...] = ()
    """Those inside it, each judged by itself; none when its own proof does not hold."""
