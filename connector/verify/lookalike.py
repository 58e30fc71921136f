"""Names and hosts that could be taken for those of an issuer on the employer's list (THREATS section 7).

A remark for whoever reads the report, never a reason to refuse: two colleges may have almost the same name.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

import idna

from connector import hosting
from connector.verify.policy import Policy

NEAR_FROM: Final = 8
"""Shorter names differ in one letter without resembling each other: MIT and VIT."""
_CONFUSABLE: Final = str.maketrans(
    "аеорсухіјѕԁһꞵαορντκιυΑΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕКМНОРСТУХІЈЅ0135", "aeopcyxijsdhbaopvtkiuABEZHIKMNOPTYXABEKMHOPCTYXIJSoies"
)
"""Letters of other scripts, and digits, that look like Latin ones (a small part of Unicode TR39's table)."""


def lookalike_of(issuer: str, name: str | None, policy: Policy) -> str:
    """The identifier on the list that `issuer` resembles by its name or its host, without being it; "" when none."""
    wanted = _skeleton(name) if name else ""
    host = _readable(host_of(issuer))
    for entry in policy.trusted_issuers:
        if issuer in (entry.id, entry.replaced_by):
            continue
        if wanted and entry.name and _near(wanted, _skeleton(entry.name)):
            return entry.id
        if host and _resembles(host, _readable(host_of(entry.id))):
            return entry.id
    return ""


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


def _resembles(host: str, other: str) -> bool:
    return other != "" and host != other and _skeleton(host) == _skeleton(other)


@lru_cache(maxsize=2048)
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
