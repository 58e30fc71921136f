"""Claims + mapping -> change set: what is taken, what is left out and why, and in which order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from connector.errors import MappingError
from connector.mapping import SharedDocument, preselected
from connector.mapping.schema import MAX_NOTE, MAX_NOTE_LINES
from connector.model.changes import AddAttachment, AddTag, PutForm, PutNote, SetField
from connector.model.claims import Alignment
from connector.model.report import Assurance
from connector.ports import Capabilities, NoteSupport

from .conftest import CAPABLE, REPORT, achievement, reasons, skill, values

SKILLS = "claims[?kind == 'skill']"
SKILL_LINES = f'fields:\n  skills: {{target: s, type: long_text, select: "{SKILLS}"}}\n'


def tags(budget: int = 10, vocabulary: str = "any", lowest: str = "verified") -> str:
    return (
        f"tags:\n  t: {{select: \"{SKILLS}\", vocabulary: {vocabulary}, prefix: 'LER: ', budget: {budget}, "
        f"lowest_assurance: {lowest}}}\n"
    )


def tag_values(changes):
    return [c.value for c in changes.changes if isinstance(c, AddTag)]


class TestAssurance:
    @pytest.mark.parametrize("lowest", list(Assurance))
    @pytest.mark.parametrize("has", list(Assurance))
    def test_a_target_takes_its_lowest_assurance_and_everything_better(self, plan, lowest, has):
        yaml = f"fields:\n  s: {{target: s, type: long_text, select: claims, lowest_assurance: {lowest.value}}}\n"
        made = plan([skill(assurance=has)], yaml)
        assert bool(made.changes) == (has.rank <= lowest.rank)
        assert reasons(made) == ([] if made.changes else [("s", "below_assurance")])

    def test_without_a_word_only_verified_claims_are_taken(self, plan):
        made = plan([skill("A"), skill("B", assurance=Assurance.GENUINE_NAME_MATCH)], SKILL_LINES)
        assert "A" in values(made)["s"] and "“B”" not in values(made)["s"]
        assert reasons(made) == [("skills", "below_assurance")]

    def test_the_files_default_counts_where_a_rule_is_silent(self, plan):
        made = plan([skill(assurance=Assurance.STATED)], "defaults: {lowest_assurance: stated}\n" + SKILL_LINES)
        assert len(made.changes) == 1

    def test_a_change_says_its_rule_its_claims_and_the_weakest_assurance(self, plan):
        yaml = "defaults: {lowest_assurance: stated}\n" + SKILL_LINES
        (change,) = plan([achievement(), skill("A"), skill("B", assurance=Assurance.STATED)], yaml).changes
        assert isinstance(change, SetField)
        assert (change.rule, change.claims) == ("skills", (1, 2))
        assert (change.assurance, change.trust) == (Assurance.STATED, "unverified")

    def test_trust_is_verified_only_when_every_claim_is_trusted(self, plan):
        (change,) = plan([skill("A"), skill("B")], SKILL_LINES).changes
        assert change.trust == "verified"
        (change,) = plan([skill("A"), skill("B", trusted=False)], SKILL_LINES).changes
        assert change.trust == "unverified"


class TestOneStatementOnce:
    def test_the_same_skill_from_two_records_is_one_line_from_the_better_founded(self, plan):
        yaml = "defaults: {lowest_assurance: stated}\n" + SKILL_LINES
        claims = [
            skill("Python", assurance=Assurance.STATED, id="1"),
            skill("SQL", id="2"),
            skill("python", id="3"),
        ]
        (change,) = plan(claims, yaml).changes
        assert [line.split(",")[0] for line in change.value.split("\n")] == ["“python”", "“SQL”"]
        assert change.claims == (2, 1)

    def test_two_badges_of_one_name_from_two_issuers_are_two_lines(self, plan):
        yaml = "fields:\n  c: {target: c, type: long_text, select: claims}\n"
        claims = [achievement(id="1"), achievement(id="2", issuer_id="did:web:other.example", issuer_name="Other")]
        assert len(values(plan(claims, yaml))["c"].split("\n")) == 2


class TestOrderAndBudget:
    def test_the_documents_order_counts_and_not_the_expressions(self, plan):
        yaml = "fields:\n  s: {target: s, type: multi_select, select: 'sort_by(claims, &name)'}\n"
        assert values(plan([skill("Zinc"), skill("Acid")], yaml))["s"] == ("Zinc", "Acid")

    def test_the_candidates_order_comes_first(self, plan):
        claims = [skill("One", id="1"), skill("Two", id="2"), skill("Three", id="3")]
        assert tag_values(plan(claims, tags(2), selected=("3", "1", "2"))) == ["LER: Three", "LER: One"]

    def test_over_budget_is_said(self, plan):
        made = plan([skill(str(n)) for n in range(5)], tags(2))
        assert tag_values(made) == ["LER: 0", "LER: 1"]
        assert reasons(made) == [("t", "over_budget")]

    def test_lines_beyond_the_limit_are_counted_and_never_cut_in_the_middle(self, plan):
        yaml = "fields:\n  s: {target: s, type: long_text, max_values: 100, max_length: 400, select: claims}\n"
        made = plan([skill(f"Skill number {n}") for n in range(20)], yaml)
        *lines, last = values(made)["s"].split("\n")
        assert len(values(made)["s"]) <= 400
        assert last == f"and {20 - len(lines)} more, see the report"
        assert all(line.endswith("issued to the applicant's e-mail") for line in lines)
        assert made.changes[0].claims == tuple(range(len(lines)))
        assert reasons(made) == [("s", "over_budget")]

    def test_an_atss_own_limit_counts_too(self, plan):
        small = replace(CAPABLE, max_text=120)
        made = plan([skill("A"), skill("B"), skill("C")], SKILL_LINES, small)
        assert len(values(made)["s"]) <= 120


class TestConsent:
    def test_only_ticked_claims_are_written_and_indexes_stay_those_of_all(self, plan):
        claims = [skill("A", id="1"), skill("B", id="2")]
        (change,) = plan(claims, SKILL_LINES, selected=("2",)).changes
        assert "A" not in change.value and change.claims == (1,)

    def test_without_a_choice_the_preselected_ones_are_written(self, plan):
        claims = [skill("A", id="1", preselected=False), skill("B", id="2")]
        assert preselected(claims) == ("2",)
        (change,) = plan(claims, SKILL_LINES).changes
        assert change.claims == (1,)

    def test_nothing_ticked_writes_nothing_at_all(self, plan):
        yaml = SKILL_LINES + "note: {}\nlinks: {l: {}}\n"
        made = plan([skill()], yaml, selected=())
        assert made.changes == ()
        assert reasons(made) == [("skills", "no_claims"), ("l", "nothing_to_report"), ("note", "nothing_to_report")]

    def test_an_unknown_id_is_no_claim(self, plan):
        assert plan([skill(id="1")], SKILL_LINES, selected=("nonsense",)).changes == ()


class TestSensitive:
    def test_a_sensitive_claim_goes_only_to_a_private_target(self, plan):
        claims = [skill("A", sensitive=True, preselected=False, id="1")]
        public = plan(claims, SKILL_LINES, selected=("1",))
        assert public.changes == () and reasons(public) == [("skills", "sensitive_needs_private")]
        yaml = f'fields:\n  s: {{target: s, type: long_text, private: true, select: "{SKILLS}"}}\n'
        (change,) = plan(claims, yaml, selected=("1",)).changes
        assert change.private

    def test_a_tag_is_never_private(self, plan):
        made = plan([skill(sensitive=True, id="1")], tags(), selected=("1",))
        assert made.changes == () and reasons(made) == [("t", "sensitive_needs_private")]

    def test_a_note_is_private_only_where_the_ats_can_keep_it_so(self, plan):
        yaml = SKILL_LINES + "note: {private: true, lines: claims}\n"
        claims = [skill("Open", id="1"), skill("Union rep", sensitive=True, id="2")]
        for can, expected in ((True, True), (False, False)):
            made = plan(claims, yaml, replace(CAPABLE, private_notes=can), selected=("1", "2"))
            note = next(c for c in made.changes if isinstance(c, PutNote))
            assert ("Union rep" in note.value, note.private) == (expected, expected)


class TestNotCurrent:
    def test_a_target_with_words_says_that_something_expired(self, plan):
        yaml = "defaults: {lowest_assurance: stated}\n" + SKILL_LINES
        claim = skill(assurance=Assurance.STATED, verdict="expired", expires_on="2026-01-01")
        assert values(plan([claim], yaml))["s"].endswith("expired on 2026-01-01")

    @pytest.mark.parametrize("verdict", ["expired", "suspended", "status_unknown"])
    def test_a_target_without_words_takes_current_claims_only(self, plan, verdict):
        yaml = "defaults: {lowest_assurance: stated, suspended: say}\n" + tags(lowest="stated")
        made = plan([skill(assurance=Assurance.STATED, verdict=verdict)], yaml)
        assert made.changes == () and reasons(made) == [("t", "not_current")]

    def test_suspended_ones_are_written_only_where_the_mapping_says_so(self, plan):
        claim = skill(assurance=Assurance.STATED, verdict="suspended")
        silent = plan([claim], "defaults: {lowest_assurance: stated}\n" + SKILL_LINES)
        assert reasons(silent) == [("skills", "suspended")]
        spoken = plan([claim], "defaults: {lowest_assurance: stated, suspended: say}\n" + SKILL_LINES)
        assert values(spoken)["s"].endswith("suspended by its issuer for now")


class TestValues:
    def test_a_rule_whose_member_nobody_has_says_so(self, plan):
        yaml = f'fields:\n  level: {{target: l, type: text, value: level, select: "{SKILLS}"}}\n'
        assert reasons(plan([skill()], yaml)) == [("level", "no_level")]
        assert values(plan([skill(level="Mastered")], yaml)) == {"l": "“Mastered”"}

    @pytest.mark.parametrize(
        ("type_", "value", "given", "expected"),
        [
            ("url", "criteria_url", {"criteria_url": "https://x.example/1"}, "https://x.example/1"),
            ("url", "criteria_url", {"criteria_url": "javascript:alert(1)"}, None),
            ("date", "expires_on", {"expires_on": "2027-05-01"}, "2027-05-01"),
            ("date", "name", {}, None),
            ("number", "length(alignments)", {}, 0),
            ("number", "name", {"name": "12.5"}, 12.5),
            ("number", "name", {"name": "1e999"}, None),
            ("yes_no", "issuer_recognised", {}, True),
            ("text", "issuer_name", {}, "“Lakeview University”"),
            ("single_select", "achievement_type", {"achievement_type": "Badge"}, "Badge"),
            ("single_select", "name", {"name": "=HYPERLINK(1)"}, "'=HYPERLINK(1)"),
        ],
    )
    def test_one_value_of_each_type(self, plan, type_, value, given, expected):
        yaml = f"fields:\n  f: {{target: f, type: {type_}, take: first, value: '{value}', select: claims}}\n"
        name = given.pop("name", "Welder I")
        made = plan([achievement(name, **given)], yaml)
        assert values(made).get("f") == expected
        assert bool(made.changes) == (expected is not None)

    def test_a_name_of_nothing_visible_is_no_line(self, plan):
        assert reasons(plan([skill("\u200b\u3164")], SKILL_LINES)) == [("skills", "no_name")]

    def test_first_takes_the_first_that_fits(self, plan):
        yaml = "fields:\n  f: {target: f, type: date, value: expires_on, select: claims}\n"
        (change,) = plan([achievement("A"), achievement("B", expires_on="2027-05-01")], yaml).changes
        assert (change.value, change.claims) == ("2027-05-01", (1,))

    def test_exists_is_yes_or_nothing(self, plan):
        yaml = "fields:\n  f: {target: f, type: yes_no, select: \"claims[?contains(name, 'Weld')]\"}\n"
        assert values(plan([achievement()], yaml)) == {"f": True}
        assert plan([achievement("Cook")], yaml).changes == ()

    def test_fixed_and_constant_values_rest_on_no_claim(self, plan):
        yaml = (
            SKILL_LINES + "  r: {target: r, type: url, fixed: report_link}\n"
            "  d: {target: d, type: date, fixed: shared_on}\n  k: {target: k, type: text, constant: LER}\n"
        )
        made = plan([skill()], yaml)
        assert values(made) | {"s": 0} == {"s": 0, "r": REPORT, "d": "2026-11-23", "k": "LER"}
        fixed = [c for c in made.changes if c.rule != "skills"]
        assert {(c.assurance, c.trust, c.claims) for c in fixed} == {(None, "unverified", ())}

    def test_without_a_report_nothing_links_to_it(self, plan):
        yaml = SKILL_LINES + "  r: {target: r, type: url, fixed: report_link}\nlinks: {l: {}}\nnote: {}\n"
        made = plan([skill()], yaml, report_url=None)
        assert reasons(made) == [("r", "no_report_link"), ("l", "no_report_link")]
        assert "http" not in next(c for c in made.changes if isinstance(c, PutNote)).value

    def test_the_day_of_issue_is_out_of_reach(self):
        """It tells an age; it stays in the report (DOMAIN section 5)."""
        from connector.mapping import parse_mapping

        yaml = "version: 1\nats: x\nfields:\n  f: {target: f, type: date, value: issued_on, select: claims}\n"
        with pytest.raises(MappingError, match="no member `issued_on`"):
            parse_mapping(yaml)

    def test_an_expression_that_fails_on_real_claims_is_an_error_with_its_place(self, plan):
        yaml = "fields:\n  f: {target: f, type: text, value: 'starts_with(expires_on, `2`)', select: claims}\n"
        with pytest.raises(MappingError, match=r"test\.yaml:\d+:\d+"):
            plan([achievement()], yaml)


class TestVocabularies:
    WORDS = "[{name: Welding, also: [MIG welding], match: ['esco:42', 'https://s.example/1']}, SQL]"

    def test_only_words_of_the_vocabulary_become_tags(self, plan):
        made = plan([skill("mig WELDING"), skill("Juggling"), skill("sql")], tags(vocabulary=self.WORDS))
        assert tag_values(made) == ["LER: Welding", "LER: SQL"]
        assert reasons(made) == [("t", "not_in_vocabulary")]

    @pytest.mark.parametrize(
        "alignment", [Alignment(framework="esco", code="42"), Alignment(framework="other", url="https://s.example/1")]
    )
    def test_an_identifier_leads_to_the_word_whatever_the_name_is(self, plan, alignment):
        assert tag_values(plan([skill("Soudage", alignments=(alignment,))], tags(vocabulary=self.WORDS))) == [
            "LER: Welding"
        ]

    def test_two_claims_of_one_word_are_one_tag(self, plan):
        made = plan([skill("Welding"), skill("MIG welding")], tags(vocabulary=self.WORDS))
        assert [(c.value, c.claims) for c in made.changes] == [("LER: Welding", (0, 1))]

    def test_free_tags_are_cleaned_and_short(self, plan):
        made = plan([skill("=cmd|x\n" + "y" * 300)], tags())
        (tag,) = tag_values(made)
        assert tag.startswith("LER: '=cmd|x y") and len(tag) <= 65 and "\n" not in tag

    def field(self, more: str = "") -> str:
        return f'fields:\n  o: {{target: o, type: multi_select, select: "{SKILLS}", options: {self.WORDS}{more}}}\n'

    def test_options_come_from_the_mapping_and_never_from_the_credential(self, plan):
        made = plan([skill("MIG welding"), skill("Juggling")], self.field())
        assert values(made) == {"o": ("Welding",)}
        assert reasons(made) == [("o", "not_in_vocabulary")]

    def test_an_unknown_option_can_leave_the_whole_field_alone(self, plan):
        made = plan([skill("Welding"), skill("Juggling")], self.field(", on_unknown_option: skip_field"))
        assert made.changes == () and reasons(made) == [("o", "not_in_vocabulary")]

    def test_what_the_ats_is_known_to_lack_is_left_out(self, plan):
        made = plan([skill("Welding"), skill("SQL")], self.field(), options={"o": ("SQL", "Other")})
        assert values(made) == {"o": ("SQL",)}

    def test_without_options_in_the_mapping_those_of_the_ats_count(self, plan):
        yaml = f'fields:\n  o: {{target: o, type: single_select, select: "{SKILLS}"}}\n'
        made = plan([skill("juggling"), skill("sql")], yaml, options={"o": ("SQL",)})
        assert values(made) == {"o": "SQL"}


class TestNote:
    def test_the_standard_note_is_fixed_and_names_nothing_from_a_credential(self, plan):
        (_, note) = plan([skill("Secret skill", issuer_name="Secret issuer")], SKILL_LINES + "note: {}\n").changes
        assert isinstance(note, PutNote)
        assert note.value == (
            "The applicant shared learning or employment records on 2026-11-23. What was checked, and what was not: "
            f"{REPORT} A record says what its issuer attests; it does not rate the applicant. "
            "Sharing no record means nothing."
        )
        assert (note.claims, note.trust, note.private) == ((), "unverified", True)

    def test_the_employers_own_words(self, plan):
        yaml = SKILL_LINES + "note: {text: '{employer}: shared on {date}, see {report_url}.'}\n"
        note = plan([skill()], yaml).changes[-1]
        assert note.value == f"Millworks: shared on 2026-11-23, see {REPORT}."

    def test_lines_are_quoted_labelled_and_fit_a_note(self, plan):
        yaml = SKILL_LINES + "note: {lines: claims}\n"
        made = plan([achievement(f"Badge {n}") for n in range(100)] + [skill()], yaml)
        note = made.changes[-1]
        first, label, *lines, last = note.value.split("\n")
        assert first.startswith("The applicant shared") and label.startswith("Quoted from the records")
        assert len(lines) > 20 and all(line.startswith("- “") for line in lines)
        assert len(note.value) <= MAX_NOTE + MAX_NOTE_LINES
        assert note.claims == tuple(range(len(lines)))
        assert last == f"and {101 - len(lines)} more, see the report"

    def test_a_note_that_cannot_be_removed_names_nothing(self, plan):
        yaml = SKILL_LINES + "note: {lines: claims}\n"
        made = plan([skill("Secret skill")], yaml, replace(CAPABLE, notes=NoteSupport.APPEND_ONLY))
        note = made.changes[-1]
        assert "Secret" not in note.value and note.claims == ()
        assert ("note", "note_not_removable") in reasons(made)


class TestForms:
    FORM = (
        "forms:\n  f:\n    template: Record\n    fields:\n"
        f'      Skills: {{type: long_text, select: "{SKILLS}"}}\n'
        "      Report: {type: text, fixed: report_link}\n"
        "      Level: {type: text, value: level, select: claims}\n"
    )

    def test_a_form_holds_what_could_be_made(self, plan):
        made = plan([skill()], self.FORM)
        (form,) = made.changes
        assert isinstance(form, PutForm)
        assert (form.target, form.private, form.claims, form.trust) == ("Record", True, (0,), "verified")
        assert set(form.value) == {"Skills", "Report"}
        assert reasons(made) == [("f", "no_level")]

    def test_a_form_about_nothing_is_not_written(self, plan):
        assert plan([skill(assurance=Assurance.STATED)], self.FORM).changes == ()


class TestAttachments:
    def test_a_summary_says_how_well_each_line_is_founded(self, plan):
        yaml = "attachments:\n  a: {content: summary, lowest_assurance: stated}\n"
        (file,) = plan([achievement(), skill(assurance=Assurance.STATED)], yaml).changes
        assert isinstance(file, AddAttachment)
        text = file.content.decode()
        assert file.value.length == len(file.content) and file.value.content_type == "text/plain"
        assert file.value.filename == f"ler-summary-{file.value.sha256[:12]}.txt"
        assert "“MIG welding”, part of “Welder I”: stated by the applicant" in text
        assert text.index("Credentials") < text.index("Skills") < text.index(REPORT)
        assert "content" not in file.model_dump_json().split('"content_type"')[0]

    def test_the_same_claims_give_the_same_file(self, plan):
        yaml = "attachments:\n  a: {content: claims}\n"
        first, second = (plan([skill()], yaml).changes[0] for _ in range(2))
        assert first.value == second.value and first.value.filename.endswith(".json")

    def test_json_becomes_a_text_file_where_the_ats_takes_no_json(self, plan):
        limited = replace(CAPABLE, attachment_types=frozenset({"text/plain"}))
        (file,) = plan([skill()], "attachments:\n  a: {content: claims}\n", limited).changes
        assert (file.value.content_type, file.value.filename[-4:]) == ("text/plain", ".txt")

    LER = "attachments:\n  a: {content: ler}\n"

    def document(self, *ids: str) -> SharedDocument:
        return SharedDocument("cd" * 32, b"{}", "application/json", "json", frozenset(ids))

    def test_the_record_itself_goes_only_if_everything_in_it_was_ticked(self, plan):
        claims = [skill("A", id="1"), skill("B", id="2")]
        whole = plan(claims, self.LER, documents=(self.document("1", "2"),))
        assert whole.changes[0].content == b"{}" and whole.changes[0].claims == (0, 1)
        part = plan(claims, self.LER, documents=(self.document("1", "2"),), selected=("1",))
        assert part.changes == () and reasons(part) == [("a", "not_all_ticked")]

    def test_a_record_without_claims_is_never_attached(self, plan):
        assert reasons(plan([skill()], self.LER, documents=(self.document(),))) == [("a", "not_all_ticked")]
        assert reasons(plan([skill()], self.LER)) == [("a", "no_document")]

    def test_a_record_with_sensitive_claims_goes_only_to_a_private_place(self, plan):
        yaml = "attachments:\n  a: {content: ler, private: false}\n"
        made = plan([skill(id="1", sensitive=True)], yaml, documents=(self.document("1"),), selected=("1",))
        assert reasons(made) == [("a", "sensitive_needs_private")]

    def test_a_type_the_ats_does_not_take_is_skipped(self, plan):
        limited = replace(CAPABLE, attachment_types=frozenset({"text/plain"}))
        made = plan([skill(id="1")], self.LER, limited, documents=(self.document("1"),))
        assert reasons(made) == [("a", "unsupported_by_ats")]


class TestWhatAnAtsCannotHold:
    ALL = (
        SKILL_LINES + tags() + "note: {}\nlinks: {l: {}}\nattachments: {a: {content: summary}}\n"
        "forms:\n  f: {template: R, fields: {S: {type: long_text, select: claims}}}\n"
    )

    def test_each_rule_is_skipped_with_a_reason_and_nothing_fails(self, plan):
        made = plan([skill()], self.ALL, Capabilities())
        assert made.changes == ()
        assert {r for _, r in reasons(made)} == {"unsupported_by_ats"}
        assert {r for r, _ in reasons(made)} == {"skills", "t", "note", "l", "a", "f"}

    def test_an_unknown_field_type_is_skipped(self, plan):
        made = plan([skill()], SKILL_LINES, replace(CAPABLE, field_types=frozenset({"text"})))
        assert reasons(made) == [("skills", "unsupported_by_ats")]


def test_hostile_text_stays_text_in_every_target(plan):
    """THREATS section 9: nothing of a credential becomes a line, a mark-up, a field key or a verdict of ours."""
    nasty = "x”: genuine, issuer on our list\n<script>alert(1)</script>\u202e=1+1 {report_url} {{name}}"
    yaml = (
        SKILL_LINES + "  o: {target: o, type: text, value: name, select: claims}\n" + tags() + "note: {lines: claims}\n"
        "attachments: {a: {content: summary}, b: {content: claims}}\n"
        "forms:\n  f: {template: R, fields: {S: {type: long_text, select: claims}}}\n"
    )
    made = plan([skill(nasty, achievement=nasty, issuer_name=nasty)], yaml)
    assert len(made.changes) == 7
    for change in made.changes:  # a tag holds no words of ours that could be forged; its prefix says whose it is
        texts = change.value.values() if isinstance(change, PutForm) else [change.value]
        if isinstance(change, AddAttachment):
            texts = [change.content.decode()]
            if change.target == "b":  # JSON: its own quotes are the fence
                texts = [
                    "" if json.loads(texts[0])["claims"][0]["name"].startswith("x”") else "not quoted: x”: genuine"
                ]
        for text in texts:
            assert "<script" not in text and "\u202e" not in text
            assert "x”: genuine" not in text or text.startswith("LER: ")
    assert len(values(made)["s"].split("\n")) == 1
    assert {c.target for c in made.changes} == {"s", "o", "tags", "R", "note", "a", "b"}
