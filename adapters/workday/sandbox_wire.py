"""The stand-in's XML: answers and faults written, references and custom objects read.

Labels as in `sandbox_world`: [X] the WSDL v26.1 says it, [C] seen by clients of live tenants, [G] our guess.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree

from adapters.workday import sandbox_world
from adapters.workday.sandbox_world import CATEGORIES, DEFINITIONS, Candidate, Invalid, JobApplication, StoredFile
from adapters.workday.settings import LATER_SCHEMA
from adapters.workday.soap import BSVC, SOAP_ENV, Element, add, bsvc, local_name, text_of

TENANT: Final = "acme_dpt1"
CUSTOM: Final = f"urn:com.workday/tenants/{TENANT}/data/custom"


# --- out ---------------------------------------------------------------------------------------------------------


def new_element(name: str) -> Element:
    return etree.Element(bsvc(name), nsmap={"wd": BSVC})


def answer_envelope(payload: Element) -> bytes:
    root = etree.Element(f"{{{SOAP_ENV}}}Envelope", nsmap={"env": SOAP_ENV})
    etree.SubElement(root, f"{{{SOAP_ENV}}}Body").append(payload)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def fault_body(code: str, text: str, lines: Sequence[tuple[str, str]] = ()) -> bytes:
    fault = etree.Element(f"{{{SOAP_ENV}}}Fault", nsmap={"SOAP-ENV": SOAP_ENV, "wd": BSVC})
    etree.SubElement(fault, "faultcode").text = f"SOAP-ENV:{code}"
    etree.SubElement(fault, "faultstring").text = text
    detail = etree.SubElement(fault, "detail")
    if not lines:
        add(add(detail, "Processing_Fault"), "Detail_Message", text)
    else:
        validation = add(detail, "Validation_Fault")
        for message, xpath in lines:
            line = add(validation, "Validation_Error")
            add(line, "Message", message)
            add(line, "Detail_Message", message)
            add(line, "Xpath", xpath)
    return answer_envelope(fault)


def add_ids(reference: Element, ids: Mapping[str, str]) -> None:
    for id_type, value in ids.items():
        add(reference, "ID", value).set(bsvc("type"), id_type)


def add_reference(parent: Element, name: str, id_type: str, item: Candidate | JobApplication) -> Element:
    reference = add(parent, name)
    add_ids(reference, {"WID": item.wid, id_type: item.number})
    return reference


def add_candidate(data: Element, candidate: Candidate, later: bool, with_files: bool) -> None:
    holder = add(data, "Candidate")
    add_reference(holder, "Candidate_Reference", "Candidate_ID", candidate)
    content = add(holder, "Candidate_Data")
    add(content, "Candidate_ID", candidate.number)
    name = add(content, "Name_Data")
    parts = add(add(name, "Legal_Name"), "Name_Detail_Data") if later else name
    add(parts, "First_Name", candidate.person.first_name)
    add(parts, "Last_Name", candidate.person.last_name)
    add(add(content, "Contact_Data"), "Email_Address", candidate.person.email)
    for application in candidate.applications:
        _add_job_application(add(content, "Job_Application_Data"), application, later, with_files)


def _add_job_application(data: Element, application: JobApplication, later: bool, with_files: bool) -> None:
    """In v26.1 the reference sits in Job_Applied_To_Data; later it moved up [C]."""
    if later:
        add_reference(data, "Job_Application_Reference", "Job_Application_ID", application)
    applied_to = add(data, "Job_Applied_To_Data")
    if later:
        add(applied_to, "Job_Application_ID", application.number)
    else:
        add_reference(applied_to, "Job_Application_Reference", "Job_Application_ID", application)
    add_ids(add(applied_to, "Job_Requisition_Reference"), {"Job_Requisition_ID": application.requisition})
    add_ids(add(applied_to, "Stage_Reference"), {"Recruiting_Stage_ID": "REVIEW"})
    if with_files:
        resume = add(data, "Resume_Attachment_Data")
        add(resume, "Filename", "resume.txt")
        add(resume, "File_Content", base64.b64encode(b"An invented resume\n").decode())


def add_additional_data(data: Element, application: JobApplication) -> None:
    row = add(data, "Job_Application_Custom_Object_Data")
    add_reference(row, "Job_Application_Reference", "Job_Application_ID", application)
    add_objects(add(row, "Business_Object_Additional_Data"), application)


def add_objects(parent: Element, application: JobApplication) -> None:
    """Each object with a reference to itself and a descriptor, as a client of a live tenant keeps them [C]."""
    for alias, children in application.objects.items():
        element = etree.SubElement(parent, f"{{{CUSTOM}}}{alias}", nsmap={"custom": CUSTOM})
        element.set(bsvc("Descriptor"), alias)
        own = etree.SubElement(element, f"{{{CUSTOM}}}{alias}Reference")
        identifier = etree.SubElement(own, f"{{{CUSTOM}}}ID")
        identifier.set(f"{{{CUSTOM}}}type", "WID")
        identifier.text = sandbox_world.wid(alias, application.number)
        for name, text in children.items():
            kind = DEFINITIONS[alias][name]
            etree.SubElement(element, f"{{{CUSTOM}}}{name}").text = f"{text}-08:00" if kind == "date" else text


def add_attachment(data: Element, candidate: Candidate, file: StoredFile) -> None:
    holder = add(data, "Candidate_Attachment")
    add_reference(holder, "Candidate_Reference", "Candidate_ID", candidate)
    content = add(holder, "Candidate_Attachment_Data")
    ids = {"WID": file.wid, "Candidate_Attachment_ID": file.file_id}
    add_ids(add(content, "Candidate_Attachment_Reference"), ids)
    stored = add(content, "Attachment_Data")
    add(stored, "ID", file.file_id)
    add(stored, "Filename", file.filename)
    add(stored, "File_Content", base64.b64encode(file.content).decode())
    add_ids(add(stored, "Mime_Type_Reference"), {"Content_Type_ID": file.content_type})
    add(stored, "Comment", file.comment)
    kinds = {name: kind for kind, name in CATEGORIES}
    add_ids(add(content, "Document_Category_Reference"), {kinds[file.category]: file.category})


# --- in ----------------------------------------------------------------------------------------------------------


def is_later(version: str) -> bool:
    return float(version[1:]) >= LATER_SCHEMA


def id_of(reference: Element) -> tuple[str, str]:
    """The reference's first id, as type and value."""
    identifier = reference.find(bsvc("ID"))
    return ("", "") if identifier is None else (identifier.get(bsvc("type"), ""), text_of(identifier))


