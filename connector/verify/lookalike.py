"""Names and hosts that could be taken for those of an issuer on the employer's list (THREATS section 7).

A remark for whoever reads the report, never a reason to refuse: two colleges may have almost the same name.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import idna

from connector import hosting
from connector.verify.policy import Policy, TrustedIssuer

NEAR_FROM: Final = 8
"""Shorter names differ in one letter without resembling each other: MIT and VIT."""
_CONFUSABLE: Final = str.maketrans(
    "аеорсухіјѕԁһꞵαορντκιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅ0135", "aeopcyxijsdhbaopvtkiuABEZHIKMNOPTYXABEKMHOPCTYXIJSoies"
)
"""Letters of other scripts, and digits, that look like Latin ones (a small part of Unicode TR39's table)."""


MAX_REMEMBERED: Final = 1_000


class _Listed:
    """The names and hosts of a policy's issuers, laid out to be compared with."""

    def __init__(self, entries: tuple[TrustedIssuer, ...]) -> None:
        self.entries = entries
        self._own = {id for entry in entries for id in (entry.id, entry.replaced_by)}
        self._names: dict[int, list[tuple[str, str]]] = {}
        self._hosts: dict[str, list[tuple[str, str]]] = {}
        for entry in entries:
            name, host = _skeleton(entry.name or ""), _readable(host_of(entry.id))
            if name:
                self._names.setdefault(len(name), []).append((name, entry.id))
            if host:
                self._hosts.setdefault(_skeleton(host), []).append((host, entry.id))
        self._remembered: dict[tuple[str, str], str] = {}

    def find(self, issuer: str, name: str) -> str:
        known = self._remembered.get((issuer, name))
        if known is None:
            known = self._find(issuer, name)
            if len(self._remembered) < MAX_REMEMBERED:
                self._remembered[issuer, name] = known
        return known

    def _find(self, issuer: str, name: str) -> str:
        if issuer in self._own:
            return ""
        wanted, host = _skeleton(name), _readable(host_of(issuer))
        for length in (len(wanted), len(wanted) - 1, len(wanted) + 1) if wanted else ():
            for other, entry in self._names.get(length, ()):
                if _near(wanted, other):
                    return entry
        others = self._hosts.get(_skeleton(host), ()) if host else ()
        return next((entry for other, entry in others if other != host), "")


_last: _Listed = _Listed(())
"""Of the policy that was asked for last; a process has one, for as long as its file stays as it is."""


def lookalike_of(issuer: str, name: str | None, policy: Policy) -> str:
    """The identifier on the list that `issuer` resembles by its name or its host, without being it; "" when none."""
    global _last
    listed = _last
    if listed.entries is not policy.trusted_issuers:
        listed = _last = _Listed(policy.trusted_issuers)
    return listed.find(issuer, name or "")


def host_of(issuer: str) -> str:
    """The host of a did:web or https identifier as it is written; "" without one."""
    if issuer.startswith("did:web:"):
        return issuer.removeprefix("did:web:").partition(":")[0].partition("%")[0]
    if not issuer.startswith("https://"):
        return ""
    try:
        return hosting.split(issuer).hostname or ""
    except ValueError:
        return ""


def _readable(host: str) -> str:
    """As people see it in an address bar that shows letters."""
    try:
        return idna.decode(host) if "xn--" in host else host
    except idna.IDNAError:
        return host


def _skeleton(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name.translate(_CONFUSABLE)).casefold()
    return "".join(char for char in folded if char.isalnum()).replace("l", "i")  # I, l and 1 are one stroke


def _near(one: str, other: str) -> bool:
    """The same, or one letter added, left out, replaced or swapped with its neighbour."""
    if one == other:
        return True
    if min(len(one), len(other)) < NEAR_FROM or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    swapped = len(left) == len(right) and left[1:2] + left[:1] + left[2:] == right
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]
