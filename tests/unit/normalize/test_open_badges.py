"""Open Badges 2.0 and 3.0: what becomes an achievement, what a skill, and what neither."""

from __future__ import annotations

import pytest

from connector.model.claims import AchievementClaim, SkillClaim, SkillSource
from connector.model.credential import CredentialFormat
from connector.normalize import read_claims

ESCO_MIG = "http://data.europa.eu/esco/skill/0fb4ac4c-3f4c-4a48-8d47-6d3a1b9a7f1f"


def skills(claims):
    return [c for c in claims if isinstance(c, SkillClaim)]


def achievements(claims):
    return [c for c in claims if isinstance(c, AchievementClaim)]


def alignment(name, url="https://skills.example/1", **more):
    return {"type": ["Alignment"], "targetName": name, "targetUrl": url, **more}


class TestAchievements:
    def test_a_badge_gives_one_achievement_with_what_the_report_knows(self, assess, badge):
        (claim,) = read_claims(assess(badge(achievementType="Certificate")))
        assert (claim.name, claim.achievement_type) == ("Welder I", "Certificate")
        assert claim.achievement_id == "https://lakeview.example/achievements/welder-1"
        assert claim.criteria_url == "https://lakeview.example/criteria/welder-1"
        assert (claim.issued_on, claim.expires_on) == ("2025-05-01", "2027-05-01")
        assert (claim.issuer_id, claim.issuer_name) == ("did:web:lakeview.example", "Lakeview University")
        assert claim.trusted and claim.preselected

    def test_a_badge_without_alignment_or_tag_gives_no_skill(self, assess, badge):
        assert skills(read_claims(assess(badge(name="Python programming")))) == []

    def test_a_missing_achievement_gives_nothing_and_does_not_fall_back_on_the_credential_name(self, assess):
        document = {"name": "Maria Okafor", "credentialSubject": {"id": "did:key:z6Mk"}}
        assert read_claims(assess(document)) == ()

    @pytest.mark.parametrize("subject", [None, "x", 5, [], {"achievement": "https://x.example"}, {"achievement": [1]}])
    def test_odd_subjects_are_nothing_and_no_error(self, assess, subject):
        assert read_claims(assess({"credentialSubject": subject})) == ()

    def test_several_subjects_and_several_achievements_come_in_document_order(self, assess):
        document = {
            "credentialSubject": [
                {"achievement": [{"name": "One"}, {"name": "Two"}]},
                {"achievement": {"name": "Three"}},
            ]
        }
        assert [c.name for c in read_claims(assess(document))] == ["One", "Two", "Three"]

    def test_the_old_hasCredential_shape_is_read(self, assess):
        document = {"credentialSubject": {"hasCredential": {"name": "Guide"}}}
        assert [c.name for c in read_claims(assess(document))] == ["Guide"]

    def test_names_may_be_language_maps_and_english_is_preferred(self, assess, badge):
        (claim,) = read_claims(assess(badge(name={"de": "Schweißer I", "en": "Welder I"})))
        assert claim.name == "Welder I"
        (claim,) = read_claims(assess(badge(name=[{"@value": "Soudeur I", "@language": "fr"}])))
        assert claim.name == "Soudeur I"

    def test_only_allow_listed_members_become_claims(self, assess, badge):
        document = badge(result=[{"type": ["Result"], "value": "A+", "resultDescription": "urn:x"}])
        document["credentialSubject"] |= {
            "birthDate": "1990-01-01",
            "gender": "f",
            "image": "data:image/png;base64,AAAA",
            "address": {"streetAddress": "Mill Lane 4"},
            "studentId": "S-4711",
            "narrative": "Maria worked hard",
        }
        document["credentialSubject"]["achievement"]["description"] = "Maria Okafor completed it"
        written = "".join(c.model_dump_json() for c in read_claims(assess(document)))
        for secret in ("1990", "A+", "base64", "Mill Lane", "S-4711", "Maria", "z6Mk"):
            assert secret not in written


