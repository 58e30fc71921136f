"""Every parser, what it is fed first, and what must hold of it whatever it is fed.

A target takes bytes. It may raise the errors that it declares (caught here) and nothing else; where there is a second
reader of the same language, the two must agree.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import tempfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import orjson

from connector import codec, hosting
from connector.answers import answer
from connector.errors import ConfigurationError, ConnectorError, IntakeError, MappingError, PolicyFileError
from connector.infra.fetch import check_url, read_body
from connector.infra.world_file import RecordedWorld
from connector.intake import only_link, receive, screen
from connector.mapping.loader import parse_mapping
from connector.model.applicant import Applicant
from connector.model.submission import Submission
from connector.operate import policy_edit
from connector.ports import World
from connector.testing import bake
from connector.testing.documents import NOW, MemoryDocuments
from connector.testing.issuer import Issuer
from connector.testing.registry_host import FederationHost
from connector.testing.sd_jwt import SdJwtMint
from connector.testing.selective import SelectiveRecord
from connector.testing.signed_badges import SignedBadges
from connector.testing.signing import SigningKey
from connector.verify import Policy, certificates, federation, keys
from connector.verify.dates import parse_date_time
from connector.verify.did import KeyQuestion, find_key
from connector.verify.errors import CheckError
from connector.verify.policy_file import load_policy
from connector.verify.registries import RegistryProblem, read_dcc
from connector.verify.spelling import reference

EMAIL: Final = "maria@mail.example"
MARIA: Final = Applicant(name="Maria Okafor", emails=(EMAIL,))
KEPT: Final = Path(__file__).parent / "seeds"


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], None]
    seeds: list[bytes] = field(default_factory=list)


TARGETS: dict[str, Target] = {}


def target(*seeds: bytes | str) -> Callable[[Callable[[bytes], None]], Callable[[bytes], None]]:
    def add(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
        first = [seed.encode() if isinstance(seed, str) else seed for seed in seeds]
        TARGETS[run.__name__] = Target(run, first)
        return run

    return add


def kept(name: str) -> list[bytes]:
    """What once went wrong, or nearly did."""
    return [path.read_bytes() for path in sorted((KEPT / name).glob("*"))]


ISSUER: Final = Issuer("fuzz", method="web")
_OTHER: Final = Issuer("fuzz p-256", method="web", alg="ES256")
_BADGE: Final = ISSUER.open_badge(email=EMAIL, tags=["MIG welding"])
_JSON: Final = json.dumps(_BADGE)
_TOKEN: Final = ISSUER.jwt_badge(email=EMAIL)
_CLR: Final = json.dumps(ISSUER.clr(badges=[_BADGE], email=EMAIL))


# --- codec -------------------------------------------------------------------------------------------------------


@target(
    _JSON, '{"a": [1, 2.5, -0.0, 1e5, "\\u00e9\\n", true, null, {}]}', '{"a": "\\ud83d\\ude00"}', "[[[]]]", '"x"', "1"
)
def json_text(data: bytes) -> None:
    """Two readers: the standard library's and orjson."""
    try:
        value = codec.parse_json(data)
    except IntakeError as error:
        if error.code == "not_json":
            assert _standard(data) is _REFUSED, "refused as no JSON, and the standard library reads it"
        return
    assert _standard(data) == value and _typed(value) == _typed(_standard(data))
    with suppress(orjson.JSONDecodeError):  # of numbers that it has no room for
        assert orjson.loads(data) == value or _has_long_number(value)


_REFUSED: Final = object()


def _standard(data: bytes) -> Any:
    def refuse(_: str) -> Any:
        raise ValueError

    try:
        return json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return _REFUSED


def _typed(value: Any) -> Any:
    """`1`, `1.0` and `True` are equal, and not the same."""
    if isinstance(value, dict):
        return {name: _typed(item) for name, item in value.items()}
    return [_typed(item) for item in value] if isinstance(value, list) else (type(value), value)


