"""A framework is recognised by exact host and path, never by a part of a name."""

from __future__ import annotations

import pytest

from connector.normalize.frameworks import Kind, read_target, recognise

UUID = "0fb4ac4c-3f4c-4a48-8d47-6d3a1b9a7f1f"


@pytest.mark.parametrize(
    ("url", "framework", "code", "kind"),
    [
        (f"http://data.europa.eu/esco/skill/{UUID}", "esco", UUID, Kind.COMPETENCY),
        (f"https://data.europa.eu/esco/skill/{UUID}/", "esco", UUID, Kind.COMPETENCY),
        (f"http://data.europa.eu/esco/occupation/{UUID}", "esco", UUID, Kind.OTHER),
        ("https://www.onetonline.org/link/summary/51-4121.00", "onet", "51-4121.00", Kind.OTHER),
        ("https://www.onetonline.org/find/descriptor/result/2.B.3.e", "onet", "2.B.3.e", Kind.COMPETENCY),
        (f"https://credentialfinder.org/competency/{UUID}", "ctdl", UUID, Kind.COMPETENCY),
        ("https://credentialfinder.org/credential/20229/Requirements_Analysis", "ctdl", "20229", Kind.OTHER),
        (f"https://credentialengineregistry.org/resources/ce-{UUID}", "ctdl", f"ce-{UUID}", Kind.UNSAID),
        (f"https://frameworks.example/ims/case/v1p0/CFItems/{UUID}", "case", UUID, Kind.FRAMEWORK_ITEM),
        (
            "https://lightcast.io/open-skills/skills/KS1200364C9C1LK3V5Q1/python",
            "lightcast",
            "KS1200364C9C1LK3V5Q1",
            Kind.COMPETENCY,
        ),
    ],
)
def test_known_addresses(url, framework, code, kind):
    assert recognise(url) == (framework, code, kind)


@pytest.mark.parametrize(
    "url",
    [
        f"https://data.europa.eu.evil.example/esco/skill/{UUID}",
        f"https://evil.example/data.europa.eu/esco/skill/{UUID}",
        f"https://evil.example/?u=http://data.europa.eu/esco/skill/{UUID}",
        "https://esco-skills.example/onet",
        f"https://data.europa.eu/other/esco/skill/{UUID}",
        "https://notonetonline.org/find/descriptor/result/2.B.3.e",
    ],
)
def test_look_alikes_are_no_framework(url):
    assert recognise(url)[0] is None


def test_what_the_address_shows_outweighs_what_the_alignment_says_of_itself():
    occupation = {
        "targetName": "Welder",
        "targetUrl": f"http://data.europa.eu/esco/occupation/{UUID}",
        "targetType": "ceasn:Competency",
    }
    assert read_target(occupation).kind is Kind.OTHER


def test_a_framework_without_an_address_is_taken_by_its_exact_name():
    exact = read_target({"targetName": "Welding", "targetFramework": "O*NET", "targetCode": "2.B.3.e"})
    other = read_target({"targetName": "Welding", "targetFramework": "Not O*NET at all", "targetCode": "2.B.3.e"})
    assert (exact.alignment.framework, exact.alignment.code) == ("onet", "2.B.3.e")
    assert other.alignment.framework == "other"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x.example/1", "https://u:p@x.example/", "https://[", 5])
def test_what_is_no_web_address_is_dropped(url):
    target = read_target({"targetName": "Welding", "targetUrl": url})
    assert target.alignment.url is None


def test_an_alignment_without_name_and_address_is_nothing():
    assert read_target({"targetCode": "1", "targetType": "CFItem"}) is None
