"""Every code a check can answer with: which check, which outcome, which verdict it leads to, and the sentence.

The one public table (printed in docs/verdicts.md, held to it and to the code by tests). A code without a verdict says
nothing about the credential alone: it bears on trust, on the applicant, or it is a remark.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from connector.model.report import CheckName, CheckResult, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Code:
    checks: tuple[CheckName, ...]
    outcome: Outcome
    verdict: Verdict | None
    summary: str


_PASSED, _FAILED = Outcome.PASSED, Outcome.FAILED
_UNDETERMINED, _NOT_APPLICABLE = Outcome.UNDETERMINED, Outcome.NOT_APPLICABLE


def _rows(check: CheckName | tuple[CheckName, ...], *rows: tuple[str, Outcome, Verdict | None, str]) -> dict[str, Code]:
    checks = check if isinstance(check, tuple) else (check,)
    return {code: Code(checks, outcome, verdict, summary) for code, outcome, verdict, summary in rows}


_STRUCTURE: Final = _rows(
    CheckName.STRUCTURE,
    ("structure_ok", _PASSED, None, "The record is built as its standard asks."),
    ("structure_unreadable", _FAILED, Verdict.MALFORMED, "The record could not be taken apart."),
    ("structure_unknown", _UNDETERMINED, Verdict.UNSUPPORTED, "The record is of a kind not supported here."),
    ("structure_nonconformant", _FAILED, Verdict.NONCONFORMANT, "The record breaks a rule of its standard."),
    ("jwt_claim_missing", _FAILED, Verdict.NONCONFORMANT, "The token lacks a statement that its standard requires."),
    ("jwt_claim_malformed", _FAILED, Verdict.NONCONFORMANT, "The token holds a date or name that cannot be read."),
    ("jwt_claim_forbidden", _FAILED, Verdict.NONCONFORMANT, "The token holds a claim that its kind may not hold."),
    ("jwt_id_mismatch", _FAILED, Verdict.NONCONFORMANT, "The token and the record in it carry different identifiers."),
    ("subject_without_id", _PASSED, None, "The record does not identify the person by an id or an address."),
    ("jose_header_unusual", _PASSED, None, "The token's header holds members that Open Badges does not allow."),
    ("date_without_zone", _PASSED, None, "A date of the record names no time zone; it is taken as UTC."),
    ("jwt_sub_missing", _PASSED, None, "The token does not repeat the person's id; the signed record in it has it."),
    ("jwt_dates_differ", _PASSED, None, "The token and the record in it name different dates; the stricter count."),
    ("jwt_claim_unusual", _PASSED, None, "The token writes a claim in an unusual way; nothing depends on it."),
    ("status_list_short", _PASSED, None, "The revocation list is shorter than its standard asks, for privacy."),
    ("key_reference_short", _PASSED, None, "The signature names its key in a short form."),
)

_PROOF: Final = _rows(
    CheckName.PROOF,
    ("proof_valid", _PASSED, None, "The signature is genuine."),
    ("proof_missing", _FAILED, Verdict.UNSIGNED, "The record is not signed."),
    ("proof_unsupported", _UNDETERMINED, Verdict.UNSUPPORTED, "The record is signed in a way not supported here."),
    ("proof_chain_broken", _FAILED, Verdict.INVALID, "A signature builds on another one that is not there."),
    (
        "proof_not_derived",
        _FAILED,
        Verdict.INVALID,
        "The signature is for the holder, who must first choose what to show.",
    ),
    ("proof_context_mismatch", _FAILED, Verdict.INVALID, "The signature was made under another vocabulary."),
    ("proof_malformed", _FAILED, Verdict.INVALID, "The signature is written in a way that cannot be read."),
    ("proof_purpose_wrong", _FAILED, Verdict.INVALID, "The signature was made for another purpose."),
    ("proof_signature_wrong", _FAILED, Verdict.INVALID, "The record was changed, or signed by somebody else's key."),
    ("proof_from_future", _FAILED, Verdict.INVALID, "The signature says it was made in the future."),
    ("proof_expired", _FAILED, Verdict.INVALID, "The signature has passed its own end date."),
    ("key_not_named", _UNDETERMINED, Verdict.UNRESOLVABLE, "The signature does not say which key made it."),
    ("key_method_unknown", _UNDETERMINED, Verdict.UNRESOLVABLE, "The key is named in a way that cannot be looked up."),
    ("key_document_unreachable", _UNDETERMINED, Verdict.UNRESOLVABLE, "The issuer's keys could not be fetched."),
    ("key_document_malformed", _UNDETERMINED, Verdict.UNRESOLVABLE, "The issuer's list of keys could not be read."),
    ("key_document_mismatch", _UNDETERMINED, Verdict.UNRESOLVABLE, "The list of keys belongs to somebody else."),
    ("key_identifier_malformed", _FAILED, Verdict.INVALID, "The key's identifier is written wrongly."),
    ("key_not_in_document", _FAILED, Verdict.INVALID, "The key that the signature names is not among its owner's."),
    ("key_not_authorised", _FAILED, Verdict.INVALID, "Its owner does not allow this key for this use."),
    ("key_revoked", _FAILED, Verdict.INVALID, "The key was withdrawn or has expired."),
    ("key_malformed", _FAILED, Verdict.INVALID, "The key is broken."),
    ("key_too_weak", _FAILED, Verdict.INVALID, "The key is too weak, or its secret half is public."),
    ("key_kind_unsupported", _UNDETERMINED, Verdict.UNSUPPORTED, "The key is of a kind not supported here."),
    ("key_algorithm_mismatch", _FAILED, Verdict.INVALID, "The signature does not fit the kind of key."),
    ("key_conflict", _FAILED, Verdict.INVALID, "The token names two different keys."),
    ("jwt_malformed", _FAILED, Verdict.MALFORMED, "The token does not hold a record that can be read."),
    ("jwt_header_refused", _FAILED, Verdict.INVALID, "The token asks for something that is not allowed here."),
    ("jwt_type_refused", _FAILED, Verdict.INVALID, "The token is of another kind than a record."),
    ("jwt_algorithm_refused", _FAILED, Verdict.INVALID, "The token uses an algorithm that proves nothing."),
    ("jwt_documents_differ", _FAILED, Verdict.INVALID, "The token holds two records that do not agree."),
    ("disclosure_malformed", _FAILED, Verdict.INVALID, "Something that was disclosed cannot be read."),
    ("disclosure_repeated", _FAILED, Verdict.INVALID, "Something was disclosed more than once."),
    ("disclosure_unreferenced", _FAILED, Verdict.INVALID, "Something was disclosed that the issuer did not sign."),
    ("disclosure_replaces", _FAILED, Verdict.INVALID, "Something that was disclosed would replace what was signed."),
    ("disclosure_name_reserved", _FAILED, Verdict.INVALID, "Something was disclosed under a forbidden name."),
    ("disclosure_hides", _FAILED, Verdict.INVALID, "The record hides something that must be seen to check it."),
    (
        "disclosure_hash_refused",
        _FAILED,
        Verdict.INVALID,
        "The record hides things in a way that proves nothing.",
    ),
    ("context_unknown", _UNDETERMINED, Verdict.UNRESOLVABLE, "The record uses a vocabulary not carried here."),
    ("context_conflict", _FAILED, Verdict.INVALID, "The vocabularies that the record names contradict each other."),
    ("undefined_term", _FAILED, Verdict.INVALID, "The record holds something that the signature does not cover."),
    ("term_not_allowed", _FAILED, Verdict.INVALID, "The record is written in a way that could hide what was signed."),
    ("relative_iri", _FAILED, Verdict.INVALID, "The record holds an identifier that the signature does not cover."),
    ("too_complex", _FAILED, Verdict.MALFORMED, "The record is too complex to be checked."),
)

_VALIDITY: Final = _rows(
    CheckName.VALIDITY,
    ("validity_current", _PASSED, None, "The record is within its dates."),
    ("validity_unlimited", _NOT_APPLICABLE, None, "The record names no dates."),
    ("validity_expired", _FAILED, Verdict.EXPIRED, "The record has expired."),
    ("validity_not_yet", _FAILED, Verdict.NOT_YET_VALID, "The record is not valid yet."),
    ("validity_malformed", _FAILED, Verdict.NONCONFORMANT, "The record's dates cannot be read."),
    ("validity_reversed", _FAILED, Verdict.NONCONFORMANT, "The record ends before it begins."),
)

_STATUS: Final = _rows(
    CheckName.STATUS,
    ("status_none", _NOT_APPLICABLE, None, "The issuer keeps no revocation list for this record."),
    ("status_clear", _PASSED, None, "The issuer has not revoked the record."),
    ("status_revoked", _FAILED, Verdict.REVOKED, "The issuer has revoked the record."),
    ("status_suspended", _FAILED, Verdict.SUSPENDED, "The issuer has suspended the record."),
    ("status_message", _PASSED, None, "The issuer publishes remarks on the record that do not end it."),
    ("status_message_set", _UNDETERMINED, None, "The issuer has put a remark on the record that does not end it."),
    ("status_message_unknown", _UNDETERMINED, None, "The issuer's remarks on the record could not be read."),
    (
        "record_refreshed",
        _PASSED,
        None,
        "The issuer gave a newer version of the record, which was checked in its place.",
    ),
    ("refresh_not_newer", _PASSED, None, "The issuer has no newer version of the record."),
    (
        "refresh_unavailable",
        _PASSED,
        None,
        "The issuer's newest version of the record could not be had; this one counts.",
    ),
    ("refresh_other_record", _PASSED, None, "The issuer's site answered with another record, which was left aside."),
    (
        "refresh_not_sound",
        _PASSED,
        None,
        "What the issuer's site gave as newest version does not stand; this one counts.",
    ),
    ("status_refresh_due", _PASSED, None, "The issuer says that there is a newer version of the record."),
    (
        "status_value_unknown",
        _UNDETERMINED,
        Verdict.STATUS_UNKNOWN,
        "The issuer gives the record a status unknown here.",
    ),
    ("status_type_unknown", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "Revocation is published in a way unknown here."),
    (
        "status_entry_malformed",
        _UNDETERMINED,
        Verdict.STATUS_UNKNOWN,
        "The place of the revocation list is unreadable.",
    ),
    ("status_list_unreachable", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "Revocation could not be checked."),
    ("status_list_malformed", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The revocation list cannot be read."),
    ("status_list_unproven", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The revocation list is not properly signed."),
    ("status_list_outdated", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The revocation list is outside its own dates."),
    ("status_purpose_mismatch", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The list is not for what the record says."),
    ("status_index_out_of_range", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The record has no place in the list."),
    ("status_list_misplaced", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The revocation list was made for another place."),
    ("status_list_ambiguous", _UNDETERMINED, Verdict.STATUS_UNKNOWN, "The revocation list can be read in two ways."),
    (
        "status_list_other_site",
        _UNDETERMINED,
        None,
        "The revocation list is unsigned and not on the issuer's own site.",
    ),
    ("status_list_other_issuer", _UNDETERMINED, None, "The revocation list was signed by another party."),
    ("status_list_other_address", _UNDETERMINED, None, "The revocation list says that it lives elsewhere."),
    ("status_index_number", _PASSED, None, "The place in the revocation list is written as a number."),
)

_ISSUER: Final = _rows(
    CheckName.ISSUER,
    ("issuer_recognised", _PASSED, None, "The issuer is on the employer's list."),
    ("issuer_not_recognised", _UNDETERMINED, None, "The issuer is not on the employer's list."),
    ("issuer_outside_terms", _UNDETERMINED, None, "The employer recognises this issuer, but not for this record."),
    ("issuer_unbound", _UNDETERMINED, None, "It is signed, but not shown to be by the issuer it names."),
    ("issuer_key_mismatch", _FAILED, None, "The key that signed is not one of the issuer's."),
    ("issuer_claim_mismatch", _FAILED, None, "The token and the record in it name different issuers."),
    ("issuer_missing", _FAILED, None, "The record names no issuer."),
    ("issuer_denied", _FAILED, None, "The employer's policy refuses this issuer."),
    ("issuer_is_test", _FAILED, None, "The issuer is a test issuer: anybody can sign in its name."),
    ("issuer_name_lookalike", _UNDETERMINED, None, "The issuer calls itself like one on the list, but is not it."),
    ("registry_lists", _PASSED, None, "A registry lists the issuer, which is shown and is not the employer's list."),
    ("registry_key_mismatch", _UNDETERMINED, None, "A registry lists the issuer with other keys than the one used."),
    ("registry_unavailable", _UNDETERMINED, None, "A registry could not be loaded: it may list the issuer or not."),
)

_SUBJECT: Final = _rows(
    CheckName.SUBJECT,
    ("subject_holder_proof", _PASSED, None, "The applicant proved to hold it."),
    ("subject_email_code", _PASSED, None, "Issued to an address that the applicant proved to own."),
    ("subject_email_hash", _PASSED, None, "Issued to the applicant's e-mail."),
    ("subject_email", _PASSED, None, "Issued to the applicant's e-mail."),
    ("subject_did", _PASSED, None, "Issued to the applicant's identifier."),
    ("subject_name_only", _UNDETERMINED, None, "Same name, not proven to be this person."),
    ("subject_other_identity", _UNDETERMINED, None, "Issued to an address, name or identifier not known here."),
    ("subject_none", _UNDETERMINED, None, "Nothing in it can be compared with the applicant."),
    ("subject_contradicted", _FAILED, None, "The signature itself shows that it is about somebody else."),
)

_HOLDER: Final = _rows(
    CheckName.HOLDER,
    ("holder_none", _NOT_APPLICABLE, None, "It was handed in without a presentation."),
    ("holder_unsigned", _NOT_APPLICABLE, None, "The presentation is not signed."),
    ("holder_valid", _PASSED, None, "The presentation is signed for this request."),
    ("holder_unsolicited", _PASSED, None, "The presentation is signed, but not for a request of ours."),
    (
        "holder_key_for_assertions",
        _UNDETERMINED,
        None,
        "The presentation is signed, but not with a key for presenting.",
    ),
    ("holder_invalid", _FAILED, None, "The signature of the presentation does not hold."),
    ("holder_malformed", _FAILED, None, "The presentation breaks a rule of its standard."),
    ("holder_other_request", _FAILED, None, "The presentation was made for another request or another site."),
    ("holder_expired", _FAILED, None, "The presentation is outside its own dates."),
    ("holder_proof_required", _FAILED, None, "A signed presentation was asked for, and none was given."),
    ("holder_unchecked", _UNDETERMINED, None, "The signature of the presentation could not be checked."),
    ("key_binding_malformed", _FAILED, Verdict.INVALID, "The holder's proof behind the record cannot be read."),
    ("key_binding_invalid", _FAILED, Verdict.INVALID, "The holder's proof behind the record does not hold."),
)

_HOSTED: Final = {
    **_rows(
        CheckName.PROOF,
        ("hosted_confirmed", _PASSED, None, "The issuer's own site confirmed the badge."),
        ("hosted_no_address", _UNDETERMINED, Verdict.UNRESOLVABLE, "The badge does not say where it can be confirmed."),
        ("hosted_unreachable", _UNDETERMINED, Verdict.UNRESOLVABLE, "The issuer's site could not be asked."),
        ("hosted_unreadable", _UNDETERMINED, Verdict.UNRESOLVABLE, "The issuer's site gave an unreadable answer."),
        ("hosted_incomplete", _UNDETERMINED, Verdict.UNRESOLVABLE, "What the badge belongs to could not be had."),
        ("hosted_not_found", _FAILED, Verdict.INVALID, "The issuer's site knows no such badge."),
        ("hosted_mismatch", _FAILED, Verdict.INVALID, "The badge is not what the issuer's site says it is."),
        ("hosted_id_mismatch", _FAILED, Verdict.INVALID, "The badge claims an address that does not answer for it."),
        ("hosted_moved", _FAILED, Verdict.INVALID, "Another site answered in place of the badge's own."),
        ("hosted_origin_not_allowed", _FAILED, Verdict.INVALID, "The badge lives on a site that is not its issuer's."),
    ),
    **_rows(CheckName.STATUS, ("hosted_revoked", _FAILED, Verdict.REVOKED, "The issuer has taken the badge back.")),
    **_rows(
        CheckName.STRUCTURE,
        ("hosted_nonconformant", _FAILED, Verdict.NONCONFORMANT, "The badge breaks a rule of Open Badges 2.0."),
        ("hosted_outside_scope", _FAILED, Verdict.NONCONFORMANT, "The issuer does not keep badges at that address."),
    ),
}

_DEPENDENT: Final = _rows(
    (CheckName.STRUCTURE, CheckName.VALIDITY, CheckName.STATUS, CheckName.ISSUER, CheckName.SUBJECT),
    ("proof_not_verified", _UNDETERMINED, None, "Not looked at, because the signature could not be verified."),
)

CODES: Final[dict[str, Code]] = {
    **_STRUCTURE, **_PROOF, **_VALIDITY, **_STATUS, **_ISSUER, **_SUBJECT, **_HOLDER, **_HOSTED, **_DEPENDENT
}  # fmt: skip


@lru_cache(maxsize=4096)
def result(code: str, detail: str = "", *, check: CheckName | None = None) -> CheckResult:
    """The answer of a check: outcome and sentence come from the table.

    Args:
        check: only for a code that several checks use.
    """
    row = CODES[code]
    return CheckResult(
        check=check or row.checks[0], outcome=row.outcome, code=code, summary=row.summary, detail=detail[:500]
    )


def verdict_of(results: tuple[CheckResult, ...]) -> Verdict:
    """The first verdict, in order of precedence, that any result leads to; `verified` when none does."""
    for one in results:
        if one.code in _TELLING:
            found = {CODES[r.code].verdict for r in results}
            return next((verdict for verdict in Verdict if verdict in found), Verdict.VERIFIED)
    return Verdict.VERIFIED


_TELLING: Final = frozenset(code for code, row in CODES.items() if row.verdict is not None)
"""Codes that lead to a verdict; most records have none."""


def as_markdown() -> str:
    """The table as docs/verdicts.md prints it: one section per check, in the order of the report."""
    lines: list[str] = []
    for check in CheckName:
        lines += [f"### `{check}`", "", "| code | outcome | verdict | summary |", "|---|---|---|---|"]
        for code, row in CODES.items():
            if check in row.checks:
                verdict = f"`{row.verdict}`" if row.verdict else ""
                lines.append(f"| `{code}` | {row.outcome} | {verdict} | {row.summary} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
