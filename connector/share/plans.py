"""From everything that was shared for one application to what should stand in the ATS: the pipeline's port `plan`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.deliver.wished import Share
from connector.errors import DeliveryError
from connector.mapping import FieldMapping, PlanContext, SharedDocument, make_plan
from connector.mapping.schema import SELECT_TYPES
from connector.model.changes import ChangeSet
from connector.ports import Capabilities, Catalog

Options = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Plans:
    """Makes plans.

    Attributes:
        mapping: the mapping of a connection, or of the path that a submission names.
        catalog: what exists in the ATS; asked for only where the mapping writes options.
        document: the bytes of a submission.
        report_url: the link to a report.
    """

    kind: Callable[[str], str]
    language: Callable[[str], str]
    capabilities: Callable[[str], Capabilities]
    catalog: Callable[[str], Catalog]
    mapping: Callable[[str, str | None], FieldMapping]
    document: Callable[[str], bytes | None]
    report_url: Callable[[str], str]
    employer_name: str

    def make(self, share: Share) -> ChangeSet:
        """The plan for a delivery.

        Raises:
            DeliveryError: the options that exist could not be asked for.
            MappingError: the mapping is not right.
        """
        mapping = self._mapping(share)
        return self._plan(share, mapping, self._options(share.ref.connection, mapping))

    def preview(self, share: Share) -> ChangeSet:
        """The plan as far as it can be told now: an ATS that does not answer keeps nobody from choosing."""
        mapping = self._mapping(share)
        try:
            options = self._options(share.ref.connection, mapping)
        except DeliveryError:
            options = {}
        return self._plan(share, mapping, options)

    def _mapping(self, share: Share) -> FieldMapping:
        """The connection's, unless a submission came with one of its own; then the latest of those."""
        own = next((work.mapping for work in reversed(share.works) if work.mapping), None)
        return self.mapping(share.ref.connection, own)

    def _options(self, connection: str, mapping: FieldMapping) -> Options:
        if not any(rule.type in SELECT_TYPES for rule in mapping.content.fields.values()):
            return {}
        return {f.key: f.options for f in self.catalog(connection).fields if f.options is not None}

    def _plan(self, share: Share, mapping: FieldMapping, options: Options) -> ChangeSet:
        connection, report_id = share.ref.connection, share.works[-1].report_id
        context = PlanContext(
            ats=self.kind(connection),
            shared_on=share.shared_on.date(),
            report_url=self.report_url(report_id) if report_id else None,
            language=self.language(connection),
            employer_name=self.employer_name,
            selected=share.selected,
            options=options,
            documents=self._documents(share) if mapping.content.attachments else (),
        )
        return make_plan(share.claims, mapping, self.capabilities(connection), context)

    def _documents(self, share: Share) -> tuple[SharedDocument, ...]:
        documents = []
        for work in share.works:
            content = self.document(work.id)
            if content is not None and work.document_sha256 is not None:
                content_type, extension = kind_of(content)
                ids = frozenset(claim.id for claim in work.claims)
                documents.append(SharedDocument(work.document_sha256, content, content_type, extension, ids))
        return tuple(documents)


def kind_of(content: bytes) -> tuple[str, str]:
    """Content type and file extension of a record as it came, found from its bytes."""
    start = content.lstrip()[:1]
    if content.startswith(b"\x89PNG"):
        return "image/png", "png"
    if start == b"<":
        return "image/svg+xml", "svg"
    return ("application/json", "json") if start in (b"{", b"[") else ("text/plain", "txt")