class TestSkills:
    def test_an_esco_alignment_is_a_skill_with_its_code(self, assess, badge):
        (skill,) = skills(read_claims(assess(badge(alignment=[alignment("MIG welding", ESCO_MIG)]))))
        assert (skill.name, skill.source, skill.achievement) == ("MIG welding", SkillSource.ALIGNMENT, "Welder I")
        assert (skill.alignments[0].framework, skill.alignments[0].code) == (
            "esco",
            "0fb4ac4c-3f4c-4a48-8d47-6d3a1b9a7f1f",
        )

    @pytest.mark.parametrize("target_type", ["ceterms:Credential", "CTDL", "CFRubric", "ext:Course"])
    def test_an_alignment_to_something_else_than_a_competency_is_no_skill(self, assess, badge, target_type):
        document = badge(alignment=[alignment("Welding degree", targetType=target_type)])
        assert skills(read_claims(assess(document))) == []

    def test_an_alignment_to_a_credential_page_is_no_skill_even_without_a_type(self, assess, badge):
        url = "https://credentialfinder.org/credential/20229/Requirements_Analysis"
        assert skills(read_claims(assess(badge(alignment=[alignment("Requirements Analysis", url)])))) == []

    def test_an_alignment_that_only_repeats_the_name_is_the_achievement_in_a_catalogue(self, assess, badge):
        document = badge(alignment=[alignment("Welder I", targetType="CFItem")])
        assert skills(read_claims(assess(document))) == []

    def test_a_stated_competency_counts_even_under_the_same_name(self, assess, badge):
        document = badge(alignment=[alignment("Welder I", targetType="ceasn:Competency")])
        assert [s.name for s in skills(read_claims(assess(document)))] == ["Welder I"]

    def test_an_untyped_statement_of_some_framework_is_a_skill(self, assess, badge):
        document = badge(alignments=alignment("Reads blueprints", targetFramework="State trade skills"))
        (skill,) = skills(read_claims(assess(document)))
        assert (skill.name, skill.alignments[0].framework) == ("Reads blueprints", "other")

    def test_a_competency_achievement_is_an_achievement_and_a_skill(self, assess, badge):
        claims = read_claims(assess(badge(name="MIG welding", achievementType="Competency")))
        assert [(c.kind, c.name) for c in claims] == [("achievement", "MIG welding"), ("skill", "MIG welding")]
        assert skills(claims)[0].source is SkillSource.COMPETENCY

    @pytest.mark.parametrize("member", ["tag", "tags"])
    def test_tags_are_skills(self, assess, badge, member):
        claims = skills(read_claims(assess(badge(**{member: ["MIG welding", "", 7, "Safety"]}))))
        assert [(s.name, s.source) for s in claims] == [
            ("MIG welding", SkillSource.TAG),
            ("Safety", SkillSource.TAG),
        ]

    def test_the_same_skill_twice_is_one_with_its_first_source(self, assess, badge):
        document = badge(alignment=[alignment("MIG welding", ESCO_MIG)], tag=["mig  WELDING", "Safety"])
        claims = skills(read_claims(assess(document)))
        assert [(s.name, s.source) for s in claims] == [
            ("MIG welding", SkillSource.ALIGNMENT),
            ("Safety", SkillSource.TAG),
        ]

    def test_two_alignments_of_one_name_are_one_skill_with_both(self, assess, badge):
        document = badge(
            alignment=[alignment("MIG welding", ESCO_MIG), alignment("MIG welding", "https://b.example/2")]
        )
        (skill,) = skills(read_claims(assess(document)))
        assert [a.framework for a in skill.alignments] == ["esco", "other"]


