"""Is a request's body one that Workday takes? By the stand-in's own table, or by the vendor's schema in its WSDL.

The table holds the operations that the stand-in answers: element order, cardinality and qualified attributes as in
the Recruiting WSDL v26.1. The WSDL itself is read in place, wherever its owner keeps it, and is no part of this
package. Elements that later versions are known to add are added to it for requests of those versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from lxml import etree

from adapters.workday.soap import Element, bsvc, local_name
from connector.errors import ConfigurationError

XSD: Final = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and where."""

    message: str
    xpath: str


@dataclass(frozen=True, slots=True)
class Shape:
    """Children in order, as `name` (once), `name?`, `name*` or `name+`; `anything` is xsd:any."""

    children: Mapping[str, Shape] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    anything: bool = False


def check_with_table(body: Element, *, later: bool) -> list[Problem]:
    """Check a request against the table; `later` for versions that know more than v26.1."""
    shape = (_LATER if later else _V26).get(local_name(body))
    if shape is None or body.tag != bsvc(local_name(body)):
        return [Problem("The web service or version is invalid for the requested operation", "")]
    return list(_problems(body, shape, f"/wd:{local_name(body)}[1]"))


def check_with_wsdl(body: Element, wsdl: str, *, later: bool) -> list[Problem]:
    """Check a request against the schema inside the vendor's WSDL file."""
    try:
        _compiled(wsdl, later).assertValid(deepcopy(body))
    except etree.DocumentInvalid as invalid:
        return [Problem(f"Invalid request. {invalid}", "")]
    return []


def compile_wsdl(wsdl: str) -> None:
    """Compile the schema now, so that a file that is no such WSDL is said at the start.

    Raises:
        ConfigurationError: it cannot be used.
    """
    for later in (False, True):
        _compiled(wsdl, later)


@lru_cache(maxsize=8)
def _compiled(wsdl: str, later: bool) -> etree.XMLSchema:
    try:
        definitions = etree.parse(wsdl, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        schema = next(definitions.getroot().iter(f"{XSD}schema"))
        if later:
            _add_later_elements(schema)
        return etree.XMLSchema(schema)
    except (OSError, etree.LxmlError, StopIteration) as error:
        raise ConfigurationError(
            f"The Workday WSDL {wsdl} cannot be used ({type(error).__name__}); it must hold its schema inside."
        ) from error


def _add_later_elements(schema: Element) -> None:
    """What v42 is known to have and v26.1 has not, of the elements that we send."""
    group = next(e for e in schema.iter(f"{XSD}complexType") if e.get("name") == "Candidate_Response_GroupType")
    sequence = group.find(f"{XSD}sequence")
    if sequence is not None:
        etree.SubElement(
            sequence, f"{XSD}element", name="Exclude_All_Attachments", type="xsd:boolean", minOccurs="0", maxOccurs="1"
        )


# --- the table ---------------------------------------------------------------------------------------------------


def _problems(element: Element, shape: Shape, path: str) -> Iterator[Problem]:
    yield from _attribute_problems(element, shape, path)
    if shape.anything:
        return
    names = [name.rstrip("?*+") for name in shape.children]
    rules = dict(zip(names, shape.children, strict=True))
    position, counts = 0, dict.fromkeys(names, 0)
    for child in element:
        name = local_name(child)
        if child.tag != bsvc(name) or name not in rules:
            yield Problem(f"Element '{name}' is not expected in '{local_name(element)}'.", path)
            continue
        if names.index(name) < position:
            yield Problem(f"Element '{name}' is out of order in '{local_name(element)}'.", path)
        position = max(position, names.index(name))
        counts[name] += 1
        yield from _problems(child, shape.children[rules[name]], f"{path}/wd:{name}[{counts[name]}]")
    for name, count in counts.items():
        if count == 0 and not rules[name].endswith(("?", "*")):
            yield Problem(f"Element '{name}' is required in '{local_name(element)}'.", path)
        if count > 1 and not rules[name].endswith(("*", "+")):
            yield Problem(f"Element '{name}' may stand once in '{local_name(element)}'.", path)


def _attribute_problems(element: Element, shape: Shape, path: str) -> Iterator[Problem]:
    allowed = {bsvc(name) for name in shape.attributes | shape.required}
    for attribute in element.attrib:
        if attribute not in allowed:
            yield Problem(f"The attribute '{attribute!s}' is not allowed; attributes are qualified.", path)
    for name in shape.required:
        if bsvc(name) not in element.attrib:
            yield Problem(f"The attribute 'wd:{name}' is required.", path)


_TEXT = Shape()
_REFERENCE = Shape({"ID*": Shape(required=frozenset({"type"}))}, attributes=frozenset({"Descriptor"}))
_FILTER = Shape({"As_Of_Effective_Date?": _TEXT, "As_Of_Entry_DateTime?": _TEXT, "Page?": _TEXT, "Count?": _TEXT})
_GROUP = Shape({"Include_Reference?": _TEXT})
_VERSION = frozenset({"version"})
_SKIP = frozenset({"Skip_Non_Existing_Instances"})


def _get(references: str, criteria: Mapping[str, Shape], group: Shape, attributes: frozenset[str] = _SKIP) -> Shape:
    return Shape(
        {
            "Request_References?": Shape({references: _REFERENCE}, attributes=attributes),
            "Request_Criteria?": Shape(criteria),
            "Response_Filter?": _FILTER,
            "Response_Group?": group,
        },
        attributes=_VERSION,
    )


_CRITERIA = {"First_Name?": _TEXT, "Last_Name?": _TEXT, "Candidate_Email_Address?": _TEXT}
_FILE = Shape(
    {
        "ID?": _TEXT,
        "Filename": _TEXT,
        "File_Content": _TEXT,
        "Mime_Type_Reference?": _REFERENCE,
        "Comment?": _TEXT,
    }
)
_CANDIDATE_FILE = Shape(
    {
        "Candidate_Attachment_Reference?": _REFERENCE,
        "Attachment_Data?": _FILE,
        "Document_Category_Reference": _REFERENCE,
    }
)
_CUSTOM_OBJECT_DATA = Shape(
    {"Job_Application_Reference": _REFERENCE, "Business_Object_Additional_Data": Shape(anything=True)}
)

_V26: Final = {
    "Server_Timestamp_Get": Shape(attributes=_VERSION),
    "Get_Candidates_Request": _get("Candidate_Reference+", _CRITERIA, _GROUP),
    "Get_Job_Application_Additional_Data_Request": _get(
        "Job_Application_Reference+", {"Candidate_Reference?": _REFERENCE}, _GROUP, frozenset()
    ),
    "Put_Job_Application_Additional_Data_Request": Shape(
        {"Job_Application_Custom_Object_Data": _CUSTOM_OBJECT_DATA}, attributes=_VERSION
    ),
    "Get_Candidate_Attachments_Request": _get(
        "Candidate_Attachment_Reference*", {"Candidate_Reference*": _REFERENCE}, _GROUP
    ),
    "Put_Candidate_Attachment_Request": Shape(
        {"Candidate_Reference": _REFERENCE, "Candidate_Attachment_Data?": _CANDIDATE_FILE},
        attributes=_VERSION | {"Add_Only"},
    ),
}
_LATER: Final = {
    **_V26,
    "Get_Candidates_Request": _get(
        "Candidate_Reference+", _CRITERIA, Shape({"Include_Reference?": _TEXT, "Exclude_All_Attachments?": _TEXT})
    ),
}
