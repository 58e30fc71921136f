"""Open Badges 3.0 (also `AchievementCredential`) and 2.0, and what came before it in the same shape.

Open Badges 3.0: `credentialSubject.achievement`. Open Badges 2.0: the badge class under `badge`, embedded there when
the issuer's site was asked; a badge that is only an address names nothing.
"""

from __future__ import annotations

from connector.model.credential import AssessedCredential
from connector.normalize.achievements import AchievementReader
from connector.normalize.collect import Collector
from connector.normalize.values import first_of, objects, subjects


def read_open_badge_3(assessed: AssessedCredential, collector: Collector) -> None:
    """Every achievement of every subject, each with the results that stand beside it."""
    in_transcript = assessed.credential.parent is not None
    for place, subject in subjects(assessed.document):
        results = first_of(subject, "result", "results")
        achievements = objects(first_of(subject, "achievement", "hasCredential", "schema:hasCredential"))
        for index, raw in enumerate(achievements):
            reader = AchievementReader(raw, f"{place}.achievement[{index}]", collector, in_transcript=in_transcript)
            reader.read(results)


def read_open_badge_2(assessed: AssessedCredential, collector: Collector) -> None:
    badge = assessed.document.get("badge")
    if isinstance(badge, dict):
        AchievementReader(badge, "badge", collector).read()