class TestResults:
    def rubric(self, **description):
        level = {
            "id": "urn:level:2",
            "type": ["RubricCriterionLevel"],
            "name": "Mastered",
            "level": "Mastered",
            "alignment": [alignment("MIG welding", ESCO_MIG)],
        }
        base = {"id": "urn:rd:1", "resultType": "RubricCriterionLevel", "rubricCriterionLevel": [level]}
        return [{**base, **description}]

    def test_a_rubric_level_that_names_a_skill_gives_it_with_the_level(self, assess, badge):
        result = [{"type": ["Result"], "resultDescription": "urn:rd:1", "achievedLevel": "urn:level:2"}]
        (skill,) = skills(read_claims(assess(badge(result=result, resultDescription=self.rubric()))))
        assert (skill.name, skill.source, skill.level) == ("MIG welding", SkillSource.RESULT, "Mastered")

    def test_a_level_that_was_not_reached_names_nothing(self, assess, badge):
        result = [{"type": ["Result"], "resultDescription": "urn:rd:1", "achievedLevel": "urn:level:9"}]
        assert skills(read_claims(assess(badge(result=result, resultDescription=self.rubric())))) == []

    def test_a_letter_grade_is_never_a_level(self, assess, badge):
        described = self.rubric(resultType="LetterGrade", alignment=[alignment("MIG welding", ESCO_MIG)])
        result = [{"resultDescription": "urn:rd:1", "achievedLevel": "urn:level:2", "value": "A"}]
        (skill,) = skills(read_claims(assess(badge(result=result, resultDescription=described))))
        assert skill.level is None

    def test_a_graded_project_is_no_skill(self, assess, badge):
        item = alignment("Final project", "https://catalog.example/project", targetType="CFItem")
        described = [{"id": "urn:rd:1", "resultType": "LetterGrade", "alignment": [item]}]
        result = [{"resultDescription": "urn:rd:1", "value": "A", "alignment": [item]}]
        assert skills(read_claims(assess(badge(result=result, resultDescription=described)))) == []

    def test_the_level_of_a_competency_is_its_one_rubric_result(self, assess, badge):
        described = self.rubric()
        del described[0]["rubricCriterionLevel"][0]["alignment"]
        result = [{"resultDescription": "urn:rd:1", "achievedLevel": "urn:level:2"}]
        document = badge(result=result, resultDescription=described, achievementType="Competency")
        (skill,) = skills(read_claims(assess(document)))
        assert (skill.source, skill.level) == (SkillSource.COMPETENCY, "Mastered")


class TestOpenBadges2:
    def hosted(self, **badge_class):
        return {
            "type": "Assertion",
            "recipient": {"type": "email", "hashed": True, "identity": "sha256$00"},
            "badge": {
                "type": "BadgeClass",
                "id": "https://badges.example/classes/1",
                "name": "Data basics",
                "criteria": "https://badges.example/classes/1/criteria",
                **badge_class,
            },
        }

    def test_a_hosted_badge_gives_its_class_and_its_tags(self, assess):
        claims = read_claims(
            assess(
                self.hosted(tags=["SQL"], alignment=[{"targetName": "Query data", "targetUrl": "https://s.example/q"}]),
                format=CredentialFormat.OPEN_BADGE_2,
                confirmed_by="badges.example",
            )
        )
        assert [(c.kind, c.name) for c in claims] == [
            ("achievement", "Data basics"),
            ("skill", "Query data"),
            ("skill", "SQL"),
        ]
        assert achievements(claims)[0].criteria_url == "https://badges.example/classes/1/criteria"
        assert {(c.confirmed_on, c.confirmed_by) for c in claims} == {("2026-11-23", "badges.example")}

    def test_a_badge_that_is_only_an_address_names_nothing(self, assess):
        document = {**self.hosted(), "badge": "https://badges.example/classes/1"}
        assert read_claims(assess(document, format=CredentialFormat.OPEN_BADGE_2)) == ()


class TestPublishedRecords:
    """Read in place; no expectation here is copied from them, only what the rules of the domain say."""

    def read(self, assess, shared, name):
        import json

        return read_claims(assess(json.loads((shared / "vectors" / name).read_text("utf-8"))))

    def test_the_record_aligned_to_a_course_catalogue_gives_no_skill(self, assess, shared):
        name = "dcc-vc-test-fixtures/v2__dataIntegrityProof__didKey__legacyRegistry-noStatus-noExpiry-alignments.json"
        claims = self.read(assess, shared, name)
        assert [c.kind for c in claims] == ["achievement"]

    def test_the_complete_example_gives_its_tags_and_none_of_its_grades(self, assess, shared):
        claims = self.read(assess, shared, "1edtech-ob30/complete_v1.json")
        assert [c.name for c in claims if c.kind == "achievement"] == ["1EdTech University Degree"]
        assert {"research", "computer science"} <= {s.name for s in skills(claims)}
        assert "1EdTech University Degree" not in {s.name for s in skills(claims)}
        assert {s.level for s in skills(claims)} <= {None, "Mastered", "Basic"}