def _has_long_number(value: Any) -> bool:
    """orjson reads integers beyond 64 bits as floats."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (isinstance(value, int) and abs(value) >= 2**63) or any(_has_long_number(item) for item in items)


@target("", "AA", "AAA", "AAAA", "_-8", codec.b64url_encode(bytes(range(256))))
def base64url_text(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        raw = codec.b64url_decode(text)
    except IntakeError:
        try:
            lenient = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return
        assert codec.b64url_encode(lenient) != text, "the one spelling of a value was refused"
        return
    assert codec.b64url_encode(raw) == text


@target("", "1", "11z", "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", codec.base58_encode(bytes(range(64))))
def base58_text(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        raw = codec.base58_decode(text)
    except IntakeError:
        return
    assert codec.base58_encode(raw) == text
    try:
        keys.from_multikey(text)
    except CheckError:
        return


@target(_TOKEN, "e30.e30.", "..", "a.b.c")
def compact_jws(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        header, payload, signing_input, signature = codec.split_compact_jws(text)
    except IntakeError:
        return
    assert isinstance(header, dict)
    assert text == f"{signing_input.decode()}.{codec.b64url_encode(signature)}"
    assert signing_input.decode().endswith(codec.b64url_encode(payload))


@target(
    zlib.compress(b"hello" * 50), gzip.compress(b"hello" * 50, mtime=0), zlib.compress(b""), gzip.compress(bytes(9_000))
)
def compressed(data: bytes) -> None:
    for is_gzip in (False, True):
        try:
            ours = codec.inflate(data, max_bytes=5_000, gzip=is_gzip)
        except IntakeError:
            continue
        assert ours == zlib.decompress(data, wbits=31 if is_gzip else 15)
    for encoding in ("gzip", "deflate", "identity"):
        try:
            assert len(read_body([data], encoding=encoding, max_bytes=5_000)) <= 5_000
        except ConnectorError:
            continue


# --- intake ------------------------------------------------------------------------------------------------------


@target(
    _JSON, _TOKEN, _CLR, f"Dear all,\n{_JSON}\nBest", f"```json\n{_JSON}\n```", json.dumps(_TOKEN), "https://x.example/a",
    f"data:application/vc+jwt,{_TOKEN}", "data:;base64," + base64.b64encode(_JSON.encode()).decode(), f"{_TOKEN}\n{_TOKEN}",
    json.dumps({"credential": _JSON, "verifiableCredential": [_TOKEN]}), json.dumps(ISSUER.presentation([_BADGE, _TOKEN], signed=False)),
    json.dumps({"type": "LER-RS", "verifications": [_BADGE, {"a": [_TOKEN]}]}),
    json.dumps({"payload": _JSON, "signatures": [{"protected": codec.b64url_encode(b'{"b64":false}'), "signature": "AA"}]}),
)  # fmt: skip
def upload(data: bytes) -> None:
    for door in (screen, only_link, lambda raw: receive(Submission(content=raw))):
        try:
            door(data)
        except IntakeError as error:
            assert error.code and error.message


@target(bake.bake_png(_JSON, compressed=True), bake.bake_png(_TOKEN, kind="zTXt"), bake.bake_png(_JSON, kind="tEXt"))
def picture(data: bytes) -> None:
    upload(data)
    upload(_mended(data))


def _mended(data: bytes) -> bytes:
    """The picture with the checksums that it should have: what is behind them is to be reached."""
    position, out = 8, data[:8]
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        body = data[position + 4 : position + 8 + length]
        out += data[position : position + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        position += 12 + length
    return out


@target(bake.bake_svg(_JSON), bake.bake_svg(_TOKEN, attribute=True), '<?xml version="1.0" encoding="utf-8"?><svg/>')
def drawing(data: bytes) -> None:
    upload(data)


@target(
    '<html><head><link rel="alternate" type="application/json" href="a.json"></head></html>',
    f'<script type="application/ld+json">{_JSON}</script>',
)
def web_page(data: bytes) -> None:
    page = hosting.read_page(data, "https://x.example/page")
    assert all(isinstance(address, str) for address in page.alternates)


@target(
    "https://x.example/a?b#c",
    "https://user@x.example",
    "https://[::1]/",
    "https://\u00e9.example/",
    "did:web:x.example:a%2Fb",
)
def address(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for read in (check_url, hosting.split, lambda url: hosting.join("https://x.example/", url)):
        try:
            read(text)
        except (ConnectorError, ValueError):
            continue
    hosting.assertion_address(text)
    hosting.same_document(text, "https://x.example/")


# --- the whole way -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _selective() -> str:
    record = SelectiveRecord(_OTHER.unsigned_badge(email=EMAIL), _OTHER.key, _OTHER.key_id)
    return json.dumps(record.show(["/credentialSubject/identifier", "/credentialSubject/achievement"]))


_WORLD: Final = {**ISSUER.documents, **_OTHER.documents, **SignedBadges().documents}


def _answered(data: bytes, documents: dict[str, Any]) -> dict[str, Any]:
    found = answer(Submission(content=data), Policy(), World(MemoryDocuments(documents)), applicant=MARIA, now=NOW)
    json.dumps(found)
    return found


@target(
    _JSON, _TOKEN, _CLR, _selective(), SdJwtMint(ISSUER).badge(hide=["name"], email=EMAIL).text(),
    SdJwtMint(ISSUER).mint(SdJwtMint(ISSUER).claims(), hide=["email", "achievement.name"], decoys=2).text(),
    SignedBadges().issue(email=EMAIL), json.dumps(_OTHER.open_badge(email=EMAIL, proof="ecdsa-jcs-2019")),
    json.dumps(ISSUER.presentation([_BADGE])), json.dumps(ISSUER.open_badge(email=EMAIL, proof="Ed25519Signature2018", model="1.1")),
    ISSUER.jwt_badge(profile="vc-jwt", email=EMAIL),
)  # fmt: skip
def record(data: bytes) -> None:
    """From bytes to an answer: bad input is an answer, never an exception."""
    _answered(data, _WORLD)


@target(json.dumps(_BADGE), json.dumps(ISSUER.unsigned_badge(email=EMAIL, revoked=True)))
def signed_payload(data: bytes) -> None:
    """What a genuine signature stands over is the issuer's word, and may still be anything."""
    head = codec.b64url_encode(json.dumps({"alg": "EdDSA", "kid": ISSUER.key_id, "typ": "vc+jwt"}).encode())
    signing_input = f"{head}.{codec.b64url_encode(data)}"
    signature = codec.b64url_encode(ISSUER.key.sign(signing_input.encode()))
    _answered(f"{signing_input}.{signature}".encode(), _WORLD)


