"""DID documents and other controller documents: which keys somebody lists, and for what.

Controlled Identifiers 1.0 sections 2.2, 2.3 and 3.3 ("Retrieve Verification Method"): a key counts only when the
document that lists it is its controller's own, and lists it for the purpose at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connector.verify.dates import parse_date_time
from connector.verify.did.method_types import read_key
from connector.verify.errors import CheckError
from connector.verify.keys import PublicKey
from connector.verify.spelling import every

Json = dict[str, Any]

MAX_METHODS: Final = 200
"""Keys read from one document; the largest issuer documents list a few dozen."""


@dataclass(frozen=True, slots=True)
class ControllerDocument:
    """A document that was obtained under `id` and says that it is `id`'s."""

    id: str
    json: Json

    def key(self, method_id: str, purpose: str, *, signed_at: datetime, now: datetime) -> PublicKey:
        """The key `method_id`, if this document lists it for `purpose`.

        Raises:
            CheckError: it is not there, not listed for the purpose, another's, withdrawn, or broken.
        """
        method = self._method(method_id, purpose)
        self.check_usable(method, signed_at=signed_at, now=now)
        return read_key(method)

    def authorised(self, purpose: str, *, now: datetime) -> Iterator[tuple[str, PublicKey | None]]:
        """Every usable key listed for `purpose`, with its id; None for a reference that leads to another document."""
        for entry in every(self.json.get(purpose))[:MAX_METHODS]:
            method_id = self._id_of(entry)
            if not method_id:
                continue
            method = self._definition(method_id)
            if method is None:
                yield method_id, None
                continue
            try:
                self.check_usable(method, signed_at=now, now=now)
                key = read_key(method)
            except CheckError:
                continue
            yield method_id, key

    def method_with_kid(self, kid: str) -> str | None:
        """The id of the one method that a token's short `kid` means: its fragment, or the `kid` of its JWK.

        Only methods that are called after this document: what a method of another name is, says that other document.
        """
        wanted, own = kid.removeprefix("#"), f"{self.id}#"
        found = set()
        for method in self._definitions():
            name, jwk = self._id_of(method), method.get("publicKeyJwk")
            if name.startswith(own) and (name == own + wanted or (isinstance(jwk, dict) and jwk.get("kid") == wanted)):
                found.add(name)
        return found.pop() if len(found) == 1 else None

    def _method(self, method_id: str, purpose: str) -> Json:
        defined = self._definition(method_id)
        for entry in every(self.json.get(purpose))[:MAX_METHODS]:
            if self._id_of(entry) == method_id:
                if defined is None:
                    raise CheckError("key_not_in_document", f"{method_id} is listed for {purpose}, but not defined")
                return defined
        if defined is not None:
            raise CheckError("key_not_authorised", f"{method_id} is not listed for {purpose}")
        raise CheckError("key_not_in_document", method_id)

    def _definitions(self) -> Iterator[Json]:
        for name in ("verificationMethod", "assertionMethod", "authentication"):
            for entry in every(self.json.get(name))[:MAX_METHODS]:
                if isinstance(entry, dict):
                    yield entry

    def _definition(self, method_id: str) -> Json | None:
        """The one definition of a method, wherever in the document it stands; the same one may be repeated."""
        found: Json | None = None
        for method in self._definitions():
            if self._id_of(method) == method_id:
                if found is not None and found != method:
                    raise CheckError("key_document_malformed", f"{method_id} is defined in two ways")
                found = method
        return found

    def check_usable(self, method: Json, *, signed_at: datetime, now: datetime) -> None:
        """Whether a key that this document lists may be used, wherever it is written out.

        Raises:
            CheckError: it is another's, withdrawn, or was over when it signed.
        """
        if method.get("controller") != self.id:
            raise CheckError("key_not_authorised", "the key names another controller than the document it is in")
        revoked, expires = method.get("revoked"), method.get("expires")
        if revoked is not None and _instant(revoked) <= now:
            raise CheckError("key_revoked", "revoked")
        if expires is not None and _instant(expires) <= signed_at:
            raise CheckError("key_revoked", "expired before the signature was made")

    def _id_of(self, entry: object) -> str:
        """The id of a method that a relationship names, or holds."""
        return self._absolute(entry.get("id") if isinstance(entry, dict) else entry)

    def _absolute(self, reference: object) -> str:
        if not isinstance(reference, str):
            return ""
        return self.id + reference if reference.startswith("#") else reference


def _instant(value: object) -> datetime:
    instant = parse_date_time(value)
    if instant is None:
        raise CheckError("key_document_malformed", "a key's date cannot be read")
    return instant
