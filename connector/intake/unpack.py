"""From one parsed document to the credentials in it: presentations, arrays, wrappers, CLRs and LER-RS records.

Every credential gets the path where it sat, what it was wrapped in, and the credential it sits inside; envelopes are
no credentials (CONTRACT section 2). A nested credential is the very sub-object of the one parse, so what is verified
is what is mapped (THREATS section 1). Endorsements inside another credential are kept with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import orjson

from connector import codec, disclosures
from connector.errors import IntakeError, SubmissionTooLarge, UnreadableSubmission, UnsupportedFormat
from connector.intake import data_url, endorsements, jose, kinds, secrets
from connector.intake.limits import MAX_ALL_ENDORSEMENTS, MAX_CREDENTIALS, MAX_WRAPPINGS
from connector.model.credential import CompactJws, CredentialFormat, Envelope, Json, UnverifiedCredential
from connector.model.frozen import frozen

_MAX_STEP = 60
_MAX_ITEMS = 10 * MAX_CREDENTIALS
_HARMLESS = frozenset({"alg", "cty", "kid", "typ"})
"""Members of a token's header that hold no key when they are text."""
_ONLY_TEXT = {str}
_ENDORSEMENT_MEMBERS = frozenset(endorsements.MEMBERS)


@frozen
class Place:
    """Where something was found.

    Attributes:
        raw: the bytes it was parsed from, when it is all that was in them.
        endorsed: False where the bytes around it show that no endorsement is in it.
    """

    path: str = "$"
    carrier: str = "json"
    raw: bytes | None = None
    envelopes: tuple[Envelope, ...] = ()
    parent: str | None = None
    url: str | None = None
    wrappings: int = 0
    endorsed: bool = True

    def holding(self, raw: bytes) -> Place:
        """The same place, with the bytes that were there."""
        envelopes, parent, url, wrappings = self.envelopes, self.parent, self.url, self.wrappings
        return Place(self.path, self.carrier, raw, envelopes, parent, url, wrappings, _may_be_endorsed(raw))

    def of_token(self, jws: CompactJws) -> Place:
        """The same place, where a token is that brings its own bytes."""
        carrier = "jwt" if self.carrier == "json" else self.carrier
        raw, endorsed = jws.token.encode(), jws.sd_jwt is not None or _may_be_endorsed(jws.payload)
        return Place(self.path, carrier, raw, self.envelopes, self.parent, self.url, self.wrappings, endorsed)

    def at(self, path: str) -> Place:
        """The same place but for its path; it has no bytes of its own."""
        envelopes, parent, url, wrappings = self.envelopes, self.parent, self.url, self.wrappings
        return Place(path, self.carrier, None, envelopes, parent, url, wrappings, self.endorsed)

    def inside(self, step: str, *, parent: str | None = None, envelope: Envelope | None = None) -> Place:
        """One step further in: in the credential at `parent`, or in `envelope`."""
        if self.wrappings >= MAX_WRAPPINGS:
            raise UnreadableSubmission("Credentials are wrapped too often.", code="too_deep")
        return Place(
            path=self.path + step,
            carrier=self.carrier,
            envelopes=self.envelopes if envelope is None else (*self.envelopes, envelope),
            parent=self.parent if parent is None else parent,
            url=self.url,
            wrappings=self.wrappings + 1,
            endorsed=self.endorsed,
        )


def _may_be_endorsed(raw: bytes) -> bool:
    return b"endorsement" in raw or (b"\\" in raw and b"\\u" in raw)


def unpack(value: Any, place: Place) -> tuple[UnverifiedCredential, ...]:
    """All credentials in `value`, in document order, the outer before what it holds.

    Raises:
        UnsupportedFormat: code `no_credential`, or a kind that cannot be read.
        SubmissionTooLarge: more than `MAX_CREDENTIALS`, or `MAX_ALL_ENDORSEMENTS`.
    """
    return _collect(_walk(value, place))


def unpack_token(token: str, place: Place) -> tuple[UnverifiedCredential, ...]:
    """The same for what is known to be one whole token."""
    return _collect(_walk_token(token, place))


def _collect(walk: Iterable[UnverifiedCredential]) -> tuple[UnverifiedCredential, ...]:
    found: list[UnverifiedCredential] = []
    endorsed = 0
    for credential in walk:
        found.append(credential)
        endorsed += len(credential.endorsements)
        if len(found) > MAX_CREDENTIALS:
            raise SubmissionTooLarge(f"There are more than {MAX_CREDENTIALS} credentials in it.", code="too_many")
        if endorsed > MAX_ALL_ENDORSEMENTS:
            raise SubmissionTooLarge(f"There are more than {MAX_ALL_ENDORSEMENTS} endorsements in it.", code="too_many")
    if not found:
        raise no_credential()
    problem = found[0].problem
    if problem is not None and all(credential.problem for credential in found):
        raise problem  # nothing in it can be read: one error says it better than a list of nothing
    return tuple(found)


