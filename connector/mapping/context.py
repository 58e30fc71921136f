"""What a plan needs to know beside the claims and the mapping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from connector.mapping.words import DEFAULT_LANGUAGE


@dataclass(frozen=True, slots=True)
class SharedDocument:
    """A record as it came, for a mapping that attaches it.

    Attributes:
        claim_ids: the ids of all claims that were read from it. It is attached only if every one was ticked: a signed
            record cannot be redacted.
    """

    sha256: str
    content: bytes
    content_type: str
    extension: str
    claim_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class PlanContext:
    """One share of one applicant, as far as a plan depends on it.

    Attributes:
        ats: kind of the ATS, as the change set names it.
        shared_on: the day of the share; with several submissions the latest.
        report_url: address of the verification report; None where there is none (`plan` on a command line).
        selected: ids of the ticked claims, in the candidate's order; None means all that are preselected.
        options: names of the options that exist, by field key, where they are known. A value that is none is left out.
        documents: the records as they came, for mappings that attach them.
    """

    ats: str
    shared_on: date
    report_url: str | None = None
    language: str = DEFAULT_LANGUAGE
    employer_name: str = ""
    selected: tuple[str, ...] | None = None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    documents: tuple[SharedDocument, ...] = ()