@target(codec.b64url_decode(json.loads(_selective())["proof"]["proofValue"][1:]))
def selective_proof_value(data: bytes) -> None:
    document = json.loads(_selective())
    document["proof"]["proofValue"] = f"u{codec.b64url_encode(data)}"
    _answered(json.dumps(document).encode(), _WORLD)


# --- what is fetched ---------------------------------------------------------------------------------------------


@target(
    json.dumps(ISSUER.controller_document()), json.dumps(_OTHER.controller_document()),
    json.dumps({"keys": [{**SigningKey("fuzz").public_jwk, "kid": "key-1"}]}),
)  # fmt: skip
def key_document(data: bytes) -> None:
    for method in (ISSUER.key_id, "https://fuzz.example/keys#key-1"):
        documents = MemoryDocuments(
            {"https://fuzz.example/.well-known/did.json": data, "https://fuzz.example/keys": data}
        )
        try:
            find_key(method, KeyQuestion("assertionMethod", NOW, NOW), documents)
        except CheckError:
            continue


@lru_cache(maxsize=1)
def _with_status() -> tuple[bytes, str]:
    badge = ISSUER.open_badge(email=EMAIL, status=ISSUER.status_entry())
    return json.dumps(badge).encode(), badge["credentialStatus"][0]["statusListCredential"]


def _status_seed() -> str:
    return json.dumps(ISSUER.documents[_with_status()[1]])


@target(_status_seed())
def status_list(data: bytes) -> None:
    content, url = _with_status()
    found = _answered(content, {**_WORLD, url: data})
    if data != _status_seed().encode() and found["verdict"] == "verified":
        genuine = json.loads(_status_seed())
        assert _plainly(codec.parse_json(data)) == _plainly(genuine), "a changed list was believed"


def _plainly(value: Any) -> Any:
    """What a proof over RDF cannot tell apart (`verify.spelling`): a list of nothing else, an object that only has an
    id, null and an empty list."""
    value = reference(value)
    if isinstance(value, dict):
        return {name: _plainly(item) for name, item in value.items() if item is not None and item != []}
    return [_plainly(item) for item in value] if isinstance(value, list) else value


