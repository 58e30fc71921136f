"""Which addresses may be asked (THREATS section 2)."""

from __future__ import annotations

import gzip
import ipaddress

import pytest

from connector.errors import FetchError
from connector.infra import fetch


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/did.json",
        "ftp://issuer.example/did.json",
        "file:///etc/passwd",
        "https://127.0.0.1/did.json",
        "https://127.1/did.json",
        "https://2130706433/did.json",
        "https://0x7f000001/did.json",
        "https://0x7f.0.0.1/did.json",
        "https://0177.0.0.1/did.json",
        "https://017700000001/did.json",
        "https://127.0.0.1./did.json",
        "https://１２７.0.0.1/did.json",
        "https://127。0。0。1/did.json",
        "https://[::1]/did.json",
        "https://[::ffff:127.0.0.1]/did.json",
        "https://[::ffff:a9fe:a9fe]/did.json",
        "https://[64:ff9b::7f00:1]/did.json",
        "https://[64:ff9b:1::1]/did.json",
        "https://[2002:7f00:1::]/did.json",
        "https://[2001::1]/did.json",
        "https://[fe80::1]/did.json",
        "https://[fe80::1%25eth0]/did.json",
        "https://[fd00:ec2::254]/did.json",
        "https://[fec0::1]/did.json",
        "https://[ff02::1]/did.json",
        "https://[::]/did.json",
        "https://[::127.0.0.1]/did.json",
        "https://0.0.0.0/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://100.100.100.200/",
        "https://192.0.0.192/",
        "https://168.63.129.16/",
        "https://198.18.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://localhost/",
        "https://localhost./",
        "https://LOCALHOST/",
        "https://a.localhost/",
        "https://intranet/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://router.home.arpa/",
        "https://user@issuer.example/",
        "https://user:secret@issuer.example/",
        "https://issuer.example@127.0.0.1/",
        "https://issuer.example\\@127.0.0.1/",
        "https://issuer.example:22/",
        "https://issuer.example:25/",
        "https://issuer.example:0/",
        "https://issuer.example:99999/",
        "https://issuer.example:80a/",
        "https://issuer%2eexample/",
        "https://issuer.example/a b",
        "https://issuer.example/\r\nHost: other.example",
        "https://.example/",
        "https://a..example/",
        "https:///did.json",
        "https://",
        "https:issuer.example",
        "//issuer.example/did.json",
        "issuer.example/did.json",
        "",
        "https://" + "a" * 5000 + ".example/",
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch.check_url(url)
    assert caught.value.refused


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://issuer.example", "https://issuer.example/"),
        ("https://Issuer.Example:443/did.json#key-1", "https://issuer.example/did.json"),
        ("https://issuer.example:8443/a?b=c", "https://issuer.example:8443/a?b=c"),
        ("https://bücher.example/ü?q=ö", "https://xn--bcher-kva.example/%C3%BC?q=%C3%B6"),
        ("https://issuer.example./did.json", "https://issuer.example/did.json"),
        ("https://8.8.8.8/did.json", "https://8.8.8.8/did.json"),
        ("https://[2606:4700::1111]:8443/x", "https://[2606:4700::1111]:8443/x"),
    ],
)
def test_a_public_address_is_taken_apart_once_in_one_spelling(url: str, canonical: str) -> None:
    assert fetch.check_url(url).url == canonical


def test_plain_http_needs_someone_who_asked_for_it() -> None:
    with pytest.raises(FetchError):
        fetch.check_url("http://issuer.example/list.json")
    assert fetch.check_url("http://issuer.example/list.json", plain_http=True).port == 80


def test_one_private_address_among_public_ones_is_enough_to_refuse_a_name() -> None:
    assert fetch.check_addresses(["93.184.216.34", "2606:4700::1111"]) == ("93.184.216.34", "2606:4700::1111")
    with pytest.raises(FetchError) as caught:
        fetch.check_addresses(["93.184.216.34", "10.0.0.1"])
    assert caught.value.refused and caught.value.code == "private_address"


def test_an_address_with_a_zone_is_of_this_network_whatever_it_is() -> None:
    with pytest.raises(FetchError):
        fetch.check_address("2606:4700::1111%eth0")


def test_an_ipv4_address_behind_nat64_is_judged_as_itself() -> None:
    assert fetch.is_public(ipaddress.ip_address("64:ff9b::808:808"))
    assert not fetch.is_public(ipaddress.ip_address("64:ff9b::a9fe:a9fe"))


def test_a_body_is_never_held_beyond_its_limit() -> None:
    pulled = 0

    def endless() -> object:
        nonlocal pulled
        while True:
            pulled += 1
            yield b"x" * 1000

    with pytest.raises(FetchError) as caught:
        fetch.read_body(endless(), encoding="", max_bytes=10_000)  # type: ignore[arg-type]  # a generator
    assert caught.value.code == "too_large" and pulled == 11


def test_a_compressed_body_is_limited_by_what_it_becomes() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with pytest.raises(FetchError) as caught:
        fetch.read_body([bomb], encoding="gzip", max_bytes=100_000)
    assert caught.value.code == "too_large"
    assert fetch.read_body([gzip.compress(b"{}")], encoding="GZIP", max_bytes=10) == b"{}"


@pytest.mark.parametrize(
    ("chunks", "encoding"),
    [([b"not gzip"], "gzip"), ([b"\x1f\x8b\x08"], "gzip"), ([b"x"], "br"), ([b"x"], "gzip, gzip")],
)
def test_a_body_in_a_broken_or_unknown_compression_is_no_answer(chunks: list[bytes], encoding: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch.read_body(chunks, encoding=encoding, max_bytes=1000)
    assert caught.value.code == "bad_encoding" and not caught.value.refused
