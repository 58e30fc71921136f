"""What is measured: this verifier, and pyld in the same run.

A measurement is a function `(document) -> bool`; the document's raw bytes are all that it gets.
"""

from __future__ import annotations

import copy
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson
from floor import Document, Signature, check, credentials
from pyld import jsonld

from connector.answers import answer, credential_json
from connector.codec import multibase_decode
from connector.infra.documents import NoDocuments
from connector.intake import receive
from connector.model.applicant import Applicant
from connector.model.credential import AssessedCredential
from connector.model.report import Decision, Verdict
from connector.model.submission import Submission
from connector.ports import World
from connector.verify import Policy, assess_all
from connector.verify.jsonld.pinned import index
from connector.verify.jsonld.pinned import load as load_context

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOBODY, OFFLINE, POLICY = Applicant(), NoDocuments(), Policy()


def decide(document: Document) -> bool:
    """Bytes to decision: every check of every credential; no claims, no report."""
    return all(one.decision is not Decision.REFUSED for one in assess(document))


def assess(document: Document) -> tuple[AssessedCredential, ...]:
    found = receive(Submission(content=document.raw))
    return assess_all(found, POLICY, World(OFFLINE.session()), applicant=NOBODY, now=NOW)


def report(assessed: tuple[AssessedCredential, ...]) -> bool:
    """The report of CONTRACT section 2, of credentials that were assessed."""
    return all(one["verdict"] == Verdict.VERIFIED for one in map(credential_json, assessed))


def answer_in_full(document: Document) -> bool:
    """The whole answer of `verify --stream`, claims and all, but for writing the JSON."""
    result = answer(Submission(content=document.raw), POLICY, World(OFFLINE.session()), applicant=NOBODY, now=NOW)
    return bool(result["verdict"] == "verified")


def pyld_only(document: Document) -> bool:
    """pyld canonicalizes, the signature is checked; nothing else of what a verifier has to look at."""
    return all(check(_signature(credential)) for credential in credentials(orjson.loads(document.raw)))


def _signature(credential: dict[str, Any]) -> Signature:
    proof = dict(credential["proof"])
    value = multibase_decode(proof.pop("proofValue"))
    content = {name: part for name, part in credential.items() if name != "proof"}
    pieces = (_canonical({**proof, "@context": credential["@context"]}), _canonical(content))
    message = b"".join(hashlib.sha256(piece).digest() for piece in pieces)
    return Signature(proof["verificationMethod"], value, message)


def _canonical(value: dict[str, Any]) -> bytes:
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": _loader}
    return str(jsonld.normalize(value, options)).encode()


def _loader(url: str, options: object = None) -> dict[str, Any]:
    document = copy.deepcopy(load_context(index()[url][0]))
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": document}
