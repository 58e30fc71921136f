"""Issuers that the employer has not decided about: who they are as far as that is known, and how many wait for them.

A record whose signature does not hold says nothing about the issuer it names, so only those count whose issuer was
looked at. Everything here is evidence for a person to decide by; nothing recognises anybody (DOMAIN section 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from connector.infra.registries import RegistryState
from connector.model.decisions import IssuerDecision, IssuerVerdict
from connector.model.records import State, SubmissionPage, SubmissionRecord
from connector.verify import keys
from connector.verify.checks.published_keys import is_published
from connector.verify.errors import CheckError
from connector.verify.lookalike import host_of, lookalike_of
from connector.verify.policy import Policy, Recognition

MAX_SAMPLES: Final = 5
_LOOKED_AT: Final = frozenset(
    {"issuer_not_recognised", "issuer_recognised", "issuer_unbound", "issuer_is_test", "issuer_denied"}
)
_DONE: Final = frozenset({State.DELIVERED, State.PARTLY_DELIVERED, State.REFUSED})
_MOVING: Final = frozenset({State.RECEIVED, State.ASSESSED, State.PLANNED, State.DELIVERING})


class Decided(Protocol):
    def add(self, decision: IssuerDecision) -> None: ...
    def all(self) -> tuple[IssuerDecision, ...]: ...


class House(Protocol):
    """What is asked of the connector."""

    @property
    def decisions(self) -> Any: ...
    def now(self) -> datetime: ...
    def policy(self) -> Policy: ...
    def registry_states(self) -> tuple[RegistryState, ...]: ...
    def submissions(self, *, cursor: str | None = None, limit: int = 50) -> SubmissionPage: ...


@dataclass(slots=True)
class Met:
    """One issuer that was met in stored submissions, and what is known of it.

    Attributes:
        names: what it calls itself; its own word.
        waiting: submissions that would be decided otherwise if it were recognised.
        submissions: all in which it was met.
        bound: a signature was shown to be by it: its keys were obtained from the identifier itself.
        samples: achievements by name.
        registries: what each registry of the policy says, with the day of its copy; `unavailable` ones too.
        test: why it is taken for a test issuer; "" when it is not.
        lookalike: the identifier on the employer's list that it resembles by name or host; "" when none.
    """

    id: str
    names: list[str] = field(default_factory=list)
    waiting: int = 0
    submissions: int = 0
    bound: bool = False
    hosted: bool = False
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    samples: list[str] = field(default_factory=list)
    registries: list[str] = field(default_factory=list)
    registry_name: str = ""
    unavailable: list[str] = field(default_factory=list)
    test: str = ""
    lookalike: str = ""

    @property
    def domain(self) -> str:
        """The host that answers for it; "" where the identifier is only a key."""
        return host_of(self.id)

    @property
    def proof(self) -> str:
        """What shows that records under this identifier are its own."""
        if not self.bound:
            return "nothing shows that the records are by it; accepting it would change nothing"
        if self.hosted:
            return f"confirmed by {self.domain}, where its records live"
        if self.domain:
            return f"its keys were obtained from {self.domain} itself"
        return "the identifier is its own key; no domain stands behind it"

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "names": self.names,
            "waiting": self.waiting,
            "submissions": self.submissions,
            "bound": self.bound,
            "domain": self.domain or None,
            "proof": self.proof,
            "registries": self.registries,
            "unavailable": self.unavailable,
            "first_seen": _written(self.first_seen),
            "last_seen": _written(self.last_seen),
            "samples": self.samples,
            "test": self.test or None,
            "lookalike": self.lookalike or None,
        }


@dataclass(frozen=True, slots=True)
class Triage:
    """The list. `later` are those that were put off and are left out."""

    issuers: tuple[Met, ...]
    later: tuple[Met, ...]


def triage(house: House) -> Triage:
    """Unknown issuers, those for whom most wait first."""
    policy, met = house.policy(), _met(house)
    put_off = _put_off(house.decisions)
    shown: list[Met] = []
    later: list[Met] = []
    for one in met.values():
        if not is_open(policy, one.id):
            continue
        _add_evidence(one, policy)
        (later if _is_later(one, put_off.get(one.id), house.now()) else shown).append(one)
    order = sorted(shown, key=lambda m: (-m.waiting, bool(m.test), m.id))
    return Triage(tuple(order), tuple(later))


def is_open(policy: Policy, issuer: str) -> bool:
    """Whether the employer's file says nothing about this issuer."""
    return not policy.denies(issuer) and policy.recognise(issuer, (), None).recognition is Recognition.UNKNOWN


def known(house: House, issuer: str) -> Met | None:
    """What is known of one issuer, whatever was decided about it; None when it was never met."""
    met = _met(house).get(issuer)
    if met is not None:
        _add_evidence(met, house.policy())
    return met


def named(house: House, name: str) -> list[str]:
    """The identifiers of the issuers that call themselves so: a name is no identifier, and may be anybody's."""
    wanted = name.casefold().strip()
    return [one.id for one in _met(house).values() if wanted in {n.casefold() for n in one.names}]


