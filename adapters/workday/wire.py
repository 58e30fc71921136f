"""Workday's shapes: requests of the Recruiting service built, its answers read into plain data.

Element names, order and cardinality are those of the Recruiting WSDL v26.1 (read 2026-11-23); where later versions
are known to differ (`profile`), it says so at the line.
"""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from lxml import etree

from adapters.workday.soap import BSVC, Element, add, bsvc, local_name, set_text, text_of

Profile = Literal["v26", "v42"]
PAGE_SIZE: Final = 100
"""Workday's own default; a candidate's applications fit on one page."""
ATTACHMENT_PAGE_SIZE: Final = 5
"""Attachments come with their content, so few at a time stay under our limit for one answer."""
WORKDAY_OWNED_CATEGORY: Final = "Document_Category__Workday_Owned__ID"
OWN_CATEGORY: Final = "Document_Category_ID"

_WID = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class Page:
    """Where in a list we are; `as_of` pins the moment, so that the list does not shift between its pages."""

    number: int
    as_of: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a Get says of its result: how many pages, and the moment it answered for, where it echoes that."""

    pages: int
    as_of: str | None


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """A job application's ids (by type) and its custom objects, as they stand."""

    ids: Mapping[str, str]
    objects: tuple[Element, ...] = ()

    @property
    def number(self) -> str:
        """The one id we write with, whichever it was asked by."""
        return self.ids.get("Job_Application_ID") or next(iter(self.ids.values()), "")


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file on a candidate: Workday's ids, and the `ID` and name that were given when it was put there."""

    ids: Mapping[str, str]
    file_id: str
    filename: str

    @property
    def remote_id(self) -> str:
        return self.ids.get("WID") or next(iter(self.ids.values()), "") or self.file_id


@dataclass(frozen=True, slots=True)
class NewAttachment:
    file_id: str
    filename: str
    content_type: str
    content: bytes = field(repr=False)
    category: str = "OTHER_DOCUMENTS"
    own_category: bool = False
    comment: str = ""


# --- requests ----------------------------------------------------------------------------------------------------


def _request(name: str, version: str) -> Element:
    root = etree.Element(bsvc(name), nsmap={"wd": BSVC})
    root.set(bsvc("version"), version)
    return root


def _reference(parent: Element, name: str, id_type: str, value: str) -> Element:
    """A reference by one id: a WID (32 hex digits) as such, anything else as the object's own id type."""
    reference = add(parent, name)
    identifier = add(reference, "ID", value)
    identifier.set(bsvc("type"), "WID" if _WID.match(value) else id_type)
    return reference


def _response_filter(parent: Element, count: int, page: Page | None) -> None:
    response_filter = add(parent, "Response_Filter")
    if page is not None:
        add(response_filter, "As_Of_Entry_DateTime", page.as_of)
        add(response_filter, "Page", str(page.number))
    add(response_filter, "Count", str(count))


def get_server_timestamp(version: str) -> Element:
    return _request("Server_Timestamp_Get", version)


def get_candidate(version: str, candidate: str, profile: Profile) -> Element:
    """One candidate by id. Later versions can leave attachments out; v26.1 cannot."""
    root = _request("Get_Candidates_Request", version)
    _reference(add(root, "Request_References"), "Candidate_Reference", "Candidate_ID", candidate)
    _response_filter(root, 1, None)
    group = add(root, "Response_Group")
    add(group, "Include_Reference", "true")
    if profile == "v42":
        add(group, "Exclude_All_Attachments", "true")
    return root


def get_additional_data_by_candidate(version: str, candidate: str, page: Page | None) -> Element:
    root = _request("Get_Job_Application_Additional_Data_Request", version)
    _reference(add(root, "Request_Criteria"), "Candidate_Reference", "Candidate_ID", candidate)
    _response_filter(root, PAGE_SIZE, page)
    return root


def get_additional_data_by_application(version: str, application: str) -> Element:
    root = _request("Get_Job_Application_Additional_Data_Request", version)
    _reference(add(root, "Request_References"), "Job_Application_Reference", "Job_Application_ID", application)
    return root


def put_additional_data(version: str, application: str, custom_object: Element) -> Element:
    root = _request("Put_Job_Application_Additional_Data_Request", version)
    data = add(root, "Job_Application_Custom_Object_Data")
    _reference(data, "Job_Application_Reference", "Job_Application_ID", application)
    add(data, "Business_Object_Additional_Data").append(custom_object)
    return root


def get_candidate_attachments(version: str, candidate: str, page: Page | None) -> Element:
    root = _request("Get_Candidate_Attachments_Request", version)
    _reference(add(root, "Request_Criteria"), "Candidate_Reference", "Candidate_ID", candidate)
    _response_filter(root, ATTACHMENT_PAGE_SIZE, page)
    return root


def put_candidate_attachment(version: str, candidate: str, attachment: NewAttachment) -> Element:
    """A file on the candidate, never replacing one (`Add_Only`).

    Not as `Job_Application_Attachment_Data`: by the schema that makes a *résumé* attachment (its answer holds a
    `Resume_Attachment` reference), which Get_Candidate_Attachments does not list.
    """
    root = _request("Put_Candidate_Attachment_Request", version)
    root.set(bsvc("Add_Only"), "true")
    _reference(root, "Candidate_Reference", "Candidate_ID", candidate)
    holder = add(root, "Candidate_Attachment_Data")
    data = add(holder, "Attachment_Data")
    add(data, "ID", attachment.file_id)
    add(data, "Filename", attachment.filename)
    add(data, "File_Content", base64.b64encode(attachment.content).decode("ascii"))
    _reference(data, "Mime_Type_Reference", "Content_Type_ID", attachment.content_type)
    add(data, "Comment", attachment.comment)
    kind = OWN_CATEGORY if attachment.own_category else WORKDAY_OWNED_CATEGORY
    _reference(holder, "Document_Category_Reference", kind, attachment.category)
    return root


