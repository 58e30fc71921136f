"""Takes published LERs all the way into the three stand-ins, and compares what these hold with the change set.

    python -m connector.testing.published [--shared DIR]

The index and its files are read in place (`LER_SHARED_DIR`, default `../shared`). Each LER that the index marks as
issued-looking and expects to be verified is handed in for an applicant who is its subject (by DID or identifier where
it has one, else by name), under a policy that recognises its issuer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import httpx
from rich.console import Console
from rich.table import Table

from connector import registry
from connector.bootstrap import Connector, build
from connector.config import load_settings, variables_of
from connector.infra.clock import FixedClock
from connector.infra.world_file import RecordedWorld
from connector.mapping import shipped_mapping
from connector.model.applicant import Applicant, ApplicationRef
from connector.model.changes import AtsState, Change
from connector.model.records import NewSubmission, SubmissionRecord
from connector.model.submission import Basis
from connector.ports import Sandbox, SandboxPerson, SandboxSeed

TIMEOUT_SECONDS: Final = 300.0
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PublishedLer:
    """One LER of the index with what the run says of its issuer and of its subject."""

    file: str
    content: bytes
    issuer: str
    applicant: Applicant


@dataclass(frozen=True, slots=True)
class Delivered:
    """One LER in one stand-in: what the service says of it, and what differs between change set and stand-in."""

    ler: PublishedLer
    kind: str
    record: SubmissionRecord
    differences: tuple[str, ...]

    @property
    def assurances(self) -> tuple[str, ...]:
        return tuple(c["assurance"] for c in (self.record.answer or {"credentials": []})["credentials"])


def published(shared: Path) -> list[PublishedLer]:
    """The LERs of the index that look issued and are expected to be verified."""
    index = json.loads((shared / "vectors" / "vectors.json").read_bytes())
    cases = [c for c in index if c.get("issued_looking") and c["expected"] == "verified"]
    return [_ler(shared / "vectors" / case["file"], case["file"]) for case in cases]


def _ler(path: Path, name: str) -> PublishedLer:
    content = path.read_bytes()
    document = json.loads(content)
    issuer = document["issuer"]
    subject = document["credentialSubject"]
    subject = subject[0] if isinstance(subject, list) else subject
    return PublishedLer(
        file=name,
        content=content,
        issuer=issuer if isinstance(issuer, str) else issuer["id"],
        applicant=_subject_of(subject),
    )


def _subject_of(subject: JsonObject) -> Applicant:
    """The applicant who is the subject: by DID, by an identifier in clear, else by name."""
    identifiers = subject.get("identifier", [])
    clear = [
        i["identityHash"]
        for i in (identifiers if isinstance(identifiers, list) else [identifiers])
        if isinstance(i, dict) and not i.get("hashed") and i.get("identityType") == "emailAddress"
    ]
    did = subject.get("id", "")
    return Applicant(
        name=subject.get("name") or "An Applicant",
        emails=tuple(clear),
        dids=(did,) if did.startswith("did:") else (),
    )


def run(shared: Path, folder: Path) -> list[Delivered]:
    """Hand in every LER once per stand-in and wait for all of them.

    Args:
        folder: an empty folder for the service's data.
    """
    lers = published(shared)
    seed = folder / "people.json"
    people = [
        {"first_name": "Person", "last_name": str(n), "email": f"person{n}@mail.example", "jobs": ["Any job"]}
        for n in range(len(lers))
    ]
    seed.write_text(json.dumps(people), encoding="utf-8")
    sandboxes = {kind: registry.plugin(kind).sandbox(_seed(kind, seed)) for kind in registry.available()}
    connector = _connector(shared, folder, lers, sandboxes)
    connector.start()
    try:
        handed_in = [
            (ler, kind, person, connector.submit(_submission(ler, kind, person)).id)
            for kind, sandbox in sandboxes.items()
            for ler, person in zip(lers, sandbox.people(), strict=True)
        ]
        results = []
        for ler, kind, person, submission in handed_in:
            record = connector.wait(submission, timeout=TIMEOUT_SECONDS)
            held = sandboxes[kind].holdings(person.candidate, person.application)
            results.append(Delivered(ler, kind, record, tuple(differences(record, held))))
        return results
    finally:
        connector.stop()


def _seed(kind: str, people: Path) -> SandboxSeed:
    """The stand-in without its rate limit, where it has a switch for it: this run is about content, not speed."""
    options = {"lever": {"rate": 10_000, "burst": 10_000}}.get(kind, {})
    return SandboxSeed(path=str(people), options=options)


def _submission(ler: PublishedLer, kind: str, person: SandboxPerson) -> NewSubmission:
    return NewSubmission(
        ref=ApplicationRef(connection=kind, candidate=person.candidate, application=person.application),
        basis=Basis.API,
        content=ler.content,
        applicant=ler.applicant,
        consent_reference="published sample",
    )


def _connector(shared: Path, folder: Path, lers: list[PublishedLer], sandboxes: dict[str, Sandbox]) -> Connector:
    policy = {"trusted_issuers": sorted({ler.issuer for ler in lers}), "test_issuers": "allow"}
    (folder / "policy.yaml").write_text(json.dumps(policy), encoding="utf-8")
    mappings = folder / "mappings"
    mappings.mkdir()
    environ = {
        "LER_DATA_DIR": str(folder / "data"),
        "LER_POLICY_FILE": str(folder / "policy.yaml"),
        "LER_MAPPING_DIR": str(mappings),
    }
    for kind, sandbox in sandboxes.items():
        (mappings / f"{kind}.yaml").write_bytes(shipped_mapping(registry.plugin(kind).full_mapping).read_bytes())
        environ |= variables_of(kind, {"rate": 1000, "burst": 1000, **sandbox.settings("http://127.0.0.1")})
    index = json.loads((shared / "vectors" / "vectors.json").read_bytes())
    as_of = max(datetime.fromisoformat(c["as_of"]) for c in index)
    return build(
        load_settings(environ, env_file=None),
        clock=FixedClock(as_of),
        documents=RecordedWorld.load(shared / "vectors" / "documents" / "index.json"),
        transports={kind: httpx.ASGITransport(app=sandbox.app) for kind, sandbox in sandboxes.items()},
    )


# --- what stands there against what was planned ---------------------------------------------------------------------


def differences(record: SubmissionRecord, held: AtsState) -> Iterator[str]:
    """Where the stand-in does not hold what the change set says, in words; nothing when all is equal."""
    if record.change_set is None:
        yield "nothing was planned"
        return
    markers = [note.marker for note in held.notes] + [form.marker for form in held.forms]
    ours = [marker for marker in markers if marker.startswith("LER-")]
    files = [file for file in held.attachments if file.filename.startswith("ler-")]
    if not record.change_set.changes and (ours or files):
        yield "something stands there although nothing was planned"
    for change in record.change_set.changes:
        if not _holds(change, held):
            yield f"{change.op} {change.target}"


def _holds(change: Change, held: AtsState) -> bool:
    match change.op:
        case "set_field":
            return _same(held.fields.get(change.target), change.value)
        case "add_tag":
            return change.value in held.tags
        case "remove_tag":
            return change.value not in held.tags
        case "add_link":
            return change.value in held.links
        case "put_note":
            return any(" ".join(change.value.split()) in " ".join(n.text.split()) for n in held.notes)
        case "add_attachment":
            return change.value.filename in {a.filename for a in held.attachments}
        case "put_form":
            forms = [f for f in held.forms if f.template == change.target]
            return any(all(_same(f.values.get(k), v) for k, v in change.value.items()) for f in forms)


def _same(held: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        return isinstance(held, tuple | list) and set(held) == set(wanted)
    return bool(held == wanted)


# --- the command ------------------------------------------------------------------------------------------------------


def show(results: list[Delivered], console: Console) -> None:
    """How many ended at which assurance in which stand-in, and every difference by name."""
    table = Table(title="Published LERs, all the way", title_justify="left")
    for column in ("stand-in", "LERs", "delivered", "equal to the change set", "nothing to write", "assurances"):
        table.add_column(column)
    for kind in dict.fromkeys(r.kind for r in results):
        of_kind = [r for r in results if r.kind == kind]
        assurances = Counter(a for r in of_kind for a in r.assurances)
        table.add_row(
            kind,
            str(len(of_kind)),
            str(sum(r.record.state == "delivered" for r in of_kind)),
            str(sum(not r.differences for r in of_kind)),
            str(sum(not r.record.change_set.changes for r in of_kind if r.record.change_set)),
            ", ".join(f"{name}: {n}" for name, n in assurances.most_common()),
        )
    console.print(table)
    for result in results:
        if result.differences or result.record.state != "delivered":
            reason = result.record.message or "; ".join(result.differences)
            console.print(f"{result.kind}: {result.ler.file}: {result.record.state}, {reason}", markup=False)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m connector.testing.published", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("LER_SHARED_DIR") or "../shared"))
    shared = parser.parse_args(arguments).shared
    with tempfile.TemporaryDirectory(prefix="ler-published-") as folder:
        results = run(shared, Path(folder))
    show(results, Console(width=140, emoji=False))
    return 1 if any(r.differences or r.record.state != "delivered" for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