def affected(house: House, issuer: str, *, recognised: bool) -> tuple[list[SubmissionRecord], list[SubmissionRecord]]:
    """Submissions that a decision about `issuer` touches.

    Args:
        recognised: the issuer is recognised now; False: it is refused now.

    Returns:
        Those that rest and are to be judged anew, and those that move and judge by the new policy themselves, in the
        order in which they came.
    """
    resting: list[SubmissionRecord] = []
    moving: list[SubmissionRecord] = []
    for record in _records(house):
        if record.state not in _MOVING | _DONE:
            continue
        if record.state in _MOVING:
            moving.append(record)
            continue
        for credential in _credentials(record):
            stands = credential["issuer"]["recognised"] if recognised else credential["decision"] == "refused"
            if credential["issuer"]["id"] == issuer and not stands:
                resting.append(record)
                break
    return resting[::-1], moving[::-1]


# --- gathering ---------------------------------------------------------------------------------------------------


def _met(house: House) -> dict[str, Met]:
    met: dict[str, Met] = {}
    for record in _records(house):
        for issuer, credentials in _by_issuer(record):
            _meet(met.setdefault(issuer, Met(issuer)), record, credentials)
    return met


def _records(house: House) -> Iterator[SubmissionRecord]:
    """Every submission that still says something, newest first."""
    cursor: str | None = None
    while True:
        page = house.submissions(cursor=cursor, limit=200)
        yield from (record for record in page.items if record.state is not State.WITHDRAWN)
        cursor = page.next_cursor
        if cursor is None:
            return


def _credentials(record: SubmissionRecord) -> list[dict[str, Any]]:
    credentials: list[dict[str, Any]] = (record.answer or {}).get("credentials", [])
    return [c for c in credentials if c["issuer"]["id"] and _issuer_code(c) in _LOOKED_AT]


def _issuer_code(credential: dict[str, Any]) -> str:
    """What the check of the issuer answered first."""
    return next((check["code"] for check in credential["checks"] if check["check"] == "issuer"), "")


def _by_issuer(record: SubmissionRecord) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for credential in _credentials(record):
        found.setdefault(credential["issuer"]["id"], []).append(credential)
    yield from found.items()


def _meet(one: Met, record: SubmissionRecord, credentials: list[dict[str, Any]]) -> None:
    one.submissions += 1
    one.last_seen = one.last_seen or record.created_at
    one.first_seen = record.created_at
    paths = {credential["path"] for credential in credentials}
    for credential in credentials:
        issuer = credential["issuer"]
        one.bound = one.bound or issuer["bound"]
        one.hosted = one.hosted or (issuer["bound"] and credential["securing"] == ["hosted"])
        if issuer["name_source"] == "self_asserted":
            _note(one.names, issuer["name"])
        for check in credential["checks"]:
            if check["code"] == "issuer_is_test":
                one.test = one.test or check["detail"] or "a test issuer"
    if any(c["verdict"] == "verified" and c["issuer"]["bound"] and not c["issuer"]["recognised"] for c in credentials):
        one.waiting += 1
    for claim in record.claims:
        if claim.kind == "achievement" and claim.credential in paths:
            _note(one.samples, claim.name)


def _note(words: list[str], word: str | None) -> None:
    if word and word not in words and len(words) < MAX_SAMPLES:
        words.append(word)


def _add_evidence(one: Met, policy: Policy) -> None:
    for said in policy.words(one.id):
        if said.entry is not None and said.shows:
            one.registries.append(f"{said.dated}: {said.entry.name}")
            one.registry_name = one.registry_name or said.entry.name
        elif said.problem:
            one.unavailable.append(f"{said.registry}: {said.problem}")
        if said.is_test:
            one.test = one.test or f"{said.registry} marks it as a test entry"
    if not one.test and published_key(one.id, policy):
        one.test = "its secret key is published"
    names: Iterable[str] = one.names or ("",)
    one.lookalike = next((found for name in names if (found := lookalike_of(one.id, name, policy))), "")


def published_key(issuer: str, policy: Policy) -> bool:
    """Whether the identifier is a key of which everybody knows the secret half."""
    if not issuer.startswith("did:key:"):
        return False
    try:
        key = keys.from_multikey(issuer.removeprefix("did:key:"))
    except CheckError:
        return False
    return is_published(key) or policy.publishes(key)


# --- put off -----------------------------------------------------------------------------------------------------


def _put_off(decisions: Decided) -> dict[str, IssuerDecision]:
    """The last decision about each issuer, where it was to put it off."""
    last = {decision.issuer: decision for decision in decisions.all()}
    return {issuer: one for issuer, one in last.items() if one.decision is IssuerVerdict.LATER}


def _is_later(one: Met, decision: IssuerDecision | None, now: datetime) -> bool:
    """Put off until its date; without one, until something new of that issuer comes in."""
    if decision is None:
        return False
    if decision.until is not None:
        return now < decision.until
    return decision.seen is not None and one.last_seen is not None and one.last_seen <= decision.seen


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
