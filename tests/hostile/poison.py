"""Documents that were made to cost much: one builder for each way, and the world that its addresses lead to.

Whoever sends one has a key of his own and signs what he likes, so most of them carry a proof that holds or could hold:
the cost lies before, in and behind the check of the signature.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any, Final

from connector import codec
from connector.testing.bake import no_picture, png_chunk
from connector.testing.bbs_signing import BbsKey
from connector.testing.issuer import OB3, VC2, Issuer
from connector.testing.selective import BbsRecord, SelectiveRecord

Json = dict[str, Any]
Poison = bytes | tuple[bytes, dict[str, Any]]
Builder = Callable[[], Poison]

EMAIL: Final = "maria@mail.example"
NEARLY_FULL: Final = 4_900_000
"""Just under the limit of what is read as JSON."""
MARKS: Final = "\u0301\u0323"
"""Combining marks in the order that Unicode normalization must put right, one by one."""

POISONS: dict[str, Builder] = {}


def poison(build: Builder) -> Builder:
    POISONS[build.__name__] = build
    return build


def _bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _badge(edit: Callable[[Json], object]) -> bytes:
    """A badge whose proof is none, because making one would cost us as much as checking it: well formed, and wrong."""
    badge = _issuer().open_badge(email=EMAIL)
    edit(badge)
    return _bytes(badge)


def _token(edit: Callable[[Json], object], **options: Any) -> bytes:
    """A token whose signature holds: what it says is believed to be signed."""
    return _issuer().jwt_badge(email=EMAIL, edit=lambda d: edit(d) and None, **options).encode()


def _plain_token(edit: Callable[[Json], object]) -> bytes:
    """The same for somebody who is only named."""
    return _issuer().jwt_badge(subject_name="Maria Okafor", edit=lambda d: edit(d) and None).encode()


def _issuer() -> Issuer:
    return Issuer("poisoner", method="key")


def _subject(document: Json) -> Json:
    subject: Json = document["credentialSubject"]
    return subject


# --- JSON --------------------------------------------------------------------------------------------------------


@poison
def a_list_of_empty_objects() -> Poison:
    return b"[" + b"{}," * 1_600_000 + b"{}]"


@poison
def a_wall_of_brackets() -> Poison:
    return b"[" * NEARLY_FULL


@poison
def a_wall_of_brackets_that_closes_in_pairs() -> Poison:
    return b"[" + (b"[" * 40 + b"]" * 40 + b",") * 60_000 + b"0]"


@poison
def objects_of_one_member() -> Poison:
    return b"[" + b'{"":0},' * 700_000 + b"0]"


@poison
def objects_of_one_member_below_the_limit_of_parts() -> Poison:
    return b'{"credentialSubject": {"achievement": [' + b'{"abcdefgh":[1]},' * 140_000 + b'0]}, "issuer": "x"}'


@poison
def texts_without_end() -> Poison:
    return b'{"credentialSubject": [' + b",".join(b'"%d"' % n for n in range(550_000)) + b'], "issuer": "x"}'


@poison
def numbers_without_end() -> Poison:
    return b'{"credentialSubject": [' + b",".join(b"%d" % n for n in range(1000, 900_000)) + b'], "issuer": "x"}'


@poison
def quotes_and_backslashes() -> Poison:
    return b'["' + b'\\\\\\"[' * 900_000 + b'"]'


@poison
def a_number_of_five_million_digits() -> Poison:
    return b'{"credentialSubject": {}, "n": ' + b"9" * NEARLY_FULL + b"}"


@poison
def a_fraction_of_five_million_digits() -> Poison:
    return b'{"credentialSubject": {}, "n": 0.' + b"7" * NEARLY_FULL + b"e1}"


@poison
def many_long_numbers() -> Poison:
    return (
        b'{"type": ["VerifiableCredential"], "n": [' + b"1234567890123456789012345678901234567890," * 119_000 + b"0]}"
    )


@poison
def many_numbers_in_a_badge() -> Poison:
    return _badge(lambda d: d["credentialSubject"]["achievement"].update(creditsAvailable=[0.5] * 900_000))


@poison
def members_without_end() -> Poison:
    return _badge(lambda d: d.update({f"m{n}": n for n in range(300_000)}))


@poison
def one_member_name_of_four_megabytes() -> Poison:
    return _badge(lambda d: d.update({"m" * 4_000_000: 1}))


@poison
def a_string_of_four_megabytes() -> Poison:
    return _badge(lambda d: d.update(description="a" * 4_000_000))


@poison
def a_string_that_must_be_escaped() -> Poison:
    return _badge(lambda d: d.update(description='\x7f\u0085\\"' * 600_000))


@poison
def a_string_of_control_characters() -> Poison:
    return _badge(lambda d: d.update(description="\x01" * 700_000))


# --- contexts, types, statements ---------------------------------------------------------------------------------


@poison
def a_hundred_thousand_contexts() -> Poison:
    return _badge(lambda d: d.update({"@context": [VC2, *[OB3] * 80_000]}))


@poison
def contexts_in_every_order() -> Poison:
    """Each badge brings an order of contexts of its own: each order has to be worked out."""
    from itertools import permutations

    from connector.testing.issuer import CLR2, DATA_INTEGRITY, ED2018, ED2020, STATUS2021

    orders = permutations([OB3, CLR2, DATA_INTEGRITY, ED2018, ED2020, STATUS2021])
    badge = _issuer().open_badge(email=EMAIL)
    return _bytes([{**badge, "@context": [VC2, *order]} for _, order in zip(range(480), orders, strict=False)])


@poison
def inline_contexts_of_their_own() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    many = [
        {**badge, "@context": [VC2, OB3, {f"own{n}": f"https://poison.example/{n}#own"}], f"own{n}": "x"}
        for n in range(480)
    ]
    return _bytes(many)


@poison
def inline_contexts_at_every_node() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    evidence = [
        {"id": f"https://a.example/{n}", "type": ["Evidence"], "@context": {f"t{n}": f"https://b.example/{n}#a"}}
        for n in range(30_000)
    ]
    return _bytes({**badge, "evidence": evidence})


@poison
def types_in_every_combination() -> Poison:
    types = ["OpenBadgeCredential", "AchievementCredential", "EndorsementCredential", "ClrCredential"]
    types += ["Evidence", "Profile", "Result", "Rubric", "Achievement", "Alignment", "Criteria", "Image", "Address"]
    badge = _issuer().open_badge(email=EMAIL)

    def mixed(n: int) -> list[str]:
        return [name for position, name in enumerate(types) if n >> position & 1]

    return _bytes([{**badge, "type": ["VerifiableCredential", *mixed(n)]} for n in range(480)])


@poison
def a_type_list_without_end() -> Poison:
    return _badge(lambda d: d.update(type=["VerifiableCredential", "OpenBadgeCredential"] * 90_000))


@poison
def many_statements() -> Poison:
    return _badge(lambda d: d.update(evidence=[{"type": ["Evidence"], "name": f"{n}"} for n in range(90_000)]))


@poison
def like_siblings() -> Poison:
    return _badge(lambda d: d.update(evidence=[{"type": ["Evidence"]}] * 2_000))


@poison
def many_badges_of_like_siblings() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    return _bytes([{**badge, "evidence": [{"type": ["Evidence"]}] * 300} for _ in range(480)])


@poison
def poisoned_badges_without_end() -> Poison:
    """Each is below the limit of one document."""
    badge = _issuer().open_badge(email=EMAIL)
    poisoned = {**badge, "evidence": [{"type": ["Evidence"], "name": "x"}] * 7}
    return _bytes([poisoned] * 480)


@poison
def poisoned_badges_in_a_transcript() -> Poison:
    """Each is walked for itself, and once more for all that it sits in."""
    badge = _issuer().open_badge(email=EMAIL)
    poisoned = {**badge, "evidence": [{"type": ["Evidence"], "name": "x"}] * 7}
    return _bytes(_issuer().clr(badges=[badge], email=EMAIL) | {"credentialSubject": {
        "type": ["ClrSubject"], "verifiableCredential": [poisoned] * 450}})  # fmt: skip


# --- proofs and keys ---------------------------------------------------------------------------------------------


@poison
def eight_proofs_on_a_large_document() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    badge["evidence"] = [{"type": ["Evidence"], "name": f"{n}"} for n in range(40_000)]
    return _bytes({**badge, "proof": [badge["proof"]] * 8})


@poison
def a_hundred_thousand_proofs() -> Poison:
    return _badge(lambda d: d.update(proof=[{"type": "DataIntegrityProof"}] * 100_000))


@poison
def a_proof_value_of_four_megabytes() -> Poison:
    return _badge(lambda d: d["proof"].update(proofValue="z" + "2" * 4_000_000))


@poison
def a_key_identifier_of_four_megabytes() -> Poison:
    return _badge(lambda d: d["proof"].update(verificationMethod="did:key:z" + "6" * 4_000_000))


@poison
def base58_at_its_limit_many_times() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    long = {**badge["proof"], "verificationMethod": "did:key:z6" + "M" * 1_990}
    return _bytes([{**badge, "proof": [{**long, "created": f"2025-01-01T00:00:0{n}Z"} for n in range(8)]}] * 480)


@poison
def an_rsa_key_with_a_huge_modulus() -> Poison:
    jwk = {"kty": "RSA", "n": codec.b64url_encode(b"\xff" * 2_900), "e": "AQAB"}
    return _token(lambda d: None, header={"alg": "RS256", "kid": None, "jwk": jwk})


@poison
def rsa_keys_with_huge_exponents() -> Poison:
    jwk = {"kty": "RSA", "n": codec.b64url_encode(b"\xff" * 383 + b"\xfd"), "e": codec.b64url_encode(b"\x7f" * 383)}
    token = _token(lambda d: None, header={"alg": "RS256", "kid": None, "jwk": jwk}).decode()
    head, body, _ = token.split(".")
    return _bytes([f"{head}.{body}.{codec.b64url_encode(b'A' * 384)}"] * 450)


@poison
def a_token_of_a_megabyte() -> Poison:
    return _token(lambda d: d.update(description="a" * 700_000))


@poison
def a_token_header_of_a_megabyte() -> Poison:
    return _token(lambda d: None, header={"x5c": ["A" * 900_000]})


@poison
def disclosures_without_end() -> Poison:
    disclosure = codec.b64url_encode(b'["salt", "name", "value"]')
    return _token(lambda d: None) + b"~" + f"{disclosure}~".encode() * 100_000


@poison
def disclosures_in_disclosures() -> Poison:
    """Each hides the next: put together, they would nest without end."""
    inner: Any = "x"
    made = []
    for number in range(5_000):
        text = codec.b64url_encode(json.dumps([f"salt{number}", "a", inner]).encode())
        made.append(text)
        inner = {"_sd": [codec.b64url_encode(hashlib.sha256(text.encode()).digest())]}
    token = _issuer().jwt({"iss": _issuer().id, "vct": "https://x.example/v", **inner}, typ="dc+sd-jwt")
    return (token + "~" + "~".join(made) + "~").encode()


@poison
def derived_proofs_with_a_signature_for_each_of_many_statements() -> Poison:
    issuer = Issuer("poisoner selective", method="key", alg="ES256")
    tags = [f"skill {n}" for n in range(120)]
    record = SelectiveRecord(issuer.unsigned_badge(email=EMAIL, tags=tags), issuer.key, issuer.key_id)
    shown = record.show(["/credentialSubject/identifier", "/credentialSubject/achievement"])
    return _bytes([shown] * 200)


@poison
def derived_proofs_that_need_pairings() -> Poison:
    key = BbsKey("poisoner")
    issuer = _issuer()
    issuer.id = f"did:key:{key.multikey}"
    badge = issuer.unsigned_badge(email=EMAIL)
    record = BbsRecord(badge, key, f"{issuer.id}#{key.multikey}")
    shown = record.show(["/credentialSubject/identifier", "/credentialSubject/achievement"])
    return _bytes([shown] * 400)


@poison
def eight_proofs_over_canonical_json() -> Poison:
    badge = _issuer().open_badge(email=EMAIL, proof="eddsa-jcs-2022")
    badge["evidence"] = [{"type": ["Evidence"], "name": f"{n}", "narrative": "x" * 200} for n in range(14_000)]
    return _bytes({**badge, "proof": [{**badge["proof"], "created": f"2025-01-01T00:00:0{n}Z"} for n in range(8)]})


@poison
def eight_proofs_over_numbers_and_odd_names() -> Poison:
    """What is slow to canonicalize: fractions, and names beyond the first plane of Unicode."""
    badge = _issuer().open_badge(email=EMAIL, proof="eddsa-jcs-2022")
    badge["odd"] = [{f"\U0001f600{n}": n + 0.1} for n in range(90_000)]
    return _bytes({**badge, "proof": [{**badge["proof"], "created": f"2025-01-01T00:00:0{n}Z"} for n in range(8)]})


@poison
def a_chain_of_proofs_over_a_large_document() -> Poison:
    badge = _issuer().open_badge(email=EMAIL)
    badge["evidence"] = [{"type": ["Evidence"], "name": f"{n}"} for n in range(20_000)]
    proofs = [{**badge["proof"], "id": f"urn:uuid:{n}"} for n in range(8)]
    for n in range(1, 8):
        proofs[n]["previousProof"] = [f"urn:uuid:{k}" for k in range(n)]
    return _bytes({**badge, "proof": proofs})


@poison
def the_costliest_keys() -> Poison:
    token = Issuer("poisoner rsa", method="jwk", alg="RS256").jwt_badge(email=EMAIL)
    _, body, _ = token.split(".")
    jwk = {"kty": "RSA", "n": codec.b64url_encode(b"\xff" * 1_023 + b"\xfd"), "e": "AQAB"}
    header = {"alg": "RS256", "typ": "vc+jwt", "jwk": jwk}
    first = codec.b64url_encode(json.dumps(header).encode())
    return _bytes([f"{first}.{body}.{codec.b64url_encode(b'A' * 1_024)}"] * 450)


@poison
def tokens_on_the_slowest_curve() -> Poison:
    issuer = Issuer("poisoner slow", method="jwk", alg="ES512")
    return _bytes([issuer.jwt_badge(email=EMAIL, name=f"N{n}") for n in range(480)])


@poison
def endorsements_without_end() -> Poison:
    endorsement = _issuer().endorsement("urn:uuid:x")
    return _token(lambda d: d.update(endorsement=[endorsement] * 400))


@poison
def endorsements_in_a_transcript() -> Poison:
    endorsement = _issuer().endorsement("urn:uuid:x")
    badge = _issuer().open_badge(email=EMAIL, edit=lambda d: d.update(endorsement=[endorsement] * 8))
    return _bytes([{**badge, "id": f"urn:uuid:{n}"} for n in range(400)])


@poison
def chains_of_certificates() -> Poison:
    token = _token(lambda d: None, header={"x5c": ["M" * 1_300] * 6, "typ": "vc+sd-jwt"}).decode()
    return _bytes([f"{token}~"] * 480)


@poison
def presentations_in_presentations() -> Poison:
    holder = Issuer("poisoner holder", method="key")
    badge = _issuer().open_badge(email=EMAIL)
    wrapped: Json = {}
    for number in range(6):  # the proofs are of other presentations: making them would cost us as much as checking
        outer = holder.presentation([], challenge=f"{number}")
        wrapped = {**outer, "verifiableCredential": [wrapped] if wrapped else [badge] * 60}
    return _bytes(wrapped)


# --- what is said ------------------------------------------------------------------------------------------------


@poison
def statements_without_end() -> Poison:
    return _token(lambda d: d["credentialSubject"]["achievement"].update(tag=[f"s{n}" for n in range(90_000)]))


@poison
def a_transcript_of_tagged_badges() -> Poison:
    tags = [f"skill number {n}" for n in range(450)]
    token = _issuer().jwt_badge(email=EMAIL, tags=tags)
    return _bytes([token] * 400)


@poison
def subjects_without_end() -> Poison:
    def edit(document: Json) -> None:
        document["credentialSubject"] = [dict(document["credentialSubject"])] * 1_500

    return _token(edit)


@poison
def a_name_of_combining_marks() -> Poison:
    return _plain_token(lambda d: _subject(d).update(name="a" + MARKS * 150_000))


@poison
def an_email_of_combining_marks() -> Poison:
    return _plain_token(lambda d: _subject(d).update(email="a" + MARKS * 150_000 + "@mail.example"))


@poison
def an_issuer_name_of_combining_marks() -> Poison:
    return _token(lambda d: d["issuer"].update(name="a" + MARKS * 150_000))


@poison
def an_address_of_combining_marks() -> Poison:
    return _token(lambda d: d.update(id="https://a" + MARKS * 80_000 + ".example/"))


@poison
def a_status_address_of_combining_marks() -> Poison:
    url = "https://a" + MARKS * 80_000 + ".example/"
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    return _token(lambda d: d.update(credentialStatus={**entry, "statusListCredential": url}))


@poison
def a_key_address_of_combining_marks() -> Poison:
    return _badge(lambda d: d["proof"].update(verificationMethod="https://a" + MARKS * 150_000 + ".example/#k"))


@poison
def an_issuer_address_of_combining_marks() -> Poison:
    url = "https://a" + MARKS * 80_000 + ".example/"
    return _token(lambda d: d["issuer"].update(id=url), claims={"iss": url})


@poison
def a_link_of_combining_marks() -> Poison:
    return ("https://a" + MARKS * 900 + ".example/").encode()


@poison
def a_schema_address_of_combining_marks() -> Poison:
    url = "https://a" + MARKS * 80_000 + ".example/"
    return _token(lambda d: d.update(credentialSchema={"id": url, "type": "JsonSchema"}))


@poison
def a_hosted_badge_with_an_address_of_combining_marks() -> Poison:
    url = "https://a" + MARKS * 150_000 + ".example/"
    return _bytes({"@context": "https://w3id.org/openbadges/v2", "type": "Assertion", "id": url, "badge": url,
                   "recipient": {"type": "email", "identity": "a@b.example"}})  # fmt: skip


def _page(body: bytes) -> Poison:
    url = "https://page.example/badge"
    return url.encode(), {url: body}


@poison
def a_page_of_open_tags() -> Poison:
    return _page(b"<html><head>" + b"<link " * 700_000)


@poison
def a_page_of_quotes() -> Poison:
    return _page(b"<html><head><meta content=" + b"\"'" * 2_000_000)


@poison
def a_page_of_scripts() -> Poison:
    return _page(b"<html>" + b'<script type="application/ld+json">{"a":' * 100_000)


@poison
def a_page_of_comments() -> Poison:
    return _page(b"<html>" + b"<!--" * 1_000_000)


@poison
def a_key_document_of_many_keys() -> Poison:
    did = "did:web:keys.example"
    method = {"id": f"{did}#k", "type": "Multikey", "controller": did, "publicKeyMultibase": "z6Mk"}
    many = [{**method, "id": f"{did}#{n}"} for n in range(7_000)]
    document = {"id": did, "verificationMethod": many, "assertionMethod": [m["id"] for m in many]}
    badge = _badge(lambda d: d["proof"].update(verificationMethod=f"{did}#6999"))
    return badge, {"https://keys.example/.well-known/did.json": document}


@poison
def an_achievement_of_combining_marks() -> Poison:
    return _token(lambda d: _subject(d)["achievement"].update(name="a" + MARKS * 150_000, id="urn:a"))


@poison
def a_tag_of_combining_marks() -> Poison:
    return _token(lambda d: _subject(d)["achievement"].update(tag=["a" + MARKS * 150_000]))


@poison
def an_alignment_of_combining_marks() -> Poison:
    text = "a" + MARKS * 30_000
    alignment = {"type": ["Alignment"], "targetName": text, "targetUrl": f"https://{text}.example/", "targetCode": text}
    return _token(lambda d: _subject(d)["achievement"].update(alignment=[{**alignment, "targetFramework": text}]))


@poison
def names_without_end() -> Poison:
    return _plain_token(lambda d: _subject(d).update(name=[f"Name {n}" for n in range(50_000)]))


@poison
def identities_without_end() -> Poison:
    entry = {"type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": "s"}
    many = [{**entry, "identityHash": f"sha256${n:064x}"} for n in range(4_000)]
    return _token(lambda d: _subject(d).update(identifier=many))


@poison
def a_deep_and_wide_ler_rs() -> Poison:
    inner: Any = [0] * 1_000_000
    for depth in range(50):
        inner = {f"member with a long name that is repeated {depth}": inner}
    return _bytes({"type": "LER-RS", "person": inner})


# --- addresses ---------------------------------------------------------------------------------------------------


@poison
def status_entries_without_end() -> Poison:
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    many = [{**entry, "statusListCredential": f"https://s{n}.example/"} for n in range(5_000)]
    return _token(lambda d: d.update(credentialStatus=many))


def _list(bits: bytes, number: int) -> Json:
    encoded = "u" + codec.b64url_encode(gzip.compress(bits, 1))
    document = {
        "@context": [VC2],
        "id": f"https://s.example/{number}",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": _issuer().id,
        "validFrom": "2025-01-01T00:00:00Z",
        "credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": encoded},
    }
    return _issuer().sign(document)


def _with_lists(bits: bytes) -> Poison:
    lists = {f"https://s.example/{n}": _list(bits, n) for n in range(16)}
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    many = [{**entry, "statusListCredential": url} for url in lists]
    return _token(lambda d: d.update(credentialStatus=many)), lists


@poison
def sixteen_lists_that_become_four_megabytes() -> Poison:
    return _with_lists(bytes(4_000_000))


@poison
def sixteen_lists_that_become_a_gigabyte() -> Poison:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join([*[packer.compress(bytes(1_000_000)) for _ in range(300)], packer.flush()])
    lists = {}
    for number in range(16):
        document = _list(b"", number)
        document["credentialSubject"]["encodedList"] = "u" + codec.b64url_encode(packed)
        del document["proof"]
        lists[f"https://s.example/{number}"] = _issuer().sign(document)
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": "1"}
    return _token(lambda d: d.update(credentialStatus=[{**entry, "statusListCredential": url} for url in lists])), lists


# --- carriers ----------------------------------------------------------------------------------------------------


@poison
def a_picture_of_empty_chunks() -> Poison:
    return no_picture(png_chunk("tEXt", b"") * 800_000)


@poison
def a_picture_with_a_bomb() -> Poison:
    return no_picture(png_chunk("zTXt", b"openbadges\0\0" + zlib.compress(b"{}" + b" " * 300_000_000, 9)))


@poison
def a_picture_with_the_same_bomb_many_times() -> Poison:
    return no_picture(png_chunk("zTXt", b"openbadges\0\0" + zlib.compress(b"{}" + b" " * 4_900_000, 9)) * 1_500)


_SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:o="https://purl.imsglobal.org/ob/v3p0">%s</svg>'


@poison
def a_drawing_of_a_million_elements() -> Poison:
    return _SVG % (b"<g/>" * 2_400_000)


@poison
def a_drawing_of_many_attributes() -> Poison:
    return _SVG % (b"<g " + b" ".join(b'a%d=""' % n for n in range(700_000)) + b"/>")


@poison
def a_drawing_of_namespaces() -> Poison:
    return _SVG % (b"<g " + b" ".join(b'xmlns:a%d="urn:%d"' % (n, n) for n in range(300_000)) + b"/>")


@poison
def a_drawing_nested_without_end() -> Poison:
    return _SVG % (b"<g>" * 3_000_000)


@poison
def a_drawing_of_empty_records() -> Poison:
    return _SVG % (b"<o:credential/>" * 600_000)


@poison
def a_drawing_that_repeats_itself() -> Poison:
    return b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + _SVG % b"&b;"


@poison
def text_of_what_could_be_tokens() -> Poison:
    return b"hello " + b"eyJaaaaaaaaaaaaa " * 280_000


@poison
def text_of_one_long_nearly_token() -> Poison:
    return b"hello eyJ" + b"a" * NEARLY_FULL


@poison
def text_of_dots() -> Poison:
    return b"hello eyJaaaaaaaaaa" + b".a" * 2_400_000


@poison
def text_of_open_braces() -> Poison:
    return b"hello " + b"{" * NEARLY_FULL


@poison
def text_of_small_objects() -> Poison:
    return b"hello " + b"{ } " * 1_200_000


@poison
def text_of_spaces() -> Poison:
    return b"hello" + b" " * NEARLY_FULL + b"x"


@poison
def an_address_of_five_megabytes() -> Poison:
    return b"https://" + b"a." * 2_400_000 + b"example/"


@poison
def a_data_url_of_ten_megabytes() -> Poison:
    return b"data:application/json," + b"%5B" * 3_300_000


@poison
def a_data_url_that_wraps_a_data_url() -> Poison:
    return b"data:," + b"data:," * 1_600_000


@poison
def json_in_text_in_json() -> Poison:
    inner = '{"credential": 1}'
    for _ in range(12):
        inner = json.dumps({"credential": inner})
    return inner.encode()
