"""SOAP 1.1 as Workday speaks it: envelopes out, a body or a fault in. Knows no operation of any service.

Every value goes through the XML library, never through a template. Documents that declare a DTD are refused, entities
are not expanded, nothing is fetched. `faultcode`, `faultstring` and `detail` have no namespace (SOAP 1.1 section 4.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from connector.errors import UnsupportedByAts

BSVC: Final = "urn:com.workday/bsvc"
SOAP_ENV: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
PASSWORD_TEXT: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"

Element = etree._Element


class XmlRefused(ValueError):
    """Not well-formed XML, or XML with a document type declaration."""


@dataclass(frozen=True, slots=True)
class UsernameToken:
    """WS-Security UsernameToken with PasswordText (OASIS WSS 1.0); `username` is `user@tenant`."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class FaultLine:
    message: str
    detail: str
    xpath: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A SOAP fault; `lines` are Workday's `Validation_Error`s, or its one `Processing_Fault`."""

    code: str
    text: str
    lines: tuple[FaultLine, ...] = ()

    @property
    def kind(self) -> str:
        """The code without its prefix: `Client.validationError`."""
        return self.code.rpartition(":")[2]

    @property
    def words(self) -> str:
        """What Workday said, once each, in order."""
        said = [self.text, *(part for line in self.lines for part in (line.message, line.detail))]
        return " ".join(dict.fromkeys(part for part in said if part))


# --- XML ---------------------------------------------------------------------------------------------------------


def parse_xml(content: bytes) -> Element:
    """Parse a document from outside; its caller has bounded its size.

    libxml2 itself bounds nesting and how far entities may blow a document up, with `huge_tree` as without.

    Raises:
        XmlRefused: it is not well-formed, or it declares a document type.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,  # a file's content is one text node, and may be longer than libxml2's 10 MB
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefused(f"not well-formed at line {error.lineno}") from None
    except ValueError as error:
        raise XmlRefused("not XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("it declares a document type")
    return root


def bsvc(name: str) -> str:
    """The qualified name of one of Workday's elements or attributes (both are qualified in its schema)."""
    return f"{{{BSVC}}}{name}"


def local_name(element: Element) -> str:
    return etree.QName(element).localname


def text_of(element: Element | None) -> str:
    """The element's own text; empty for none."""
    return "" if element is None or element.text is None else element.text


def set_text(element: Element, text: str) -> None:
    """Give an element its text.

    Raises:
        UnsupportedByAts: the text holds characters that XML cannot carry (control characters).
    """
    try:
        element.text = text
    except ValueError as error:
        raise UnsupportedByAts(
            "A value holds characters that Workday's XML cannot carry.", code="value_not_xml"
        ) from error


def add(parent: Element, name: str, text: str | None = None) -> Element:
    """Append one of Workday's elements."""
    child = etree.SubElement(parent, bsvc(name))
    if text is not None:
        set_text(child, text)
    return child


# --- envelopes ---------------------------------------------------------------------------------------------------


def envelope(body: Element, security: UsernameToken | None = None) -> bytes:
    """Wrap one request; without `security` the bearer token in the HTTP header speaks for us."""
    root = etree.Element(f"{{{SOAP_ENV}}}Envelope", nsmap={"soapenv": SOAP_ENV})
    if security is not None:
        _add_security(etree.SubElement(root, f"{{{SOAP_ENV}}}Header"), security)
    etree.SubElement(root, f"{{{SOAP_ENV}}}Body").append(body)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _add_security(header: Element, token: UsernameToken) -> None:
    security = etree.SubElement(header, f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
    security.set(f"{{{SOAP_ENV}}}mustUnderstand", "1")
    pair = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
    etree.SubElement(pair, f"{{{WSSE}}}Username").text = token.username
    password = etree.SubElement(pair, f"{{{WSSE}}}Password")
    password.set("Type", PASSWORD_TEXT)
    password.text = token.password


def body_of(root: Element) -> Element:
    """The one element inside an envelope's Body.

    Raises:
        XmlRefused: it is no SOAP envelope, or its Body does not hold exactly one element.
    """
    if root.tag != f"{{{SOAP_ENV}}}Envelope":
        raise XmlRefused("no SOAP envelope")
    body = root.find(f"{{{SOAP_ENV}}}Body")
    if body is None or len(body) != 1:
        raise XmlRefused("no single element in the SOAP body")
    return body[0]


def read_answer(content: bytes) -> Element | Fault:
    """The answer's payload, or the fault it carries, whatever the HTTP status was.

    Raises:
        XmlRefused: it is not a SOAP message.
    """
    payload = body_of(parse_xml(content))
    return read_fault(payload) if local_name(payload) == "Fault" else payload


def read_fault(element: Element) -> Fault:
    """Read a fault leniently: `Detail_Message` was also seen directly under `Validation_Fault`."""
    detail = element.find("detail")
    return Fault(
        code=text_of(element.find("faultcode")).strip(),
        text=text_of(element.find("faultstring")).strip(),
        lines=() if detail is None else tuple(_fault_lines(detail)),
    )


def _fault_lines(detail: Element) -> list[FaultLine]:
    holders = list(detail.iter(bsvc("Validation_Error"), bsvc("Processing_Fault"), bsvc("Validation_Fault")))
    lines = (
        FaultLine(*(text_of(holder.find(bsvc(name))).strip() for name in ("Message", "Detail_Message", "Xpath")))
        for holder in holders
    )
    return [line for line in lines if line.message or line.detail]