def hosted_badge(link: str, raw: bytes, carrier: str) -> UnverifiedCredential:
    """A badge of which only the address is known: older images hold nothing else."""
    place = Place(carrier=carrier, raw=raw, url=link)
    return _credential({}, place, CredentialFormat.OPEN_BADGE_2, None)


def no_credential() -> UnsupportedFormat:
    return UnsupportedFormat("There is no learning or employment record in it.", code="no_credential")


def _walk(value: Any, place: Place) -> Iterable[UnverifiedCredential]:
    if isinstance(value, dict):
        return _walk_object(value, place)
    if isinstance(value, str):
        return _walk_text(value, place)
    return _walk_list(value, place) if isinstance(value, list) else ()


def _walk_list(items: list[Any], place: Place) -> Iterator[UnverifiedCredential]:
    _check_length(items)
    for index, item in enumerate(items):
        yield from _guarded(item, place.inside(f"[{index}]"))


def _walk_text(text: str, place: Place) -> Iterable[UnverifiedCredential]:
    """A token, a data URL, or JSON that somebody put into a string."""
    text = text.strip()
    if jose.looks_like_token(text):
        return _walk_token(text, place)
    if text.startswith("data:"):
        return _walk_data(text, place)
    if not text.startswith("{"):
        return ()
    value = codec.parse_json(text)
    secrets.refuse_keys(value)
    return _walk(value, place.inside("").holding(text.encode()))


def _walk_data(text: str, place: Place) -> Iterable[UnverifiedCredential]:
    media_type, content = data_url.decode(text)
    inner = content.decode("utf-8", errors="replace").strip()
    if not (jose.looks_like_token(inner) or inner.startswith("{")):
        raise UnsupportedFormat("An envelope holds something that cannot be read here.", detail=media_type[:60])
    return _walk_text(inner, place)


def _walk_token(token: str, place: Place) -> Iterable[UnverifiedCredential]:
    jws, payload = jose.take_apart(token)
    if jws.sd_jwt is not None or secrets.may_hold_keys(jws.payload):
        secrets.refuse_keys(payload)
    if not jws.header.keys() <= _HARMLESS or set(map(type, jws.header.values())) != _ONLY_TEXT:
        secrets.refuse_keys(jws.header)
    place = place.of_token(jws)
    if jws.sd_jwt is not None:
        return _walk_sd_jwt(payload, place, jws)
    head = kinds.known_head(payload)
    if head is not None and "vp" not in payload and "vc" not in payload:
        return _walk_credential(payload, place, jws, head)
    presentation = payload.get("vp")
    if isinstance(presentation, dict):
        return _walk_presentation(presentation, place, payload, jws)
    if kinds.is_presentation(payload):
        return _walk_presentation(payload, place, payload, jws)
    inner = payload.get("vc")
    document = inner if isinstance(inner, dict) else payload
    if kinds.is_open_badge_2(document) and not kinds.is_credential(document):
        return (_open_badge_2(document, place, jws),)
    if document is inner or kinds.is_credential(document) or _says_credential(jws.header):
        return _walk_credential(document, place, jws, kinds.head(document))
    return ()


def _walk_sd_jwt(claims: Json, place: Place, jws: CompactJws) -> Iterable[UnverifiedCredential]:
    """An SD-JWT, with what was disclosed in its place: a presentation, a record, or claims that are one themselves.

    What its disclosures do not fit is not looked into.
    """
    kind, record = disclosures.record_in(claims)
    if jws.sd_jwt is not None and jws.sd_jwt.fault is not None:
        format = CredentialFormat.SD_JWT_VC if kind == "claims" else kinds.credential_format(record)
        return (_credential(record, place, format, jws),)
    if kind == "presentation":
        return _walk_presentation(claims, place, claims, jws)
    if kind == "claims":
        return (_credential(claims, place, CredentialFormat.SD_JWT_VC, jws),)
    return _walk_credential(record, place, jws, kinds.head(record))


def _says_credential(header: Json) -> bool:
    """`typ` or `cty` of VC-JOSE-COSE section 3.1.1."""
    named = (header.get("typ"), header.get("cty"))
    return any(isinstance(name, str) and name.lower() in ("vc+jwt", "vc") for name in named)


def _walk_object(value: Json, place: Place) -> Iterable[UnverifiedCredential]:
    head = kinds.known_head(value)
    if head is not None:
        return _walk_credential(value, place, None, head)
    if kinds.is_enveloped(value):
        return _walk_enveloped(value, place)
    if kinds.is_credential(value):
        return _walk_credential(value, place, None, kinds.head(value))
    if kinds.is_presentation(value):
        return _walk_presentation(value, place, value, None)
    if kinds.is_open_badge_2(value):
        return (_open_badge_2(value, place, None),)
    if kinds.is_bare_ler_rs(value):
        record = _credential(value, place, CredentialFormat.LER_RS, None)
        return chain((record,), _nested_in_ler_rs(value, place, place.path))
    if jose.is_json_serialization(value):
        return (_sealed(value, place),)
    return _walk_wrapper(value, place)