# --- custom objects ----------------------------------------------------------------------------------------------


def with_children(current: Element | None, namespace: str, alias: str, values: Mapping[str, str | None]) -> Element:
    """The whole custom object to send: every child as it stands, ours replaced; None becomes an empty element.

    Whether Workday merges a put or replaces the object is not documented, so both must give the same result.
    """
    root = etree.Element(f"{{{namespace}}}{alias}", nsmap={"custom": namespace})
    written: set[str] = set()
    for child in () if current is None else current:
        name = local_name(child)
        if name in values:
            written.add(name)
            _append(root, namespace, name, values[name])
        else:
            root.append(_inbound(child))
    for name, value in values.items():
        if name not in written and value is not None:
            _append(root, namespace, name, value)
    return root


def _append(root: Element, namespace: str, name: str, value: str | None) -> None:
    child = etree.SubElement(root, f"{{{namespace}}}{name}")
    if value:
        set_text(child, value)


def _inbound(child: Element) -> Element:
    """A child as it may be sent back: descriptors are outbound only."""
    kept = copy.deepcopy(child)
    kept.tail = None
    for element in kept.iter():
        if bsvc("Descriptor") in element.attrib:
            del element.attrib[bsvc("Descriptor")]
    return kept


def plain_children(custom_object: Element | None) -> dict[str, str]:
    """Child alias -> text, for the children that hold text and nothing else; empty ones are left out."""
    if custom_object is None:
        return {}
    return {local_name(child): text_of(child) for child in custom_object if len(child) == 0 and text_of(child)}


# --- answers -----------------------------------------------------------------------------------------------------


def _ids(reference: Element | None) -> dict[str, str]:
    if reference is None:
        return {}
    return {e.get(bsvc("type"), ""): text_of(e) for e in reference.iterfind(bsvc("ID")) if text_of(e)}


def read_listing(answer: Element) -> Listing:
    """The paging part of an answer; a list without one is one page."""
    pages = text_of(answer.find(f"{bsvc('Response_Results')}/{bsvc('Total_Pages')}"))
    as_of = text_of(answer.find(f"{bsvc('Response_Filter')}/{bsvc('As_Of_Entry_DateTime')}"))
    return Listing(pages=int(pages) if pages.isdecimal() else 1, as_of=as_of or None)


def read_timestamp(answer: Element) -> str:
    return text_of(answer.find(bsvc("Server_Timestamp_Data")))


def read_additional_data(answer: Element) -> list[ApplicationData]:
    """Job applications with their custom objects. Without a match there is no `Response_Data` at all."""
    rows = answer.iterfind(f"{bsvc('Response_Data')}/{bsvc('Job_Application_Custom_Object_Data')}")
    return [
        ApplicationData(
            ids=_ids(row.find(bsvc("Job_Application_Reference"))),
            objects=tuple(row.iterfind(f"{bsvc('Business_Object_Additional_Data')}/*")),
        )
        for row in rows
    ]


def read_applications(answer: Element) -> list[ApplicationData] | None:
    """The job applications of the one candidate asked for; None when nobody was found.

    The reference sits in `Job_Applied_To_Data` up to about v34; in v42 it moved up, and `Job_Applied_To_Data` may
    hold a plain `Job_Application_ID` instead.
    """
    candidate = answer.find(f"{bsvc('Response_Data')}/{bsvc('Candidate')}/{bsvc('Candidate_Data')}")
    if candidate is None:
        return None
    applications: list[ApplicationData] = []
    for data in candidate.iterfind(bsvc("Job_Application_Data")):
        upper = _ids(data.find(bsvc("Job_Application_Reference")))
        places = [upper] if upper else [_applied_to_ids(e) for e in data.iterfind(bsvc("Job_Applied_To_Data"))]
        applications.extend(ApplicationData(ids=ids) for ids in places if ids)
    return applications


def _applied_to_ids(applied_to: Element) -> dict[str, str]:
    ids = _ids(applied_to.find(bsvc("Job_Application_Reference")))
    plain = text_of(applied_to.find(bsvc("Job_Application_ID")))
    return ids or ({"Job_Application_ID": plain} if plain else {})


def read_attachments(answer: Element) -> list[StoredAttachment]:
    path = f"{bsvc('Response_Data')}/{bsvc('Candidate_Attachment')}/{bsvc('Candidate_Attachment_Data')}"
    return [
        StoredAttachment(
            ids=_ids(row.find(bsvc("Candidate_Attachment_Reference"))),
            file_id=text_of(row.find(f"{bsvc('Attachment_Data')}/{bsvc('ID')}")),
            filename=text_of(row.find(f"{bsvc('Attachment_Data')}/{bsvc('Filename')}")),
        )
        for row in answer.iterfind(path)
    ]


def read_put_attachment(answer: Element) -> str:
    """Workday's id of the file that was just added; empty when the answer names none."""
    ids = _ids(answer.find(bsvc("Attachment_Reference")))
    return ids.get("WID") or next(iter(ids.values()), "")
