"""Files for an ATS: a summary in words, the same as JSON, or the record as it came.

A file name is made of a digest, never of anything from a credential, so that the same file is found again and no name
can be forged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connector.mapping.context import PlanContext, SharedDocument
from connector.mapping.selecting import Taken
from connector.mapping.text import plain, safe_link
from connector.mapping.words import Words
from connector.model.changes import AttachmentValue
from connector.model.claims import AchievementClaim, SkillClaim

TEXT: Final = "text/plain"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class File:
    """A file with what a change set says of it."""

    value: AttachmentValue
    content: bytes


class AttachmentMaker:
    """Makes the files of one plan.

    Args:
        accepted: content types that the ATS takes; empty means any.
    """

    def __init__(self, words: Words, context: PlanContext, accepted: frozenset[str]) -> None:
        self._words, self._context, self._accepted = words, context, accepted

    def summary(self, taken: Sequence[Taken]) -> File | None:
        """What was shared, line by line, with how well each line is founded."""
        if not self._takes(TEXT):
            return None
        return _file("ler-summary", "txt", TEXT, ("\n".join(self._summary_lines(taken)) + "\n").encode())

    def claims(self, taken: Sequence[Taken]) -> File | None:
        """The claims as JSON made by us; as a text file where the ATS takes no JSON."""
        document = {
            "shared_on": self._context.shared_on.isoformat(),
            "report": safe_link(self._context.report_url),
            "claims": [self._as_json(t) for t in taken],
        }
        content = (json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
        if self._takes(JSON):
            return _file("ler-claims", "json", JSON, content)
        return _file("ler-claims", "txt", TEXT, content) if self._takes(TEXT) else None

    def record(self, document: SharedDocument) -> File | None:
        """The record as it came."""
        if not self._takes(document.content_type):
            return None
        return _file("ler", document.extension, document.content_type, document.content)

    def _takes(self, content_type: str) -> bool:
        return not self._accepted or content_type in self._accepted

    def _summary_lines(self, taken: Sequence[Taken]) -> list[str]:
        say = self._words.say
        lines = [say("summary", "title", date=self._context.shared_on), say("summary", "explanation")]
        for heading, kind in (("achievements", AchievementClaim), ("skills", SkillClaim)):
            entries = [f"- {self._words.line(t.claim)}" for t in taken if isinstance(t.claim, kind)]
            if entries:
                lines += ["", say("summary", heading), *entries]
        link = safe_link(self._context.report_url)
        if link:
            lines += ["", say("summary", "report", report_url=link)]
        return [*lines, "", say("summary", "closing")]

    def _as_json(self, taken: Taken) -> dict[str, Any]:
        claim = taken.claim
        result: dict[str, Any] = {
            "kind": claim.kind,
            "name": plain(claim.name),
            "issuer": plain(claim.issuer_name or "") or None,
            "issuer_id": plain(claim.issuer_id or "", limit=2_000) or None,
            "issuer_recognised": claim.issuer_recognised,
            "expires_on": claim.expires_on,
            "assurance": claim.assurance.value,
            "assurance_in_words": self._words.assurance(claim),
            "alignments": [
                {"framework": a.framework, "code": plain(a.code or "") or None, "url": safe_link(a.url)}
                for a in claim.alignments
            ],
        }
        if isinstance(claim, SkillClaim):
            result |= {"source": claim.source.value, "achievement": plain(claim.achievement or "") or None}
        return result


def _file(stem: str, extension: str, content_type: str, content: bytes) -> File:
    digest = hashlib.sha256(content).hexdigest()
    name = f"{stem}-{digest[:12]}.{extension}"
    return File(AttachmentValue(filename=name, content_type=content_type, sha256=digest, length=len(content)), content)
