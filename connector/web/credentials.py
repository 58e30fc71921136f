"""The credentials of a submission beside the claims that were read from them, for the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from connector.mapping.text import clean
from connector.model.claims import AchievementClaim, Claim
from connector.model.records import SubmissionRecord
from connector.model.report import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """One credential.

    Attributes:
        credential: its entry in the verification report.
        confirmed_by: for a hosted badge the site that confirmed it, on `confirmed_on`.
    """

    credential: dict[str, Any]
    claims: tuple[Claim, ...]
    confirmed_by: str
    confirmed_on: date | datetime | None

    @property
    def name(self) -> str | None:
        """What was earned, as its issuer calls it."""
        names = [clean(claim.name) for claim in self.claims if isinstance(claim, AchievementClaim)]
        return "; ".join(names) or None

    @property
    def issuer(self) -> str | None:
        issuer = self.credential["issuer"]
        name: str | None = issuer["name"] or issuer["id"]
        return clean(name) if name else None

    @property
    def issuer_self_named(self) -> bool:
        """Nobody but the record itself says that this is its issuer's name."""
        return self.credential["issuer"]["name_source"] not in ("policy", "registry")

    @property
    def registries(self) -> list[str]:
        """Which registries list its issuer, with the day of their copy and the name they give it."""
        return [clean(check["detail"]) for check in self.credential["checks"] if check["code"] == "registry_lists"]

    @property
    def endorsers(self) -> list[str]:
        """Who endorses it, or its issuer or achievement, with a signature that holds; by their own names."""
        issuers = [
            endorsement["issuer"]
            for endorsement in self.credential.get("endorsements", ())
            if endorsement["verdict"] == Verdict.VERIFIED and endorsement["about_this"]
        ]
        return list(dict.fromkeys(clean(issuer["name"] or issuer["id"]) for issuer in issuers if issuer["bound"]))


def credentials(record: SubmissionRecord) -> list[Found]:
    """What was found in a submission, in the document's order."""
    answer = record.answer or {"credentials": []}
    return [_found(credential, record) for credential in answer["credentials"]]


def worth_showing(found: Sequence[Found]) -> list[Found]:
    """Without the empty covers (a CLR that only holds others), unless something is wrong with them."""
    if not any(one.claims for one in found):
        return list(found)
    return [one for one in found if one.claims or one.credential["decision"] == "refused"]


def _found(credential: dict[str, Any], record: SubmissionRecord) -> Found:
    claims = tuple(claim for claim in record.claims if claim.credential == credential["path"])
    confirmed = next((claim for claim in claims if claim.confirmed_by and claim.confirmed_on), None)
    if confirmed is None or confirmed.confirmed_on is None:
        return Found(credential, claims, "", record.assessed_at)
    return Found(credential, claims, confirmed.confirmed_by or "", date.fromisoformat(confirmed.confirmed_on))
