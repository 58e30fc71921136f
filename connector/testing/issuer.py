"""Mints LERs for tests and for the demo: genuine ones, and ones with exactly one thing wrong.

An `Issuer` has a key made from a seed and an identifier of some kind (did:key, did:web, did:jwk or an https address).
What it mints needs documents to be verified (its DID document, its status lists): `Issuer.documents` holds them, URL
to document, and `recorded_world` brings several issuers' documents into the form of `--documents`.

>>> lakeview = Issuer("lakeview", method="web")
>>> badge = lakeview.open_badge(name="Welder I", email="maria@mail.example", tags=["MIG welding"])
>>> hostile = lakeview.open_badge(name="Welder I", email="maria@mail.example", tampered=True)
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from connector import codec
from connector.testing.pieces import (
    CLR2,
    DATA_INTEGRITY,
    ED2018,
    ED2020,
    EXPIRED_ON,
    FUTURE,
    LIST_BITS,
    OB3,
    STATUS2021,
    VALID_FROM,
    VC1,
    VC2,
    StatusEntry,
    achievement_of,
    add_context,
    email_hash,
    email_identifier,
    identify,
    make_proof,
    registered_claims,
    uuid_of,
    write_dates,
)
from connector.testing.signing import RSA_ALGORITHMS, Json, SigningKey, compact_json, jws

__all__ = [
    "CLR2",
    "DATA_INTEGRITY",
    "ED2018",
    "ED2020",
    "EXPIRED_ON",
    "FUTURE",
    "LIST_BITS",
    "OB3",
    "STATUS2021",
    "VALID_FROM",
    "VC1",
    "VC2",
    "Issuer",
    "StatusEntry",
    "email_hash",
    "email_identifier",
    "recorded_world",
]

Edit = Callable[[Json], None]
_IDENTITY: Final = ("subject_id", "email", "salt", "hashed", "subject_name")
_DATES: Final = ("expired", "not_yet_valid", "valid_until")
_SIGNING: Final = ("proof", "purpose", "options", "tampered", "wrong_key", "edit", "edit_signed")


def _split(options: Json, names: Sequence[str]) -> tuple[Json, Json]:
    """The options that are not among `names`, and those that are."""
    return {n: v for n, v in options.items() if n not in names}, {n: v for n, v in options.items() if n in names}


@dataclass(slots=True)
class _Lists:
    """The status lists of one issuer: the indexes that are set, by URL and purpose."""

    set_bits: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    next_index: int = 100


class Issuer:
    """An issuer with one key.

    Args:
        seed: the same seed gives the same key (except an RSA one).
        method: `key`, `web`, `jwk` or `https`.
        name: what it calls itself.
        domain: host of did:web and https identifiers; default made from the seed, under `.example`.
        alg: any that `SigningKey` knows.
    """

    def __init__(
        self,
        seed: str,
        *,
        method: str = "key",
        name: str = "Lakeview University",
        domain: str | None = None,
        alg: str = "EdDSA",
    ) -> None:
        self.name = name
        self.key = SigningKey(seed, alg)
        self.domain = domain or f"{seed.replace(' ', '-')}.example"
        self.id, self.key_id = self._identity(method)
        self._method = method
        self._stranger = SigningKey(f"{seed} but somebody else", alg)
        self._lists = _Lists()

    def _identity(self, method: str) -> tuple[str, str]:
        if method == "key":
            return f"did:key:{self.key.multikey}", f"did:key:{self.key.multikey}#{self.key.multikey}"
        if method == "jwk":
            did = f"did:jwk:{codec.b64url_encode(compact_json(self.key.public_jwk))}"
            return did, f"{did}#0"
        if method == "web":
            return f"did:web:{self.domain}", f"did:web:{self.domain}#key-1"
        if method == "https":
            return f"https://{self.domain}/issuer", f"https://{self.domain}/issuer#key-1"
        raise ValueError(f"no such method: {method}")

    @property
    def _usual_proof(self) -> str:
        return "ecdsa-rdfc-2019" if self.key.alg in ("ES256", "ES384") else "eddsa-rdfc-2022"

    # --- the documents of the world ---

    @property
    def document_url(self) -> str | None:
        """Where its DID or controller document lives; None when the identifier holds the key itself."""
        return {"web": f"https://{self.domain}/.well-known/did.json", "https": self.id}.get(self._method)

    def controller_document(self) -> Json:
        """The DID document, or controller document, that lists its key."""
        method: Json = {"id": self.key_id, "type": "JsonWebKey", "controller": self.id}
        if self.key.alg in RSA_ALGORITHMS:
            method["publicKeyJwk"] = self.key.public_jwk
        else:
            method |= {"type": "Multikey", "publicKeyMultibase": self.key.multikey}
        return {
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.id,
            "verificationMethod": [method],
            "assertionMethod": [self.key_id],
            "authentication": [self.key_id],
        }

    @property
    def documents(self) -> dict[str, Any]:
        """Everything needed to verify what it minted so far: URL -> document."""
        world: dict[str, Any] = {}
        if self.document_url:
            world[self.document_url] = self.controller_document()
        for url, purpose in self._lists.set_bits:
            world[url] = self.status_list(url, self._lists.set_bits[url, purpose], purpose=purpose)
        return world

    # --- status ---

    def status_list(
        self,
        url: str,
        set_bits: Iterable[int] = (),
        *,
        purpose: str = "revocation",
        kind: str = "bitstring",
        bits: int = LIST_BITS,
        edit: Edit | None = None,
        edit_signed: Edit | None = None,
        proof: str | None = None,
    ) -> Json:
        """A signed status list credential (`kind`: `bitstring` or `2021`)."""
        raw = bytearray(bits // 8)
        for index in set_bits:
            raw[index // 8] |= 0x80 >> (index % 8)
        encoded = base64.urlsafe_b64encode(gzip.compress(bytes(raw), mtime=0)).rstrip(b"=").decode()
        newer = kind == "bitstring"
        document: Json = {
            "@context": [VC2] if newer else [VC1, STATUS2021],
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential" if newer else "StatusList2021Credential"],
            "issuer": self.id,
            "validFrom" if newer else "issuanceDate": VALID_FROM,
            "credentialSubject": {
                "id": f"{url}#list",
                "type": "BitstringStatusList" if newer else "StatusList2021",
                "statusPurpose": purpose,
                "encodedList": "u" + encoded if newer else encoded,
            },
        }
        return self.sign(document, proof=proof or self._usual_proof, edit=edit, edit_signed=edit_signed)

    def status_entry(self, *, purpose: str = "revocation", set_: bool = False, kind: str = "bitstring") -> StatusEntry:
        """A fresh entry in its own list for `purpose`; `documents` then holds that list."""
        url = f"https://{self.domain}/status/{purpose}"
        bits = self._lists.set_bits.setdefault((url, purpose), set())
        self._lists.next_index += 1
        if set_:
            bits.add(self._lists.next_index)
        kind_name = "BitstringStatusListEntry" if kind == "bitstring" else "StatusList2021Entry"
        return StatusEntry(url, self._lists.next_index, purpose, kind_name)

    # --- credentials ---

    def open_badge(self, **options: Any) -> Json:
        """A signed Open Badge 3.0; see `unsigned_badge` for what it says and `sign` for how it is signed."""
        unsigned, signing = _split(options, _SIGNING)
        return self.sign(self.unsigned_badge(**unsigned), **signing)

    def unsigned_badge(
        self,
        *,
        name: str = "Welder I",
        results: Sequence[Json] = (),
        id: str | None = None,
        model: str = "2.0",
        revoked: bool = False,
        suspended: bool = False,
        status: StatusEntry | Sequence[StatusEntry] = (),
        **options: Any,
    ) -> Json:
        """An Open Badge 3.0 without a proof.

        Args:
            results: of the achievement; `revoked`, `suspended`, `status`: entries in status lists.
            options: whom it is about (`pieces.identify`), what was achieved (`pieces.achievement_of`) and its dates
                (`expired`, `not_yet_valid`, `valid_until`).
        """
        rest, who = _split(options, _IDENTITY)
        rest, dates = _split(rest, _DATES)
        achievement = achievement_of(self.domain, name=name, **rest)
        subject: Json = {"type": ["AchievementSubject"], "achievement": achievement}
        if results:
            subject["result"] = [{"type": ["Result"], **result} for result in results]
        identify(subject, **who)
        document = self._credential("OpenBadgeCredential", [OB3], subject, name=name, id=id, model=model)
        write_dates(document, model, **dates)
        self._status(document, status, revoked=revoked, suspended=suspended)
        return document

    def clr(
        self,
        *,
        badges: Sequence[Json | str],
        name: str = "Transcript",
        model: str = "2.0",
        **options: Any,
    ) -> Json:
        """A signed CLR 2.0 around badges, which keep their own proofs."""
        rest, signing = _split(options, _SIGNING)
        dates, who = _split(rest, _IDENTITY)
        subject = identify({"type": ["ClrSubject"], "verifiableCredential": list(badges)}, **who)
        document = self._credential("ClrCredential", [CLR2, OB3], subject, name=name, id=None, model=model)
        document["partial"] = False
        write_dates(document, model, **dates)
        return self.sign(document, **signing)

    def plain_vc(self, *, subject: Json | None = None, model: str = "2.0", **options: Any) -> Json:
        """A signed W3C credential with nothing of Open Badges in it."""
        dates, signing = _split(options, _SIGNING)
        document = self._credential("", [], subject or {"id": "did:example:maria"}, name=None, id=None, model=model)
        write_dates(document, model, **dates)
        return self.sign(document, **signing)

    def endorsement(self, of: str | None, *, model: str = "2.0", comment: str = "Good work.", **options: Any) -> Json:
        """A signed endorsement of what has the id `of`: a credential, an issuer, an achievement."""
        dates, signing = _split(options, _SIGNING)
        subject: Json = {"type": ["EndorsementSubject"], "endorsementComment": comment} | ({"id": of} if of else {})
        document = self._credential("EndorsementCredential", [OB3], subject, name="Endorsement", id=None, model=model)
        write_dates(document, model, **dates)
        return self.sign(document, **signing)

    def jwt_badge(
        self,
        *,
        profile: str = "vc+jwt",
        header: Json | None = None,
        claims: Json | None = None,
        drop: Sequence[str] = (),
        tampered: bool = False,
        wrong_key: bool = False,
        edit: Edit | None = None,
        **options: Any,
    ) -> str:
        """An Open Badge 3.0 as a compact JWT.

        Args:
            profile: `vc+jwt` (the payload is the credential), or `vc-jwt` (VCDM 1.1, the credential is in `vc`).
            header, claims: members that replace or add to those of an honest token.
            drop: claims that are left out.
        """
        options.setdefault("model", "2.0" if profile == "vc+jwt" else "1.1")
        document = self.unsigned_badge(**options)
        if edit:
            edit(document)
        payload: Json = dict(document) if profile == "vc+jwt" else {"vc": document}
        payload |= registered_claims(document) | (claims or {})
        for name in drop:
            payload.pop(name, None)
        return self.jwt(
            payload,
            typ=profile if profile == "vc+jwt" else "JWT",
            header=header,
            tampered=tampered,
            wrong_key=wrong_key,
        )

    def jwt(
        self,
        payload: Json,
        *,
        typ: str = "JWT",
        header: Json | None = None,
        tampered: bool = False,
        wrong_key: bool = False,
    ) -> str:
        """A compact JWT over any payload, signed with its key."""
        full = {"alg": self.key.alg, "kid": self.key_id, "typ": typ} | (header or {})
        full = {name: value for name, value in full.items() if value is not None}
        token = jws(full, compact_json(payload), self._stranger if wrong_key else self.key)
        if tampered:
            first, body, signature = token.split(".")
            changed = codec.b64url_decode(body).replace(b"Welder I", b"Welder V").replace(b"2025-", b"2024-")
            token = f"{first}.{codec.b64url_encode(changed)}.{signature}"
        return token

    def _credential(
        self, kind: str, contexts: list[str], subject: Json, *, name: str | None, id: str | None, model: str
    ) -> Json:
        document: Json = {
            "@context": [VC2 if model == "2.0" else VC1, *contexts],
            "id": id or f"urn:uuid:{uuid_of(self.id, name, json.dumps(subject, sort_keys=True))}",
            "type": ["VerifiableCredential", *([kind] if kind else [])],
            "issuer": {"id": self.id, "type": ["Profile"], "name": self.name} if kind else self.id,
            "validFrom" if model == "2.0" else "issuanceDate": VALID_FROM,
            "credentialSubject": subject,
        }
        if name:
            document["name"] = name
        return document

    def _status(
        self, document: Json, status: StatusEntry | Sequence[StatusEntry], *, revoked: bool, suspended: bool
    ) -> None:
        entries = [status] if isinstance(status, StatusEntry) else list(status)
        if revoked:
            entries.append(self.status_entry(set_=True))
        if suspended:
            entries.append(self.status_entry(purpose="suspension", set_=True))
        if entries:
            document["credentialStatus"] = [entry.as_json() for entry in entries]

    # --- proofs ---

    def sign(
        self,
        document: Json,
        *,
        proof: str | Sequence[str] = "eddsa-rdfc-2022",
        purpose: str = "assertionMethod",
        options: Json | None = None,
        tampered: bool = False,
        wrong_key: bool = False,
        edit: Edit | None = None,
        edit_signed: Edit | None = None,
    ) -> Json:
        """A copy of `document` with a proof, or a set of proofs.

        Args:
            proof: `eddsa-rdfc-2022`, `eddsa-jcs-2022`, `ecdsa-rdfc-2019`, `ecdsa-jcs-2019`, `Ed25519Signature2020`,
                `Ed25519Signature2018`; several make a proof set.
            options: members of the proof that replace or add to the honest ones (before signing).
            tampered: one word is changed after signing.
            wrong_key: signed with somebody else's key, in this issuer's name.
            edit, edit_signed: change the document before or after signing.
        """
        document = copy.deepcopy(document)
        names = [proof] if isinstance(proof, str) else list(proof)
        for name in names:
            add_context(document, name)
        if edit:
            edit(document)
        key = self._stranger if wrong_key else self.key
        proofs = [make_proof(document, name, self.key_id, key, purpose, options or {}) for name in names]
        document["proof"] = proofs[0] if isinstance(proof, str) else proofs
        if tampered:
            document["name"] = "Something else"
        if edit_signed:
            edit_signed(document)
        return document

    def countersign(
        self,
        signed: Json,
        *,
        proof: str = "eddsa-rdfc-2022",
        id: str | None = None,
        previous: str | Sequence[str] | None = None,
        options: Json | None = None,
    ) -> Json:
        """A copy of `signed` with one more proof, by this party; with `previous` a link of a chain.

        Args:
            id: of the new proof, so that a later one can name it.
            previous: ids of proofs in `signed`: they are signed too, in this order.
        """
        document = copy.deepcopy(signed)
        present = document.pop("proof")
        proofs = present if isinstance(present, list) else [present]
        extra: Json = {"id": id, "previousProof": previous} | (options or {})
        named = [previous] if isinstance(previous, str) else list(previous or ())
        by_id = {single.get("id"): single for single in proofs}
        earlier = {"proof": [by_id[name] for name in named]} if named else {}
        added = make_proof(document | earlier, proof, self.key_id, self.key, "assertionMethod", extra)
        return document | {"proof": [*proofs, added]}

    # --- presentations ---

    def presentation(
        self,
        credentials: Sequence[Json | str],
        *,
        challenge: str | None = None,
        domain: str | None = None,
        signed: bool = True,
        model: str = "2.0",
        **signing: Any,
    ) -> Json:
        """A presentation that this party signs as holder."""
        document: Json = {
            "@context": [VC2 if model == "2.0" else VC1],
            "type": ["VerifiablePresentation"],
            "holder": self.id,
            "verifiableCredential": list(credentials),
        }
        if not signed:
            return document
        options = {name: v for name, v in (("challenge", challenge), ("domain", domain)) if v is not None}
        signing = {"purpose": "authentication"} | signing
        return self.sign(document, options=options | signing.pop("options", {}), **signing)

    def jwt_presentation(
        self,
        credentials: Sequence[Json | str],
        *,
        nonce: str | None = None,
        audience: str | None = None,
        claims: Json | None = None,
        **options: Any,
    ) -> str:
        """A presentation as a JWT (VCDM 1.1, `vp` claim)."""
        vp: Json = {
            "@context": [VC1],
            "type": ["VerifiablePresentation"],
            "holder": self.id,
            "verifiableCredential": list(credentials),
        }
        payload: Json = {"iss": self.id, "vp": vp}
        payload |= {name: v for name, v in (("nonce", nonce), ("aud", audience)) if v is not None}
        return self.jwt(payload | (claims or {}), **options)


def recorded_world(*issuers: Issuer, extra: Json | None = None) -> Json:
    """The issuers' documents in the form of `--documents`: URL -> `{"body": ..., "content_type": ...}`."""
    world: Json = {}
    for issuer in issuers:
        for url, document in issuer.documents.items():
            world[url] = {"status": 200, "content_type": "application/json", "body": json.dumps(document)}
    return world | (extra or {})