def _walk_enveloped(value: Json, place: Place) -> Iterable[UnverifiedCredential]:
    """VCDM 2.0 section 4.13: the `id` is a data URL that holds the secured credential or presentation."""
    address = value.get("id")
    if not isinstance(address, str) or not address.startswith("data:"):
        raise UnreadableSubmission("An enveloped credential holds no data URL.", code="bad_envelope")
    return _walk_data(address, place)


def _walk_credential(
    document: Json, place: Place, jws: CompactJws | None, head: kinds.Head
) -> Iterable[UnverifiedCredential]:
    format, data_model = head
    credential = _made(document, place, format, jws, data_model)
    if place.endorsed and _is_endorsable(credential, place):
        endorsed = endorsements.find(document, lambda item, path: _endorsement(item, place.inside(path)))
        credential = replace(credential, endorsements=endorsed)
    if format is CredentialFormat.LER_RS:
        return chain((credential,), _nested_in_ler_rs(document, place, credential.path))
    subject = document.get("credentialSubject")
    if format is CredentialFormat.ENDORSEMENT or (isinstance(subject, dict) and "verifiableCredential" not in subject):
        return (credential,)
    return chain((credential,), _nested_in_subject(subject, place))


def _is_endorsable(credential: UnverifiedCredential, place: Place) -> bool:
    """Endorsements of endorsements are not looked at."""
    return credential.format is not CredentialFormat.ENDORSEMENT and ".endorsement" not in place.path


def _endorsement(item: Any, place: Place) -> UnverifiedCredential:
    """One endorsement; what stands there and cannot be read is one that cannot be read."""
    return _something(item, place)[0]


def _nested_in_subject(raw: Any, place: Place) -> Iterator[UnverifiedCredential]:
    """CLR 2.0: `credentialSubject.verifiableCredential`; each is judged on its own."""
    subjects = [(".credentialSubject", raw)]
    if isinstance(raw, list):
        subjects = [(f".credentialSubject[{index}]", item) for index, item in enumerate(raw)]
    for step, subject in subjects:
        if isinstance(subject, dict) and "verifiableCredential" in subject:
            inner = place.inside(f"{step}.verifiableCredential", parent=place.path)
            yield from _each(subject["verifiableCredential"], inner)


def _nested_in_ler_rs(document: Json, place: Place, parent: str) -> Iterator[UnverifiedCredential]:
    """LER-RS 4.x: every credential under `verifications` and the like, wherever the entry that has it stands."""
    subject = document.get("credentialSubject", document)
    step = ".credentialSubject" if "credentialSubject" in document else ""
    for steps, item in _credentials_in(subject, (), document):
        here = "".join([f"[{key}]" if isinstance(key, int) else f".{_step(key)}" for key in steps])
        yield from _guarded(item, place.inside(step + here, parent=parent))


_Steps = tuple[str | int, ...]


def _credentials_in(item: Any, steps: _Steps, document: Json) -> Iterator[tuple[_Steps, Any]]:
    """Each credential or token under `item`, and the steps that lead there; the parser bounds how deep this goes."""
    if isinstance(item, str) and jose.looks_like_token(item):
        yield steps, item
    if not isinstance(item, dict | list):
        return
    if isinstance(item, dict) and item is not document and (kinds.is_credential(item) or kinds.is_enveloped(item)):
        yield steps, item
        return
    for key, child in item.items() if isinstance(item, dict) else enumerate(item):
        if child and isinstance(child, str | dict | list) and key not in _ENDORSEMENT_MEMBERS:
            yield from _credentials_in(child, (*steps, key), document)


def _step(name: str) -> str:
    """A member's name in a path; one that is no name is shortened, since paths are repeated in every claim."""
    if len(name) <= _MAX_STEP:
        return name
    return f"{name[:_MAX_STEP]}…{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _walk_presentation(
    presentation: Json, place: Place, signed: Json, jws: CompactJws | None
) -> Iterator[UnverifiedCredential]:
    envelope = Envelope(path=place.path, document=signed, jws=jws)
    content = presentation.get("verifiableCredential")
    inner = place.inside(".verifiableCredential", envelope=envelope)
    yield from _each(content, inner)


def _each(content: Any, place: Place) -> Iterator[UnverifiedCredential]:
    """The members of a `verifiableCredential`: one, or an array of them; each may be unreadable on its own."""
    if isinstance(content, list):
        _check_length(content)
        for index, item in enumerate(content):
            yield from _something(item, place.at(f"{place.path}[{index}]"))
    elif content is not None:
        yield from _something(content, place)


