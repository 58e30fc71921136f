"""Conformance: what goes wrong becomes the right error, and what does not exist says so."""

from __future__ import annotations

import html
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from connector.errors import AtsAuthError, NotFoundInAts, RejectedByAts, RetryableDeliveryError, UnsupportedByAts
from connector.model.applicant import ApplicationRef
from connector.model.changes import AtsState, PutForm
from connector.ports import AtsAdapter, AtsPlugin, NoteSupport, Sandbox, SandboxFault
from connector.testing.ats_suite_base import (
    BASE_URL,
    HOSTILE,
    MARKER,
    PLAIN,
    LoopbackTransport,
    SuiteBase,
    attachment,
    held,
    sample,
    visible,
)


class FaultsSuite(SuiteBase):
    """Refusals, outages, lost answers, expired tokens; the catalog, the doctor and the recruiter's page."""

    # --- what goes wrong ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("status", [401, 403])
    async def test_a_refused_credential_is_an_auth_error(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, status: int
    ) -> None:
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(SandboxFault(status=status, times=50))
        with pytest.raises(AtsAuthError):
            await self.look(ats, ref)
        with pytest.raises(AtsAuthError):
            await self.write_something(ats, ref, seen)

    @pytest.mark.parametrize("kind", ["read", "write"])
    @pytest.mark.parametrize("header", ["7", "date", "-5", "999999999", "soon", None])
    async def test_429_says_how_long_to_wait_within_reason(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, header: str | None
    ) -> None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        headers = {} if header is None else {"Retry-After": later if header == "date" else header}
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(status=429, headers=headers))
        assert not error.maybe_applied
        waits = error.retry_after
        if header == "7":
            assert waits == 7
        elif header == "date":
            assert waits is not None and 0 < waits <= 91
        elif header == "-5":
            assert waits is None or waits == 0
        elif header == "999999999":
            assert waits is not None and math.isfinite(waits) and 0 < waits <= 86_400
        else:
            assert waits is None

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    @pytest.mark.parametrize("kind", ["read", "write"])
    async def test_a_server_error_leaves_a_write_open_and_a_read_not(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, status: int
    ) -> None:
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(status=status, content_type="text/html"))
        assert error.maybe_applied == (kind == "write")

    @pytest.mark.parametrize(
        "fault",
        [
            SandboxFault(reset=True, after_commit=True),
            SandboxFault(status=502, after_commit=True, body=b"<html>bad gateway</html>", content_type="text/html"),
            SandboxFault(status=500, after_commit=True),
        ],
        ids=["reset", "502", "500"],
    )
    async def test_a_write_whose_answer_is_lost_is_looked_for_and_not_repeated(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, fault: SandboxFault
    ) -> None:
        error = await self._fail(ats, sandbox, ref, "write", fault)
        assert error.maybe_applied
        written, there = self.writes(sandbox), visible(self.holdings(sandbox, ref))
        seen = await self.look(ats, ref)
        assert visible(seen) == there
        await self.write_something(ats, ref, seen)
        assert self.writes(sandbox) == written
        assert visible(self.holdings(sandbox, ref)) == there

    @pytest.mark.parametrize("kind", ["read", "write"])
    async def test_a_broken_connection_is_retryable(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str
    ) -> None:
        error = await self._fail(ats, sandbox, ref, kind, SandboxFault(reset=True))
        assert error.maybe_applied == (kind == "write")

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"<!doctype html><title>Sign in</title>", "text/html"),
            (b'{"data": [{"id": 1', "application/json"),
            (b"", "application/json"),
            (b'"ok"', "application/json"),
            (b"\xff\xfe\x00", "application/octet-stream"),
        ],
        ids=["html", "truncated", "empty", "a string", "garbage"],
    )
    async def test_200_with_something_else_than_an_answer_is_a_failed_read(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, body: bytes, content_type: str
    ) -> None:
        fault = SandboxFault(status=200, body=body or b" ", content_type=content_type)
        error = await self._fail(ats, sandbox, ref, "read", fault)
        assert not error.maybe_applied

    async def test_a_proxys_page_with_200_is_no_success_of_a_write(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        page = SandboxFault(status=200, body=b"<!doctype html><title>Sign in</title>", content_type="text/html")
        error = await self._fail(ats, sandbox, ref, "write", page)
        assert error.maybe_applied

    @pytest.mark.parametrize("status", [400, 409, 422])
    async def test_a_refused_write_is_final_and_carries_the_atss_words(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, status: int
    ) -> None:
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(SandboxFault(status=status, on="write"))
        with pytest.raises(RejectedByAts) as refusal:
            await self.write_something(ats, ref, seen)
        assert f"Injected fault {status}" in refusal.value.ats_words

    async def test_an_access_token_that_ends_in_mid_run_is_renewed_once(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self.look(ats, ref)
        if not sandbox.expire_tokens():
            pytest.skip("this connection's credential does not expire")
        before = len(sandbox.log)
        seen = await self.look(ats, ref)
        await self.write_something(ats, ref, seen)
        assert [r.status for r in list(sandbox.log)[before:]].count(401) == 1

    async def test_a_credential_that_is_refused_at_renewal_is_an_auth_error(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        await self.look(ats, ref)
        if not sandbox.expire_tokens():
            pytest.skip("this connection's credential does not expire")
        sandbox.inject(SandboxFault(status=401, on="token", body=b'{"error":"invalid_client"}', times=3))
        with pytest.raises(AtsAuthError):
            await self.look(ats, ref)

    async def test_nothing_is_written_to_a_candidate_who_is_gone(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        able, seen = ats.capabilities, await self.look(ats, ref)
        tags = await self.new_tags(ats, seen) if able.tags else ()
        field = await self.text_field(ats, ref) if able.fields else None
        sandbox.delete_candidate(ref.candidate)
        gone = (NotFoundInAts, RejectedByAts)
        if field is not None:
            with pytest.raises(gone):
                await ats.set_fields(ref, {field.key: sample(field)}, seen)
        if able.tags:
            with pytest.raises(gone):
                await ats.add_tags(ref, tags, seen)
        if able.links:
            with pytest.raises(gone):
                await ats.add_links(ref, ["https://ler.example/r/1"], seen)
        if able.attachments:
            with pytest.raises(gone):
                await ats.add_attachment(ref, attachment(able))
        assert all(p.candidate != ref.candidate for p in sandbox.people()), "nobody was made anew"

    async def _warm(self, ats: AtsAdapter, ref: ApplicationRef) -> None:
        """Let the adapter learn what it keeps (definitions, options), so that a fault meets the write itself."""
        await ats.catalog()
        if ats.capabilities.fields:
            await self.text_field(ats, ref)

    async def _fail(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef, kind: str, fault: SandboxFault
    ) -> RetryableDeliveryError:
        """Read or write with that fault injected; the error must be a retryable one."""
        seen = await self.look(ats, ref)
        await self._warm(ats, ref)
        sandbox.inject(replace(fault, on="write" if kind == "write" else "read"))
        with pytest.raises(RetryableDeliveryError) as caught:
            if kind == "write":
                await self.write_something(ats, ref, seen)
            else:
                await self.look(ats, ref)
        return caught.value

    # --- what does not exist ------------------------------------------------------------------------------------

    async def test_families_that_are_not_declared_are_unsupported(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        able, seen = ats.capabilities, AtsState()
        if not able.fields:
            with pytest.raises(UnsupportedByAts):
                await ats.set_fields(ref, {"x": "y"}, seen)
        if not able.tags:
            with pytest.raises(UnsupportedByAts):
                await ats.add_tags(ref, ["x"], seen)
        if not able.links:
            with pytest.raises(UnsupportedByAts):
                await ats.add_links(ref, ["https://ler.example"], seen)
        if able.notes is NoteSupport.NONE:
            with pytest.raises(UnsupportedByAts):
                await ats.put_note(ref, MARKER, PLAIN, private=True, existing=None)
        if not able.attachments:
            with pytest.raises(UnsupportedByAts):
                await ats.add_attachment(ref, attachment(able))
        if not able.forms:
            with pytest.raises(UnsupportedByAts):
                await ats.put_form(ref, MARKER, PutForm(target="x", rule="x", value={}), existing=None)
        assert self.writes(sandbox) == 0

    def test_capabilities_are_consistent(self, ats: AtsAdapter, plugin: AtsPlugin) -> None:
        able = ats.capabilities
        assert able.removable <= held(able)
        assert bool(able.field_types) == able.fields
        assert bool(able.form_field_types) == able.forms
        assert bool(able.form_field_types) == able.forms
        assert plugin.capabilities == able
        assert held(able)
        assert ats.kind == plugin.kind

    # --- the catalog and the doctor ------------------------------------------------------------------------------

    async def test_the_catalog_lists_what_can_be_written_to(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        catalog = await ats.catalog()
        if ats.capabilities.fields:
            assert {f.type for f in catalog.fields} >= ats.capabilities.field_types
            assert len({f.key for f in catalog.fields}) == len(catalog.fields)
            assert all(f.options for f in catalog.fields if f.type in ("single_select", "multi_select"))
            assert all(f.options is None for f in catalog.fields if f.type not in ("single_select", "multi_select"))
        if ats.capabilities.forms:
            assert catalog.form_templates
        assert self.writes(sandbox) == 0

    async def test_a_well_set_up_connection_passes_every_probe(self, ats: AtsAdapter) -> None:
        probes = await ats.probe()
        assert probes
        assert [(p.name, p.message) for p in probes if not p.ok] == []

    async def test_every_missing_permission_is_named_by_a_probe(self, ats: AtsAdapter, sandbox: Sandbox) -> None:
        assert sandbox.permissions, "the stand-in must say which permissions the adapter needs"
        for permission in sorted(sandbox.permissions):
            sandbox.permissions.discard(permission)
            bad = [p for p in await ats.probe() if not p.ok]
            assert any(permission in f"{p.name} {p.message} {p.fix}" for p in bad), permission
            assert all(p.fix for p in bad)
            sandbox.permissions.add(permission)

    async def test_probing_changes_nothing_and_survives_an_outage(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        before = visible(self.holdings(sandbox, ref))
        await ats.probe()
        assert visible(self.holdings(sandbox, ref)) == before
        sandbox.inject(SandboxFault(status=503, times=200))
        probes = await ats.probe()
        assert [p for p in probes if not p.ok]

    # --- the recruiter's page ------------------------------------------------------------------------------------

    async def test_the_page_shows_the_candidate_and_escapes_every_value(
        self, ats: AtsAdapter, sandbox: Sandbox, ref: ApplicationRef
    ) -> None:
        able, seen = ats.capabilities, await self.look(ats, ref)
        if "long_text" in able.field_types:
            field = (await self.fields_by_type(ats, ref))["long_text"]
            await ats.set_fields(ref, {field.key: HOSTILE}, seen)
        if able.notes is not NoteSupport.NONE:
            await ats.put_note(ref, MARKER, HOSTILE, private=able.private_notes, existing=None)
        async with httpx.AsyncClient(transport=LoopbackTransport(sandbox), base_url=BASE_URL) as browser:
            answer = await browser.get(sandbox.view_path(ref.candidate))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        page = answer.text
        assert html.escape(sandbox.people()[0].name) in page
        assert "<script>alert" not in page and "<b>bold" not in page
        if "long_text" in able.field_types or able.notes is not NoteSupport.NONE:
            assert html.escape(HOSTILE) in page
