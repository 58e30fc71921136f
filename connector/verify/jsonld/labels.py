"""Labels for blank nodes (RDF Dataset Canonicalization 1.0, sections 4.4.3 to 4.8), with a work budget.

Blank nodes that only their neighbours tell apart cost factorial time (section 7.1, "dataset poisoning"): every path
that is tried is counted, and a dataset over the budget is refused. Section numbers below are the specification's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import permutations
from typing import Generic, TypeVar

from connector.verify.jsonld.errors import TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.limits import STEP_COST, spend

MAX_RECURSION = 150
"""Blank nodes in a row that only their neighbours tell apart; also keeps Python's own stack safe."""

N = TypeVar("N")
"""Whatever stands for a blank node."""
Digest = Callable[[str], str]
Neighbour = tuple[N, str, str]
"""Another blank node of a statement, the predicate, and the position of that node: `s`, `o` or `g`."""


class _Issuer(Generic[N]):
    """Section 4.5: hands out identifiers in order, and remembers the order."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: dict[N, str] | None = None) -> None:
        self.prefix = prefix
        self.issued = issued if issued is not None else {}

    def issue(self, node: N) -> str:
        name = self.issued.get(node)
        if name is None:
            name = self.issued[node] = f"{self.prefix}{len(self.issued)}"
        return name

    def copy(self) -> _Issuer[N]:
        return _Issuer(self.prefix, dict(self.issued))


class Labeller(Generic[N]):
    """Sections 4.4.3 steps 4 and 5, and 4.8: labels from the first-degree hashes and the neighbours of each node."""

    def __init__(
        self,
        first_degree: Mapping[N, str],
        neighbours: Callable[[N], list[Neighbour[N]]],
        digest: Digest,
        work: int,
    ) -> None:
        self.canonical: _Issuer[N] = _Issuer("_:c14n")
        self.first_degree = first_degree
        self.neighbours = cache(neighbours)
        self.digest = digest
        self.work = work

    def run(self) -> dict[N, str]:
        by_hash: dict[str, list[N]] = {}
        for node, digest in self.first_degree.items():
            by_hash.setdefault(digest, []).append(node)
        shared = []
        for digest in sorted(by_hash):  # step 4
            nodes = by_hash[digest]
            if len(nodes) == 1:
                self.canonical.issue(nodes[0])
            else:
                shared.append(nodes)
        for nodes in shared:  # step 5
            self._label_alike(nodes)
        return self.canonical.issued

    def _label_alike(self, nodes: list[N]) -> None:
        results = []
        for node in nodes:
            if node not in self.canonical.issued:
                issuer: _Issuer[N] = _Issuer("_:b")
                issuer.issue(node)
                results.append(self._hash_n_degree(node, issuer, 0))
        for _, issuer in sorted(results, key=lambda result: result[0]):
            for node in issuer.issued:
                self.canonical.issue(node)

    def _spend(self, steps: int) -> None:
        spend(steps * STEP_COST)
        self.work -= steps
        if self.work < 0:
            raise JsonLdError(TOO_COMPLEX, "RDFC-1.0 work budget")

    def _hash_related(self, related: N, predicate: str, issuer: _Issuer[N], position: str) -> str:
        """Section 4.7."""
        name = self.canonical.issued.get(related) or issuer.issued.get(related) or self.first_degree[related]
        return self.digest(position + ("" if position == "g" else predicate) + name)

    def _related(self, node: N, issuer: _Issuer[N]) -> dict[str, list[N]]:
        """Section 4.8.3 steps 1 to 3: the neighbours, grouped by the hash of how they are reached."""
        neighbours = self.neighbours(node)
        self._spend(len(neighbours) + 1)
        groups: dict[str, list[N]] = {}
        for part, predicate, position in neighbours:
            groups.setdefault(self._hash_related(part, predicate, issuer, position), []).append(part)
        return groups

    def _hash_n_degree(self, node: N, issuer: _Issuer[N], depth: int) -> tuple[str, _Issuer[N]]:
        """Section 4.8."""
        if depth > MAX_RECURSION:
            raise JsonLdError(TOO_COMPLEX, "blank nodes that only their neighbours tell apart")
        groups = self._related(node, issuer)
        data = []
        for digest in sorted(groups):
            data.append(digest)
            path, issuer = self._best_path(groups[digest], issuer, depth)
            data.append(path)
        return self.digest("".join(data)), issuer

    def _best_path(self, related: list[N], issuer: _Issuer[N], depth: int) -> tuple[str, _Issuer[N]]:
        """Section 4.8.3 step 5.4: every order of the neighbours, each abandoned as soon as it cannot win."""
        chosen: tuple[str, _Issuer[N]] | None = None
        for order in permutations(related):
            self._spend(len(order))
            result = self._path(order, issuer.copy(), depth, chosen[0] if chosen else None)
            if result is not None and (chosen is None or result[0] < chosen[0]):
                chosen = result
        assert chosen is not None, "there is at least one order, and the first is never abandoned"
        return chosen

    def _path(
        self, order: tuple[N, ...], issuer: _Issuer[N], depth: int, limit: str | None
    ) -> tuple[str, _Issuer[N]] | None:
        path = ""
        recursion = []
        for node in order:
            name = self.canonical.issued.get(node)
            if name is None:
                if node not in issuer.issued:
                    recursion.append(node)
                name = issuer.issue(node)
            path += name
            if limit is not None and len(path) >= len(limit) and path > limit:
                return None
        for node in recursion:
            digest, result_issuer = self._hash_n_degree(node, issuer, depth + 1)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = result_issuer
            if limit is not None and len(path) >= len(limit) and path > limit:
                return None
        return path, issuer