def _check_length(items: list[Any]) -> None:
    """A list of a million nothings would be looked through for seconds."""
    if len(items) > _MAX_ITEMS:
        raise SubmissionTooLarge(f"A list in it has more than {_MAX_ITEMS} entries.", code="too_many")


def _something(item: Any, place: Place) -> list[UnverifiedCredential]:
    """What stands where a credential must stand is one; else it would be lost without a word."""
    return _guarded(item, place) or [_unreadable(item, place, no_credential())]


def _guarded(item: Any, place: Place) -> list[UnverifiedCredential]:
    """One of several credentials: when it cannot be read, it alone is refused, with its own path and code."""
    try:
        return list(_walk(item, place))
    except (UnreadableSubmission, UnsupportedFormat) as error:
        return [_unreadable(item, place, error)]


def _unreadable(item: Any, place: Place, error: IntakeError) -> UnverifiedCredential:
    return UnverifiedCredential(
        path=place.path,
        format=CredentialFormat.VERIFIABLE_CREDENTIAL,
        data_model=None,
        document={},
        sha256=_digest(item),
        envelopes=place.envelopes,
        parent=place.parent,
        carrier=place.carrier,
        problem=error,
    )


def _sealed(value: Json, place: Place) -> UnverifiedCredential:
    jws, document = jose.open_json_serialization(value)
    secrets.refuse_keys(document)
    if not isinstance(document, dict) or kinds.credential_format(document) is not CredentialFormat.EUROPASS_EDC:
        raise UnsupportedFormat("A token in JSON serialisation cannot be checked here.", code="unsupported_format")
    return _credential(document, place, CredentialFormat.EUROPASS_EDC, jws)


def _walk_wrapper(value: Json, place: Place) -> Iterator[UnverifiedCredential]:
    """The usual envelopes, by their members; the same credential under two of them counts once (VerifierPlus)."""
    seen: set[str] = set()
    for name in kinds.WRAPPER_MEMBERS:
        if name not in value:
            continue
        here: list[UnverifiedCredential] = []
        inner = place.inside(f".{name}")
        answered = name == "vp_token" and _is_by_query(value[name])
        walk = _walk_answers(value[name], inner) if answered else _walk(value[name], inner)
        for credential in walk:
            if _name(credential) not in seen:
                here.append(credential)
        seen.update(_name(credential) for credential in here)
        yield from here


def _name(credential: UnverifiedCredential) -> str:
    """What two finds of one credential share: the token, signature and all; the document, with its proof."""
    if credential.jws is not None:
        return credential.jws.token
    return credential.sha256 if credential.problem is not None else _digest(credential.document)


def _is_by_query(value: Any) -> bool:
    """Whether a `vp_token` is the answer to a query: presentations by the ids that were asked for (OpenID4VP 1.0)."""
    if not isinstance(value, dict) or "type" in value or "@context" in value:
        return False
    return all(isinstance(shown, str | list) for shown in value.values())


def _walk_answers(value: Json, place: Place) -> Iterator[UnverifiedCredential]:
    _check_length(list(value))
    for name, shown in value.items():
        yield from _guarded(shown, place.at(f"{place.path}.{_step(name)}"))


def _open_badge_2(document: Json, place: Place, jws: CompactJws | None) -> UnverifiedCredential:
    credential = _credential(document, place, CredentialFormat.OPEN_BADGE_2, jws)
    return replace(credential, data_model=None, url=_hosted_at(document) or place.url)


def _hosted_at(document: Json) -> str | None:
    """An Open Badges 2.0 assertion lives at its id; a 1.0 one says so in `verify.url`."""
    verify = document.get("verify")
    candidates = [document.get("id"), document.get("@id"), verify.get("url") if isinstance(verify, dict) else None]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate.startswith(("https://", "http://")):
            return candidate
    return None


def _credential(document: Json, place: Place, kind: CredentialFormat, jws: CompactJws | None) -> UnverifiedCredential:
    return _made(document, place, kind, jws, kinds.data_model_of(document))


def _made(
    document: Json, place: Place, kind: CredentialFormat, jws: CompactJws | None, data_model: str | None
) -> UnverifiedCredential:
    sha256 = hashlib.sha256(place.raw).hexdigest() if place.raw is not None else _digest(document)
    envelopes, parent, url, carrier = place.envelopes, place.parent, place.url, place.carrier
    return UnverifiedCredential(place.path, kind, data_model, document, sha256, jws, envelopes, parent, url, carrier)


def _digest(value: Any) -> str:
    """SHA-256 of a re-serialisation with sorted members, for a document that has no bytes of its own."""
    try:
        raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits
        raw = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(raw).hexdigest()
