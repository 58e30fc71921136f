"""The workloads of the benchmark: honest ones come out as pyld makes them, hostile ones are refused at little cost."""

from __future__ import annotations

import copy
import functools
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.limits import SUBMISSION_WORK
from connector.verify.jsonld.vocabulary import Vocabulary

from .samples import UNDEFINED_V2, V2

ByPyld = Callable[[Any], str]


def _workload(shared: Path, name: str) -> Any:
    document = json.loads((shared / "bench" / "workloads" / name).read_bytes())
    document.pop("proof", None)
    return document


@pytest.mark.shared
@pytest.mark.parametrize("name", ["S_rdfc", "S_2020", "S_didkit2018", "M_rdfc", "L25_rdfc", "same6_id", "same8_noid"])
def test_workloads_come_out_as_pyld_makes_them(name: str, shared: Path, by_pyld: ByPyld) -> None:
    document = _workload(shared, f"{name}.json")
    assert next(canonicalize([document])) == (by_pyld(document),)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "code"),
    [("undef_S", "undefined_term"), ("rekey_S", "term_not_allowed"), ("ctx_S_vocab", "context_unknown"),
     ("poison_clique8", "term_not_allowed"), ("poison_ring200", "term_not_allowed")],
)  # fmt: skip
def test_hostile_workloads_are_refused(name: str, code: str, shared: Path) -> None:
    with pytest.raises(JsonLdError) as caught:
        list(canonicalize([_workload(shared, f"{name}.json")]))
    assert caught.value.code == code


TREES: dict[str, Any] = {
    "10 like children of 2 like parents": [{"type": "Achievement", "related": [{"type": "Evidence"}] * 10}] * 2,
    "7 like children of 3 like parents": [{"type": "Achievement", "related": [{"type": "Evidence"}] * 7}] * 3,
    "400 like siblings": [{"type": "Evidence"}] * 400,
    "like siblings, five deep": functools.reduce(
        lambda inner, _: [{"type": "Evidence", "related": inner}] * 4, range(5), ["x"]
    ),
}
"""Poison needs no blank node ids: like parents with like children cost factorial time."""

MEASURE = """
import json, re, resource, sys, time
from connector.verify.jsonld import JsonLdError, canonicalize
from connector.verify.jsonld.limits import purse, shared_work

def measured(document):
    with shared_work():
        before, start = purse().left, time.process_time()
        try:
            next(canonicalize([document]))
            outcome = "done"
        except JsonLdError as error:
            outcome = error.code
        return outcome, before - max(purse().left, 0), time.process_time() - start

def peak_megabytes():
    try:
        status = open("/proc/self/status").read()  # what getrusage tells begins with what the parent had
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return int(re.search(r"VmHWM:\\s+([0-9]+) kB", status)[1]) / 1e3

documents = json.load(sys.stdin)
results = {name: measured(document) for name, document in documents.items()}
print(json.dumps([results, peak_megabytes()]))
"""


def _poison(shared: Path) -> dict[str, Any]:
    folder = shared / "bench" / "workloads"
    files = [*folder.glob("poison_*.json"), *folder.glob("same*.json")]
    assert len(files) >= 11
    trees = {
        name: {
            "@context": [V2, UNDEFINED_V2], "type": "VerifiableCredential", "credentialSubject": {"achievement": tree},
        }
        for name, tree in TREES.items()
    }  # fmt: skip
    return {file.stem: _workload(shared, file.name) for file in files} | trees


@pytest.mark.shared
def test_poison_is_refused_or_done_within_the_budget_of_work(shared: Path) -> None:
    """The bound is on the work. Time and memory (of a process of its own) are guarded at many times what they take."""
    poison = _poison(shared)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], input=json.dumps({"honest": _workload(shared, "S_rdfc.json"), **poison}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results, megabytes = json.loads(done.stdout)
    assert results.pop("honest")[0] == "done"
    for name, (outcome, work, seconds) in results.items():
        print(f"{name:40} {outcome:18} {work:>8} units {seconds:6.2f} s")
        if name.startswith("poison"):
            assert outcome == "term_not_allowed", "its blank nodes are named, which no signed record does"
        if name.startswith("same"):
            assert outcome == "done", name
        assert work <= SUBMISSION_WORK, name
        assert seconds < 10, name
    assert {outcome for outcome, _, _ in results.values()} >= {"done", "too_complex"}
    assert megabytes < 256


def test_a_tree_of_like_siblings_is_refused_by_its_cost() -> None:
    """Poison needs no blank node ids: two like parents with ten like children each cost ten factorial."""
    children = [{"type": ["Evidence"]}] * 10
    parent = {"type": ["Achievement"], "related": children}
    document = {
        "@context": [V2, UNDEFINED_V2],
        "type": "VerifiableCredential", "credentialSubject": {"achievement": [parent, copy.deepcopy(parent)]},
    }  # fmt: skip
    with pytest.raises(JsonLdError) as caught:
        list(canonicalize([document]))
    assert caught.value.code == "too_complex"


def test_pyld_still_refuses_what_breaks_a_pinned_context() -> None:
    """The compiler leans on pyld's context processing: a protected term cannot be redefined."""
    vocabulary = Vocabulary({})
    state = vocabulary.embed(vocabulary.initial, [V2], {})
    with pytest.raises(JsonLdError) as caught:
        vocabulary._process(state, {"type": "https://a.example/type"}, override=False, propagate=True, own=True)
    assert caught.value.code == "context_conflict"
