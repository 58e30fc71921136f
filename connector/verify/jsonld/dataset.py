"""What a walk says, kept so that canonicalizing it takes few steps.

The blank nodes of a walked document form trees: a document names none itself (`walk` refuses that), so each is the
object of one statement at most, and its own statements all stand in one graph. What holds no blank node is therefore
kept as finished text, and each blank node carries its own statements. `<subject> <predicate> <object>` of a `Graph`
are without the graph's name, so that they can be used in another one. Nothing refers back to what refers to it: memory
is free again, and warm, as soon as a document is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector.verify.jsonld.nquads import Quad

OTHER: Final = "_:z"
"""Any blank node but the one that is looked at (RDFC-1.0 section 4.6)."""


class Blank:
    """A blank node: the subject of statements, or the name of a graph.

    Attributes:
        home: the name of the graph in which its statements stand; None for the default graph.
        own: ` <predicate> object` of each statement whose object is no blank node; may repeat itself.
        children: the blank nodes that are objects of the others.
        parent: subject of the statement that leads here, if there is one: an IRI, or `OTHER` for a blank node.
        middle: ` <predicate> ` of that statement.
        number: its place among the blank nodes of the document.
        hashed: the algorithm, and its hash of what is said of this node (RDFC-1.0 section 4.6).
        label: the canonical one.
    """

    __slots__ = ("children", "hashed", "home", "label", "middle", "number", "own", "parent")

    def __init__(self, home: Blank | None, number: int) -> None:
        self.home = home
        self.number = number
        self.own: list[str] = []
        self.children: list[Blank] = []
        self.parent: str | None = None
        self.middle = ""
        self.hashed: tuple[str, str] | None = None
        self.label = ""


class Graph:
    """The default graph, or one whose name is a blank node.

    Attributes:
        ground: the statements without blank nodes; may repeat themselves.
        blanks: the blank nodes that its statements hold.
    """

    __slots__ = ("blanks", "ground", "name")

    def __init__(self, name: Blank | None = None) -> None:
        self.name = name
        self.ground: list[str] = []
        self.blanks: list[Blank] = []

    def is_empty(self) -> bool:
        return not self.ground and not any(blank.own or blank.parent is not None for blank in self.blanks)


Subject = str | Blank
"""`<...>`, or a blank node."""


Mark = tuple[int, int, int]


class Dataset:
    """The statements of one document.

    Attributes:
        graphs: the default graph first.
        blanks: every blank node, graph names included.
    """

    __slots__ = ("blanks", "graphs")

    def __init__(self) -> None:
        self.graphs = [Graph()]
        self.blanks: list[Blank] = []

    def new_blank(self, graph: Graph) -> Blank:
        blank = Blank(graph.name, len(self.blanks))
        self.blanks.append(blank)
        graph.blanks.append(blank)
        return blank

    def new_graph(self, name: Blank) -> Graph:
        graph = Graph(name)
        self.graphs.append(graph)
        return graph

    def size(self) -> int:
        """What it takes to keep it: statements without blank nodes, and blank nodes."""
        return len(self.blanks) + sum([len(graph.ground) for graph in self.graphs])

    def mark(self) -> Mark:
        """How much has been said by now."""
        return len(self.graphs[0].ground), len(self.blanks), len(self.graphs)

    def since(self, begin: Mark, *, without: tuple[Mark, Mark]) -> Dataset:
        """What was said after `begin`, but for what was said from one mark to another.

        It must be about the default graph, and neither part may lead to blank nodes outside of it.
        """
        (_, before_blanks, before_graphs), (_, after_blanks, after_graphs) = without
        result = Dataset()
        default = self.graphs[0]
        default.ground[begin[0] :] = result.graphs[0].ground = sorted(set(default.ground[begin[0] :]))
        result.blanks = self.blanks[begin[1] : before_blanks] + self.blanks[after_blanks:]
        result.graphs += self.graphs[begin[2] : before_graphs] + self.graphs[after_graphs:]
        return result

    def parents(self) -> dict[Blank, Blank]:
        """The blank nodes that statements with a blank node as subject lead to, each with that subject."""
        return {child: blank for blank in self.blanks for child in blank.children}

    def quads(self) -> Iterator[Quad]:
        """Every statement by itself, with `_:b0`, `_:b1`, ... for the blank nodes; may repeat itself."""
        for graph in self.graphs:
            name = _name(graph.name)
            for line in graph.ground:
                subject, predicate, obj = line.split(" ", 2)
                yield subject, predicate, obj, name
        for blank in self.blanks:
            home = _name(blank.home)
            for line in blank.own:
                _, predicate, obj = line.split(" ", 2)
                yield _name(blank), predicate, obj, home
            for child in blank.children:
                yield _name(blank), child.middle[1:-1], _name(child), home
            if blank.parent is not None and blank.parent != OTHER:
                yield blank.parent, blank.middle[1:-1], _name(blank), home


def _name(blank: Blank | None) -> str:
    return f"_:b{blank.number}" if blank is not None else ""
