"""RDF Dataset Canonicalization 1.0 (W3C Recommendation, section 4), on strings and with a work budget.

`canonical_nquads` takes any dataset, statement by statement. `canonical` takes what a walk made, which is the same with
fewer steps. Section numbers below are the specification's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from connector.verify.jsonld.dataset import OTHER, Blank, Dataset, Graph
from connector.verify.jsonld.labels import Digest, Labeller, Neighbour
from connector.verify.jsonld.limits import BLANK_COST, spend
from connector.verify.jsonld.nquads import Quad

_Named = Mapping[Blank, Graph]
"""The graphs whose names are blank nodes."""

# --- of what a walk made ---------------------------------------------------------------------------------------------


def canonical(dataset: Dataset, *, work: int, hash_algorithm: str = "sha256") -> str:
    """The canonical N-Quads of a walked document (section 4.4.3); arguments and errors as `canonical_nquads` has them.

    IRIs sort before blank nodes, and all statements of one blank node stand beside each other. No statement without
    its end is the beginning of another one, so they sort the same without.
    """
    _label(dataset, work, hash_algorithm)
    lines: list[str] = []
    for graph in dataset.graphs:
        if graph.name is None:
            lines += graph.ground
        else:
            end = f" {graph.name.label}"
            lines += [line + end for line in graph.ground]
    for blank in dataset.blanks:
        if blank.parent is not None and blank.parent is not OTHER:
            end = "" if blank.home is None else f" {blank.home.label}"
            lines.append(f"{blank.parent}{blank.middle}{blank.label}{end}")
    lines.sort()  # records that were set apart are sorted already, which makes this cheap
    about_iris = " .\n".join([*dict.fromkeys(lines), ""])
    return about_iris + "".join(sorted([_about(blank) for blank in dataset.blanks]))


def _about(blank: Blank) -> str:
    """The statements of a blank node, in order."""
    lines = blank.own
    if blank.children:
        lines = sorted([*lines, *[child.middle + child.label for child in blank.children]])
    if not lines:
        return ""
    label = blank.label
    end = " .\n" if blank.home is None else f" {blank.home.label} .\n"
    return f"{label}{f'{end}{label}'.join(lines)}{end}"


def _label(dataset: Dataset, work: int, hash_algorithm: str) -> None:
    """Give each blank node its label: in the order of their hashes, where no two are alike."""
    blanks = dataset.blanks
    spend(BLANK_COST * len(blanks))
    digest = _digest(hash_algorithm)
    named = {graph.name: graph for graph in dataset.graphs if graph.name is not None}
    hashes = {}
    for blank in blanks:
        known = blank.hashed
        if known is None or known[0] != hash_algorithm:
            known = blank.hashed = hash_algorithm, digest(_first_degree(blank, named))
        hashes[blank] = known[1]
    if len(set(hashes.values())) == len(blanks):
        blanks = sorted(blanks, key=hashes.__getitem__)
    else:
        blanks = list(Labeller(hashes, _neighbours_in(dataset, named), digest, work).run())
    for number, blank in enumerate(blanks):
        blank.label = f"_:c14n{number}"


def _first_degree(blank: Blank, named: _Named) -> str:
    """Section 4.6: what is said of a blank node, the others in it made alike. Also puts its own statements in order.

    `<`, `_:a` and `_:z` sort in this order.
    """
    lines = blank.own
    if len(lines) > 1:
        lines = blank.own = sorted(set(lines))
    if blank.children:
        lines = sorted([*lines, *[child.middle + OTHER for child in blank.children]])
    end = " .\n" if blank.home is None else f" {OTHER} .\n"
    text = f"_:a{f'{end}_:a'.join(lines)}{end}" if lines else ""
    if blank.parent is OTHER:
        text = f"{text}{OTHER}{blank.middle}_:a{end}"
    elif blank.parent is not None:
        text = f"{blank.parent}{blank.middle}_:a{end}{text}"
    if blank in named:
        return "".join(sorted([text, *_first_degree_in(named[blank])]))
    return text


def _first_degree_in(graph: Graph) -> list[str]:
    """The statements of a graph, for the blank node that is its name and the subject of none."""
    lines = [f"{line} _:a .\n" for line in set(graph.ground)]
    for blank in graph.blanks:
        lines += [f"{OTHER}{line} _:a .\n" for line in set(blank.own)]
        if blank.parent is not None:
            lines.append(f"{blank.parent}{blank.middle}{OTHER} _:a .\n")
    return lines


def _neighbours_in(dataset: Dataset, named: _Named) -> Callable[[Blank], list[Neighbour[Blank]]]:
    parents = dataset.parents()

    def neighbours(node: Blank) -> list[Neighbour[Blank]]:
        """The other blank nodes of the statements that hold `node`, one by one (section 4.8.3 step 3)."""
        found: list[Neighbour[Blank]] = [(child, child.middle.strip(" "), "o") for child in node.children]
        statements = [line.split(" ", 2)[1] for line in set(node.own)]
        statements += [predicate for _, predicate, _ in found]
        if node.parent is not None:
            statements.append(node.middle.strip(" "))
        if node in parents:
            found.append((parents[node], node.middle.strip(" "), "s"))
        if node.home is not None:
            found += [(node.home, predicate, "g") for predicate in statements]
        for inner in named[node].blanks if node in named else ():
            found += [(inner, line.split(" ", 2)[1], "s") for line in set(inner.own)]
            if inner.parent is not None:
                found.append((inner, inner.middle.strip(" "), "o"))
            if inner in parents:
                found.append((parents[inner], inner.middle.strip(" "), "s"))
        return found

    return neighbours


# --- of any dataset --------------------------------------------------------------------------------------------------


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
    quads: defaultdict[str, list[Quad]] = defaultdict(list)
    for quad in dataset:
        subject, _, obj, graph = quad
        for node in {subject, obj, graph}:
            if node.startswith("_:"):
                quads[node].append(quad)
    digest = _digest(hash_algorithm)
    hashes = {node: digest(_first_degree_of(node, of_node)) for node, of_node in quads.items()}

    def neighbours(node: str) -> list[Neighbour[str]]:
        return [
            (part, predicate, position)
            for subject, predicate, obj, graph in quads[node]
            for part, position in ((subject, "s"), (obj, "o"), (graph, "g"))
            if part != node and part.startswith("_:")
        ]

    return Labeller(hashes, neighbours, digest, work).run()


def _first_degree_of(node: str, quads: Iterable[Quad]) -> str:
    """Section 4.6."""

    def alike(part: str) -> str:
        return part if not part.startswith("_:") else "_:a" if part == node else "_:z"

    return "".join(sorted(f"{alike(s)} {p} {alike(o)} {alike(g) + ' ' if g else ''}.\n" for s, p, o, g in quads))


@cache
def _digest(hash_algorithm: str) -> Digest:
    hasher = getattr(hashlib, hash_algorithm)
    return lambda text: hasher(text.encode("utf-8")).hexdigest()
