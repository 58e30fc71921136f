"""A stand-in for Workday's Recruiting service, in its wire format: it refuses what Workday refuses.

Each rule says where it comes from: [X] the WSDL v26.1, [C] seen by clients of live tenants, [G] our guess.

Switches (`SandboxSeed.options`): `auth` (`password`, `refresh_token`, `jwt_bearer`); `version` of the connection;
`wsdl` (a file: every request is validated against the vendor's schema in it); `custom_object_put` (`replace`,
`merge`) and `additional_data_lists` (`filled`, `all`), both undocumented at Workday; `fault_status` (200: faults
inside HTTP 200); `auth_fault_status`; `pending_activation`; `newest_version`; `requests_per_second`.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.standin import FixedWindow, Refusal, RequestKind, StandIn, seed_people
from adapters.workday import notes, sandbox_world
from adapters.workday.sandbox_schema import check_with_table, check_with_wsdl, compile_wsdl
from adapters.workday.sandbox_signin import SignIn
from adapters.workday.sandbox_wire import (
    TENANT,
    add_additional_data,
    add_attachment,
    add_candidate,
    add_ids,
    add_objects,
    add_reference,
    answer_envelope,
    fault_body,
    id_of,
    invalid_id,
    is_later,
    new_element,
    read_object,
    whole_number,
)
from adapters.workday.sandbox_world import (
    CATEGORIES,
    OUR_CHILDREN,
    OUR_OBJECT,
    OWN_CATEGORY,
    Candidate,
    Invalid,
    JobApplication,
    StoredFile,
    World,
)
from adapters.workday.settings import FILE_COMMENT, MARKER_CHILD, NOTE_CHILD
from adapters.workday.soap import (
    SOAP_ENV,
    Element,
    XmlRefused,
    add,
    body_of,
    bsvc,
    local_name,
    parse_xml,
    text_of,
)
from connector.model.changes import AtsState, AttachmentState, FieldValue, NoteState
from connector.ports import SandboxPerson, SandboxSeed

NOT_AUTHORIZED: Final = "Processing error occurred. The task submitted is not authorized."
OPERATIONS: Final = frozenset(
    {
        "Get_Candidates",
        "Get_Job_Application_Additional_Data",
        "Put_Job_Application_Additional_Data",
        "Get_Candidate_Attachments",
        "Put_Candidate_Attachment",
    }
)
DEFAULT_COUNT: Final = 100
MOST_ON_A_PAGE: Final = 999


class SoapFault(Exception):
    """A fault that ends the request."""

    def __init__(self, code: str, text: str, lines: Sequence[tuple[str, str]] = (), status: int = 500) -> None:
        super().__init__(text)
        self.code, self.text, self.lines, self.status = code, text, lines, status


class WorkdaySandbox(StandIn):
    title = "Workday"
    token_paths: ClassVar[frozenset[str]] = frozenset({f"/ccx/oauth2/{TENANT}/token"})

    def __init__(self, seed: SandboxSeed, **more: Any) -> None:
        super().__init__(seed, **more)
        self.permissions = set(OPERATIONS)
        self.pending_activation = bool(self.option("pending_activation", False))
        self.world = World(seed_people(seed))
        self._sign_in = SignIn(self.option("auth", "password"), TENANT, self.now)
        per_second = self.option("requests_per_second", None)
        self._window = FixedWindow(int(per_second), 1.0, self.now) if per_second else None
        self._wsdl = str(self.option("wsdl", None) or "")
        if self._wsdl:
            compile_wsdl(self._wsdl)

    # the stand-in as its users see it

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route(f"/ccx/oauth2/{TENANT}/token", self._token, methods=["POST"]),
            Route(f"/ccx/service/{TENANT}/Recruiting/{{version}}", self._service, methods=["POST"]),
        ]

    def settings(self, base_url: str) -> dict[str, Any]:
        fields = {n: t for n, t in OUR_CHILDREN.items() if n not in (NOTE_CHILD, MARKER_CHILD, "recruiterRemark")}
        return {
            "service_url": base_url,
            "tenant": TENANT,
            "version": self.option("version", "v42.0"),
            "document_category": OWN_CATEGORY,
            "custom_object": OUR_OBJECT,
            "custom_fields": ", ".join(f"{name}:{kind}" for name, kind in fields.items()),
            **self._sign_in.settings(),
        }

    def people(self) -> Sequence[SandboxPerson]:
        return tuple(
            SandboxPerson(c.number, a.number, c.person.name, c.person.email, a.job)
            for c in self.world.candidates
            for a in c.applications
        )

    def holdings(self, candidate: str, application: str | None) -> AtsState:
        person = self.world.candidate("Candidate_ID", candidate)
        mine = [a for a in person.applications if application in (None, a.number, a.wid)] if person else []
        if person is None or len(mine) != 1:
            return AtsState()
        ours = mine[0].objects.get(OUR_OBJECT, {})
        return AtsState(
            fields={n: _shown(n, t) for n, t in ours.items() if n not in (NOTE_CHILD, MARKER_CHILD)},
            notes=_notes_in(ours),
            attachments=tuple(AttachmentState(f.filename, f.wid) for f in person.files if _is_about(f, mine[0])),
        )

    def field_names(self) -> dict[str, str]:
        return {name: f"{OUR_OBJECT} / {name}" for name in OUR_CHILDREN}

    @property
    def absent_candidate(self) -> str:
        return "CAND-999999"

    def delete_candidate(self, candidate: str) -> None:
        self.world.remove(candidate)

    def expire_tokens(self) -> bool:
        return self._sign_in.expire()

    def kind_of(self, method: str, path: str, body: bytes) -> RequestKind:
        if path in self.token_paths:
            return "token"
        return "write" if self._tries_to_change(body) else "read"

    def _tries_to_change(self, body: bytes) -> bool:
        """A Put that names somebody who exists; doctor's Puts name nobody."""
        try:
            request = body_of(parse_xml(body))
        except XmlRefused:
            return False
        if not local_name(request).startswith("Put_"):
            return False
        ids = [(e.get(bsvc("type"), ""), text_of(e)) for e in request.iter(bsvc("ID"))]
        return any(self.world.candidate(*i) or self.world.application(*i) for i in ids)

    def error_body(self, status: int) -> bytes:
        """An injected failure in Workday's words: the fault's code is what the adapter goes by."""
        words = f"Injected fault {status}"
        if status == 401:
            return fault_body("Client.authenticationError", "invalid username or password")
        if status == 403:
            return fault_body("Server.processingError", NOT_AUTHORIZED)
        if 400 <= status < 500:
            return fault_body("Client.validationError", f"Validation error occurred. {words}", [(words, "")])
        return fault_body("Server.processingError", f"Processing error occurred. {words}")

    # signing in

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        status, answer = self._sign_in.token(request.headers.get("authorization"), form)
        return JSONResponse(answer, status)

    # one SOAP request

    async def _service(self, request: Request) -> Response:
        self._refuse_when_busy()
        try:
            answer = self._answer(
                request.path_params["version"], request.headers.get("authorization"), await request.body()
            )
        except Invalid as invalid:
            text = f"Validation error occurred. {invalid.lines[0][0]}"
            return self._fault(fault_body("Client.validationError", text, invalid.lines), 500)
        except SoapFault as fault:
            return self._fault(fault_body(fault.code, fault.text, fault.lines), fault.status)
        return self._xml(answer_envelope(answer), 200)

    def _refuse_when_busy(self) -> None:
        if self._window is not None and not self._window.take():
            wait = max(math.ceil(self._window.resets_at - self.now()), 1)
            raise Refusal(Response("Too many requests", 429, {"Retry-After": str(wait)}))

    def _fault(self, content: bytes, status: int) -> Response:
        """Faults come with HTTP 500 as a rule; inside HTTP 200 was seen as well [C]."""
        return self._xml(content, int(self.option("fault_status", status)))

    @staticmethod
    def _xml(content: bytes, status: int) -> Response:
        return Response(content, status, media_type="text/xml; charset=UTF-8")

    def _answer(self, version: str, authorization: str | None, content: bytes) -> Element:
        try:
            root = parse_xml(content)
            request = body_of(root)
        except XmlRefused as refused:
            raise SoapFault("Client", f"Invalid request: {refused}") from None  # [G]
        if not self._sign_in.admits(authorization, root.find(f"{{{SOAP_ENV}}}Header")):
            status = int(self.option("auth_fault_status", 401 if authorization else 500))
            raise SoapFault("Client.authenticationError", "invalid username or password", status=status)
        self._check_version(version, request)
        operation = local_name(request).removesuffix("_Request")
        self._check_grant(operation)
        self._check_shape(request, version)
        answer: Element = self._operations()[operation](request, version)
        answer.set(bsvc("version"), version)
        return answer

    def _check_version(self, version: str, request: Element) -> None:
        """A tenant refuses versions newer than itself, with HTTP 500 [C]; the attribute equals the address [X]."""
        newest = int(self.option("newest_version", 47))
        known = version.startswith("v") and version[1:].replace(".", "", 1).isdecimal()
        if not known or float(version[1:]) >= newest + 1 or request.get(bsvc("version"), version) != version:
            raise Invalid(("The web service or version is invalid for the requested operation", ""))

    def _check_grant(self, operation: str) -> None:
        if operation in OPERATIONS and (self.pending_activation or operation not in self.permissions):
            raise SoapFault("Server.processingError", NOT_AUTHORIZED)

    def _check_shape(self, request: Element, version: str) -> None:
        later = is_later(version)
        problems = check_with_table(request, later=later)
        if not problems and self._wsdl:
            problems = check_with_wsdl(request, self._wsdl, later=later)
        if problems:
            raise Invalid(*((problem.message, problem.xpath) for problem in problems))

    def _operations(self) -> Mapping[str, Callable[[Element, str], Element]]:
        return {
            "Server_Timestamp_Get": self._server_timestamp,
            "Get_Candidates": self._get_candidates,
            "Get_Job_Application_Additional_Data": self._get_additional_data,
            "Put_Job_Application_Additional_Data": self._put_additional_data,
            "Get_Candidate_Attachments": self._get_attachments,
            "Put_Candidate_Attachment": self._put_attachment,
        }

    def _moment(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")

    def _server_timestamp(self, request: Element, version: str) -> Element:
        answer = new_element("Server_Timestamp")
        add(answer, "Server_Timestamp_Data", self._moment())
        return answer

    # candidates

    def _get_candidates(self, request: Element, version: str) -> Element:
        references = request.find(bsvc("Request_References"))
        if references is not None:
            skip = references.get(bsvc("Skip_Non_Existing_Instances")) in ("true", "1")
            asked = [self._candidate(r, skip=skip) for r in references]
            found = [candidate for candidate in asked if candidate is not None]
        else:
            found = self._candidates_by(request.find(bsvc("Request_Criteria")))
        with_files = text_of(request.find(f"{bsvc('Response_Group')}/{bsvc('Exclude_All_Attachments')}")) != "true"
        answer = new_element("Get_Candidates_Response")
        self._list(answer, request, found, lambda data, c: add_candidate(data, c, is_later(version), with_files))
        return answer

    def _candidates_by(self, criteria: Element | None) -> list[Candidate]:
        """All criteria hold together [X]; none at all gave no result on a live tenant [C]."""
        wanted = {local_name(c): text_of(c) for c in criteria} if criteria is not None else {}
        fields = {"First_Name": "first_name", "Last_Name": "last_name", "Candidate_Email_Address": "email"}
        return [
            c
            for c in self.world.candidates
            if wanted and all(getattr(c.person, fields[n]).lower() == t.lower() for n, t in wanted.items())
        ]

    def _candidate(self, reference: Element, *, skip: bool = False) -> Candidate | None:
        id_type, value = id_of(reference)
        candidate = self.world.candidate(id_type, value)
        if candidate is None and not skip:
            raise Invalid(invalid_id(reference, id_type, value))
        return candidate

    def _existing_candidate(self, reference: Element) -> Candidate:
        candidate = self._candidate(reference)
        assert candidate is not None
        return candidate

    # custom objects

    def _get_additional_data(self, request: Element, version: str) -> Element:
        references = request.find(bsvc("Request_References"))
        if references is not None:
            found = [self._application(reference) for reference in references]
        else:
            reference = request.find(f"{bsvc('Request_Criteria')}/{bsvc('Candidate_Reference')}")
            if reference is None:
                words = (
                    "A Candidate Reference is required to find Job Applications Additional Data by request criteria."
                )
                raise Invalid((words, "/wd:Get_Job_Application_Additional_Data_Request[1]"))
            found = self._existing_candidate(reference).applications
        if self.option("additional_data_lists", "filled") == "filled":
            found = [application for application in found if application.objects]
        answer = new_element("Get_Job_Application_Additional_Data_Response")
        self._list(answer, request, found, add_additional_data)
        return answer

    def _application(self, reference: Element) -> JobApplication:
        id_type, value = id_of(reference)
        found = self.world.application(id_type, value)
        if found is None:
            raise Invalid(invalid_id(reference, id_type, value))
        return found[1]

    def _put_additional_data(self, request: Element, version: str) -> Element:
        """Every object and reference is looked at before anything is written; all that is wrong is said at once [G]."""
        data = request[0]
        wrong: list[tuple[str, str]] = []
        objects: dict[str, dict[str, str]] = {}
        for element in data[1]:
            try:
                objects[local_name(element)] = read_object(element)
            except Invalid as invalid:
                wrong.extend(invalid.lines)
        try:
            application = self._application(data[0])
        except Invalid as invalid:
            wrong.extend(invalid.lines)
        if wrong:
            raise Invalid(*wrong)
        replace = self.option("custom_object_put", "replace") == "replace"
        for alias, children in objects.items():
            sandbox_world.put_object(application, alias, children, replace=replace)
        answer = new_element("Put_Job_Application_Additional_Data_Response")
        add_reference(answer, "Job_Application_Additional_Data_Reference", "Job_Application_ID", application)
        add_objects(add(answer, "Job_Application_Additional_Data"), application)
        return answer

    # files

    def _get_attachments(self, request: Element, version: str) -> Element:
        """Newest first, with their content; a file of an application is not in this list [X]."""
        references = request.iterfind(f"{bsvc('Request_Criteria')}/{bsvc('Candidate_Reference')}")
        rows = [(c, f) for c in map(self._existing_candidate, references) for f in reversed(c.files)]
        as_of = text_of(request.find(f"{bsvc('Response_Filter')}/{bsvc('As_Of_Entry_DateTime')}"))
        if as_of:
            rows = [row for row in rows if row[1].entered <= datetime.fromisoformat(as_of).timestamp()]
        answer = new_element("Get_Candidate_Attachments_Response")
        self._list(answer, request, rows, lambda data, row: add_attachment(data, *row))
        return answer

    def _put_attachment(self, request: Element, version: str) -> Element:
        """Everything is looked at before anything is kept; all that is wrong is said at once [G]."""
        wrong: list[tuple[str, str]] = []
        candidate, stored = None, None
        try:
            candidate = self._candidate(request[0])
        except Invalid as invalid:
            wrong.extend(invalid.lines)
        try:
            stored = self._new_file(request.find(bsvc("Candidate_Attachment_Data")))
        except Invalid as invalid:
            wrong.extend(invalid.lines)
        if candidate is None or stored is None:
            raise Invalid(*wrong)
        candidate.files.append(stored)
        answer = new_element("Put_Candidate_Attachment_Response")
        add_reference(answer, "Candidate_Reference", "Candidate_ID", candidate)
        add_ids(add(answer, "Attachment_Reference"), {"WID": stored.wid, "Candidate_Attachment_ID": stored.file_id})
        return answer

    def _new_file(self, holder: Element | None) -> StoredFile:
        """The file of a request, by the rules of the schema's validation messages [X]."""
        path = "/wd:Put_Candidate_Attachment_Request[1]/wd:Candidate_Attachment_Data[1]"
        data = None if holder is None else holder.find(bsvc("Attachment_Data"))
        filename = "" if data is None else text_of(data.find(bsvc("Filename")))
        if holder is None or data is None or not 0 < len(filename) <= 255:
            raise Invalid(("Enter the Filename and File Content for the document you want to attach.", path))
        if holder.find(bsvc("Candidate_Attachment_Reference")) is not None:
            words = "The Web Service is set to Add Only; but the Candidate Attachment already exists."
            raise Invalid((words, path))
        file_id = text_of(data.find(bsvc("ID"))) or f"CANDIDATE_ATTACHMENT-{self.next_id()}"
        if self.world.file(file_id) is not None:
            raise Invalid(("File ID for the attachment already in use.", f"{path}/wd:Attachment_Data[1]/wd:ID[1]"))
        category = holder[-1]
        if id_of(category) not in CATEGORIES:
            raise Invalid(invalid_id(category, *id_of(category)))
        mime = data.find(bsvc("Mime_Type_Reference"))
        return StoredFile(
            wid=sandbox_world.wid("file", file_id),
            file_id=file_id,
            filename=filename,
            content=_decoded(text_of(data.find(bsvc("File_Content"))), path),
            content_type="" if mime is None else id_of(mime)[1],
            comment=text_of(data.find(bsvc("Comment"))),
            category=id_of(category)[1],
            entered=self.now(),
        )

    # lists

    def _list(
        self, answer: Element, request: Element, rows: Sequence[Any], add_row: Callable[[Element, Any], None]
    ) -> None:
        """One page of a list. Without a result there is no Response_Data at all [C]."""
        asked = request.find(bsvc("Response_Filter"))
        number = whole_number(asked, "Page", 1)
        count = whole_number(asked, "Count", DEFAULT_COUNT)
        if number < 1:
            raise Invalid(("Page number cannot be zero.", ""))
        if not 1 <= count <= MOST_ON_A_PAGE:
            raise Invalid(("Count must be between 1 and 999.", ""))
        page = rows[(number - 1) * count : number * count]
        as_of = "" if asked is None else text_of(asked.find(bsvc("As_Of_Entry_DateTime")))
        echo = add(answer, "Response_Filter")
        add(echo, "As_Of_Entry_DateTime", as_of or self._moment())
        add(echo, "Page", str(number))
        add(echo, "Count", str(count))
        results = add(answer, "Response_Results")
        add(results, "Total_Results", str(len(rows)))
        add(results, "Total_Pages", str(max(-(-len(rows) // count), 1)))
        add(results, "Page_Results", str(len(page)))
        add(results, "Page", str(number))
        if page:
            data = add(answer, "Response_Data")
            for row in page:
                add_row(data, row)


# --- what it holds, as the connector's model says it --------------------------------------------------------------


def _shown(name: str, text: str) -> FieldValue:
    kind = OUR_CHILDREN[name]
    if kind == "yes_no":
        return text == "1"
    if kind == "number":
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    return text


def _decoded(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Invalid(("File Content is not valid base64.", path)) from None


def _is_about(file: StoredFile, application: JobApplication) -> bool:
    """A candidate's file is about every application, unless its comment names one."""
    _, named, number = file.comment.partition(FILE_COMMENT)
    return not named or number == application.number


def _notes_in(children: Mapping[str, str]) -> tuple[NoteState, ...]:
    found = notes.split(children.get(NOTE_CHILD, ""), children.get(MARKER_CHILD, "")) or {}
    return tuple(NoteState(marker=m, remote_id=f"{NOTE_CHILD}/{m}", text=t) for m, t in found.items())
