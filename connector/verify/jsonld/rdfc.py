"""RDF Dataset Canonicalization 1.0 (W3C Recommendation, section 4), on strings and with a work budget.

Blank nodes that only their neighbours tell apart cost factorial time (section 7.1, "dataset poisoning"): every path
that is tried is counted, and a dataset over the budget is refused. Section numbers below are the specification's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import permutations

from connector.verify.jsonld.errors import TOO_COMPLEX, JsonLdError
from connector.verify.jsonld.limits import STEP_COST, spend
from connector.verify.jsonld.nquads import Quad

MAX_RECURSION = 150
"""Blank nodes in a row that only their neighbours tell apart; also keeps Python's own stack safe."""

_Digest = Callable[[str], str]


def canonical_nquads(quads: Iterable[Quad], *, work: int, hash_algorithm: str = "sha256") -> str:
    """The canonical N-Quads of a dataset (section 4.4.3).

    Args:
        quads: the dataset; duplicates do not matter.
        work: steps of section 4.8 (paths tried, neighbours hashed) that may be spent.
        hash_algorithm: `sha256`, or `sha384` where a cryptosuite says so.

    Raises:
        JsonLdError: `too_complex`, the budget was spent.
    """
    dataset = quads if isinstance(quads, dict) else dict.fromkeys(quads)
    lines: list[str] = []
    blank: dict[Quad, None] = {}
    for quad in dataset:
        subject, predicate, obj, graph = quad
        if subject[0] == "_" or obj[0] == "_" or (graph and graph[0] == "_"):
            blank[quad] = None
        elif graph:
            lines.append(f"{subject} {predicate} {obj} {graph} .\n")
        else:
            lines.append(f"{subject} {predicate} {obj} .\n")
    if blank:
        get = canonical_labels(blank, work=work, hash_algorithm=hash_algorithm).get
        lines += [
            f"{get(s, s)} {p} {get(o, o)} {get(g, g)} .\n" if g else f"{get(s, s)} {p} {get(o, o)} .\n"
            for s, p, o, g in blank
        ]
    lines.sort()
    return "".join(lines)


def canonical_labels(dataset: dict[Quad, None], *, work: int, hash_algorithm: str = "sha256") -> dict[str, str]:
    """Blank node -> canonical blank node (`_:c14n0`, ...), for a dataset without duplicates."""
    return _Canonicalizer(dataset, work, hash_algorithm).run()


class _Issuer:
    """Section 4.5: hands out identifiers in order, and remembers the order."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self.prefix = prefix
        self.issued = issued if issued is not None else {}

    def issue(self, node: str) -> str:
        name = self.issued.get(node)
        if name is None:
            name = self.issued[node] = f"{self.prefix}{len(self.issued)}"
        return name

    def copy(self) -> _Issuer:
        return _Issuer(self.prefix, dict(self.issued))


class _Canonicalizer:
    def __init__(self, dataset: Iterable[Quad], work: int, hash_algorithm: str) -> None:
        self.work = work
        self.canonical = _Issuer("_:c14n")
        self.quads: defaultdict[str, list[Quad]] = defaultdict(list)
        self.first_degree: dict[str, str] = {}
        self.neighbours: dict[str, list[tuple[str, str, str]]] = {}
        hasher = getattr(hashlib, hash_algorithm)
        self.digest: _Digest = lambda text: hasher(text.encode("utf-8")).hexdigest()
        quads = self.quads
        for quad in dataset:
            subject, _, obj, graph = quad
            if subject[0] == "_":
                quads[subject].append(quad)
            if obj[0] == "_" and obj != subject:
                quads[obj].append(quad)
            if graph and graph[0] == "_" and graph != subject and graph != obj:
                quads[graph].append(quad)

    def run(self) -> dict[str, str]:
        if len(self.quads) == 1:  # whatever its hash is
            self.canonical.issue(next(iter(self.quads)))
            return self.canonical.issued
        by_hash: dict[str, list[str]] = {}
        for node in self.quads:
            self.first_degree[node] = digest = self._hash_first_degree(node)
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

    def _label_alike(self, nodes: list[str]) -> None:
        results = []
        for node in nodes:
            if node not in self.canonical.issued:
                issuer = _Issuer("_:b")
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

    def _hash_first_degree(self, node: str) -> str:
        """Section 4.6."""
        lines = []
        for subject, predicate, obj, graph in self.quads[node]:
            if subject[0] == "_":
                subject = "_:a" if subject == node else "_:z"
            if obj[0] == "_":
                obj = "_:a" if obj == node else "_:z"
            if not graph:
                lines.append(f"{subject} {predicate} {obj} .\n")
                continue
            if graph[0] == "_":
                graph = "_:a" if graph == node else "_:z"
            lines.append(f"{subject} {predicate} {obj} {graph} .\n")
        lines.sort()
        return self.digest("".join(lines))

    def _hash_related(self, related: str, predicate: str, issuer: _Issuer, position: str) -> str:
        """Section 4.7."""
        name = self.canonical.issued.get(related) or issuer.issued.get(related) or self.first_degree[related]
        return self.digest(position + ("" if position == "g" else predicate) + name)

    def _related(self, node: str, issuer: _Issuer) -> dict[str, list[str]]:
        """Section 4.8.3 steps 1 to 3: the neighbours, grouped by the hash of how they are reached."""
        neighbours = self.neighbours.get(node)
        if neighbours is None:
            neighbours = self.neighbours[node] = [
                (part, predicate, position)
                for subject, predicate, obj, graph in self.quads[node]
                for part, position in ((subject, "s"), (obj, "o"), (graph, "g"))
                if part != node and part.startswith("_:")
            ]
        self._spend(len(neighbours) + 1)
        groups: dict[str, list[str]] = {}
        for part, predicate, position in neighbours:
            groups.setdefault(self._hash_related(part, predicate, issuer, position), []).append(part)
        return groups

    def _hash_n_degree(self, node: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
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

    def _best_path(self, related: list[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Section 4.8.3 step 5.4: every order of the neighbours, each abandoned as soon as it cannot win."""
        chosen: tuple[str, _Issuer] | None = None
        for order in permutations(related):
            self._spend(len(order))
            result = self._path(order, issuer.copy(), depth, chosen[0] if chosen else None)
            if result is not None and (chosen is None or result[0] < chosen[0]):
                chosen = result
        assert chosen is not None, "there is at least one order, and the first is never abandoned"
        return chosen

    def _path(
        self, order: tuple[str, ...], issuer: _Issuer, depth: int, limit: str | None
    ) -> tuple[str, _Issuer] | None:
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