@target(
    "2025-05-01T00:00:00Z", "2025-05-01T00:00:00.123456+02:00", "2016-12-31T23:59:60Z", "9999-12-31T24:00:00-14:00",
    "0001-01-01T00:00:00+14:00", "2025-02-29T00:00:00Z", "2025-05-01",
)  # fmt: skip
def date_time(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    ours = parse_date_time(text)
    try:
        theirs = datetime.fromisoformat(text)
    except ValueError:
        return
    if ours is not None and theirs.tzinfo is not None and 1 < theirs.year < 9999:  # the calendar ends there
        assert abs((ours - theirs).total_seconds()) < 1e-3


@target(
    '{"registry": {"did:web:x.example": {"name": "X", "url": "https://x.example"}}}',
    '{"did:web:x.example": {"name": "X"}}',
)
def registry_file(data: bytes) -> None:
    try:
        read_dcc(data)
    except RegistryProblem:
        return


@target(base64.b64encode(bytes(range(200))), "MIIB")
def certificate(data: bytes) -> None:
    for chain in ([data.decode("utf-8", "replace")], [base64.b64encode(data).decode()] * 2):
        try:
            certificates.found_key(chain, "https://x.example", (), now=NOW)
        except CheckError:
            continue
    try:
        certificates.read_anchors(data.decode("utf-8", "replace"))
    except ValueError:
        return


# --- what the employer writes ------------------------------------------------------------------------------------


@target(
    "trusted_issuers:\n  - did:web:x.example\n  - id: did:web:y.example\n    from: 2025-01-01T00:00:00Z\n    types: [A]\n",
    "registries:\n  - url: https://x.example/r.json\n    kind: dcc\n    recognise: false\ntest_issuers: allow\n", "{}",
)  # fmt: skip
def policy_file(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(data)
        file.flush()
        try:
            load_policy(file.name)
        except PolicyFileError as error:
            assert error.message


@target(*[path.read_bytes() for path in sorted((Path(__file__).parents[2] / "mappings").glob("*.yaml"))])
def mapping_file(data: bytes) -> None:
    try:
        parse_mapping(data.decode("utf-8", "replace"))
    except MappingError as error:
        assert error.message


@target(
    json.dumps({"https://x.example/": {"status": 200, "body": "{}", "content_encoding": "gzip"}}),
    json.dumps([{"url": "https://x.example/", "file": "a.json", "status": 404}]), json.dumps({"did:example:1": "did.json"}),
)  # fmt: skip
def recorded_world(data: bytes) -> None:
    try:
        value = codec.parse_json(data)
    except IntakeError:
        return
    try:
        RecordedWorld(value, base=KEPT)
    except ConfigurationError:
        return


_ANCHOR: Final = FederationHost({ISSUER.id: "Lakeview University"}, now=lambda: NOW)
_PINNED: Final = federation.pinned_keys(tuple(_ANCHOR.jwks["keys"]))
_STATEMENT: Final = _ANCHOR.statement(ISSUER.id)


@target(_STATEMENT, _ANCHOR.configuration())
def entity_statement(data: bytes) -> None:
    """What is believed is what the anchor signed, to the letter; a blank around a token is no letter of it."""
    token = data.decode("utf-8", "replace")
    try:
        found = federation.read_statement(token, _PINNED, issuer=_ANCHOR.url, subject=ISSUER.id, now=NOW)
    except RegistryProblem:
        return
    assert token.strip() == _STATEMENT
    federation.entry_from(found, found)


@target(
    "# ours\ntrusted_issuers:  # the list\n  - did:web:a.example\n  - id: did:web:b.example\n    name: B  # b\n",
    '{"trusted_issuers": ["did:web:a.example"], "denied_issuers": ["did:web:new.example"]}',
    "trusted_issuers: [did:web:a.example]\ndenied_issuers:\n- did:web:new.example # bad\n",
    "test_issuers: refuse\n",
)
def policy_change(data: bytes) -> None:
    """An issuer is accepted, and nothing else of the file changes its meaning; or the file is left."""
    new, text = {"id": "did:web:new.example", "name": "New"}, data.decode("utf-8", "replace")
    try:
        after = policy_edit.accepted(text, new)
    except (PolicyFileError, policy_edit.PolicyNotChanged):
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "policy.yaml"
        file.write_text(after, encoding="utf-8", newline="")
        try:
            policy = load_policy(file)
        except PolicyFileError:  # of a registry's file that is not there
            return
    assert policy.recognise("did:web:new.example", (), None).name == "New"
    assert not policy.denies("did:web:new.example")
    assert policy_edit.accepted(after, new) == after