def invalid_id(reference: Element, id_type: str, value: str) -> tuple[str, str]:
    """The message of a reference to nothing [C]."""
    words = f"Invalid ID value.  '{value}' is not a valid ID value for type = '{id_type}'"
    return words, xpath_of(reference)


def xpath_of(element: Element) -> str:
    """Where in the request an element stands, as Workday writes it: `/wd:Put_..._Request[1]/wd:...[1]`."""
    steps: list[str] = []
    step: Element | None = element
    while step is not None and step.tag != f"{{{SOAP_ENV}}}Body":
        steps.append(f"/wd:{local_name(step)}[{1 + sum(1 for _ in step.itersiblings(step.tag, preceding=True))}]")
        step = step.getparent()
    return "".join(reversed(steps))


def whole_number(parent: Element | None, name: str, default: int) -> int:
    text = "" if parent is None else text_of(parent.find(bsvc(name)))
    return int(text) if text.isdecimal() else default


def read_object(element: Element) -> dict[str, str]:
    """A custom object as it was sent: child alias -> text. Its reference to itself is taken and ignored.

    Raises:
        Invalid: another tenant's namespace, an unknown alias or child, a value of the wrong type [G: the texts].
    """
    alias = local_name(element)
    if element.tag != f"{{{CUSTOM}}}{alias}" or alias not in DEFINITIONS:
        raise Invalid((f"'{alias}' is not a web service alias of a custom object on Job Application.", ""))
    wrong: list[tuple[str, str]] = []
    children: dict[str, str] = {}
    for child in element:
        name = local_name(child)
        if name == f"{alias}Reference":
            continue
        try:
            children[name] = sandbox_world.stored_value(alias, name, text_of(child))
        except Invalid as invalid:
            wrong.extend(invalid.lines)
    if wrong:
        raise Invalid(*wrong)
    return children
