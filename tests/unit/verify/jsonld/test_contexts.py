"""The carried contexts: unchanged, complete, and the same term by term as the published ones."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pyld import jsonld
from pyld.context_resolver import ContextResolver

from connector.verify.jsonld.pinned import PinnedContext, index, known_iris, load

_PROOFS_OVER_RDF = (
    "Ed25519Signature2018", "Ed25519Signature2020", "JsonWebSignature2020", "eddsa-rdfc-2022", "ecdsa-rdfc-2019",
    "ecdsa-sd-2023",
)  # fmt: skip

FOLDER = files("connector.verify.jsonld").joinpath("contexts")


def test_every_carried_file_is_the_one_that_the_index_pins() -> None:
    pinned = {entry.file: entry.sha256 for entries in index().values() for entry in entries}
    carried = {item.name: hashlib.sha256(item.read_bytes()).hexdigest() for item in FOLDER.iterdir()}
    del carried["index.json"], carried["LICENSES.txt"]
    assert carried == pinned


def test_every_entry_says_where_it_comes_from_and_under_which_licence() -> None:
    notice = (Path(__file__).parents[4] / "NOTICE").read_text("utf-8")
    for entries in index().values():
        for entry in entries:
            assert entry.licence
            if not entry.origin.startswith("written for this project"):
                package, _, version = entry.origin.split(" ")[1].rpartition("@")
                assert f"{package} {version}" in notice, entry.origin


def test_a_context_that_was_changed_after_release_is_never_used() -> None:
    changed = PinnedContext(file="multikey-v1.json", sha256="0" * 64, origin="x", licence="x")
    with pytest.raises(RuntimeError, match=r"multikey-v1\.json"):
        load(changed)


def _tables(context: Any, documents: Mapping[str, Any]) -> Any:
    """What a context defines, after context processing, scoped contexts included."""

    def loader(url: str, options: dict[str, Any]) -> dict[str, Any]:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url,
                "document": copy.deepcopy(documents[url])}  # fmt: skip

    processor = jsonld.JsonLdProcessor()
    options = {"base": "", "processingMode": "json-ld-1.1", "documentLoader": loader,
               "contextResolver": ContextResolver({}, loader)}  # fmt: skip

    def table(local: Any) -> Any:
        initial = processor._get_initial_context(options)
        active = processor._process_context(initial, local, options, override_protected=True)
        terms = {}
        for name, mapping in active["mappings"].items():
            scoped = mapping.get("@context")
            terms[name] = {**mapping, "@context": table(scoped) if scoped else scoped}
        return active.get("@vocab"), terms

    return table(context)


def _published(shared: Path) -> list[tuple[str | None, str, dict[str, Any]]]:
    folder = shared / "vectors" / "documents"
    entries = json.loads((folder / "index.json").read_bytes())
    return [
        (entry["url"], entry["file"], json.loads((folder / entry["file"]).read_bytes()))
        for entry in entries
        if entry["file"].startswith(("contexts/", "alternates/"))
    ]


@pytest.mark.shared
def test_every_context_defines_the_same_terms_as_the_published_one(shared: Path) -> None:
    published = {url: document for url, _, document in _published(shared) if url}
    carried = {url: load(entries[0]) for url, entries in index().items()}
    compared = sorted(carried.keys() & published.keys())
    assert len(compared) >= 35
    different = [url for url in compared if _tables(url, carried) != _tables(url, published)]
    assert different == []


@pytest.mark.shared
def test_the_older_content_of_open_badges_303_is_the_one_of_the_specification_repository(shared: Path) -> None:
    (older,) = [
        document for _, file, document in _published(shared) if "ob-context-3.0.3" in file and "alternates" in file
    ]
    assert (
        load(index()["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"][1])["@context"] == older["@context"]
    )


@pytest.mark.shared
def test_the_contexts_of_every_published_case_with_a_proof_over_rdf_are_carried(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "vectors.json").read_bytes())
    available = {url for url, _, _ in _published(shared)}
    missing = {
        url
        for case in cases
        if case["expected_checked"] and any(proof in case["proof"] for proof in _PROOFS_OVER_RDF)
        for url in case.get("needs", ())
        if url in available and url not in index()
    }
    assert missing == set()


KNOWINGLY_NOT_CARRIED = {
    "http://data.europa.eu/snb/model/context/edc-ap": "Europass: sealed with JAdES, over the bytes",
    "https://w3id.org/openbadges/v1": "Open Badges 1: no proof over RDF",
    "https://w3id.org/security/bbs/v1": "BbsBlsSignature2020, which is not supported",
    "https://w3id.org/security/jwk/v1": "of DID documents, which are read as JSON",
    "https://w3id.org/security/suites/secp256k1recovery-2020/v2": "of a suite that is not supported",
    "https://w3id.org/vdl/v1": "driving licences; only samples of bbs-2023 use it",
    "https://w3id.org/vdl/aamva/v1": "driving licences; only samples of bbs-2023 use it",
}


@pytest.mark.shared
def test_every_published_context_is_carried_or_knowingly_not(shared: Path) -> None:
    assert {url for url, _, _ in _published(shared) if url} - index().keys() == KNOWINGLY_NOT_CARRIED.keys()


def test_iris_of_prefixed_terms_are_known_in_full() -> None:
    assert {"https://www.w3.org/2018/credentials#validUntil", "http://schema.org/alumniOf"} <= known_iris()


def test_pyld_has_nothing_to_fetch_with() -> None:
    """Where pyld is loaded by the verifier, its own loader refuses, and no HTTP client of its choice is loaded."""
    code = (
        "import sys, connector.verify.jsonld\n"
        "from pyld import jsonld\n"
        "try:\n"
        "    jsonld.expand({'@context': 'https://lakeview.example/context', 'a': 1})\n"
        "except jsonld.JsonLdError as error:\n"
        "    print([m for m in ('requests', 'aiohttp', 'urllib3') if m in sys.modules], error.code)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[] loading remote context failed"
