"""How a caller signs in to the stand-in: WS-Security, a refresh token, or a JWT.

Tokens live as long as `TOKEN_SECONDS` on the stand-in's own clock.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from adapters.workday.soap import PASSWORD_TEXT, SOAP_ENV, WSSE, Element, text_of

USER: Final = "ISU_LER"
PASSWORD: Final = "pass & word <1>"
CLIENT_ID: Final = "NDc1ZTk3YzUt"
CLIENT_SECRET: Final = "secret/of+the=client"
REFRESH_TOKEN: Final = "refresh-token-of-the-stand-in"
JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS: Final = 3600
LEEWAY: Final = 60
LONGEST_ASSERTION: Final = 600
AuthKind = Literal["password", "refresh_token", "jwt_bearer"]


class SignIn:
    """The credentials of the one connection, and the bearer tokens that were given out for it."""

    def __init__(self, kind: AuthKind, tenant: str, now: Callable[[], float]) -> None:
        self.kind, self._tenant, self._now = kind, tenant, now
        self._key = RSAKey.generate_key(2048, auto_kid=False) if kind == "jwt_bearer" else None
        self._tokens: dict[str, float] = {}

    def settings(self) -> dict[str, str]:
        """The part of the connection's settings that signs in."""
        if self.kind == "password":
            return {"username": USER, "password": PASSWORD}
        if self._key is None:
            return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN}
        return {"client_id": CLIENT_ID, "username": USER, "private_key": self._key.as_pem(private=True).decode()}

    def expire(self) -> bool:
        self._tokens.clear()
        return self.kind != "password"

    def admits(self, authorization: str | None, header: Element | None) -> bool:
        """Whether a request may pass. HTTP Basic is no way in [C]."""
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            return scheme == "Bearer" and self._tokens.get(token, 0.0) > self._now()
        return self.kind == "password" and _username_token_of(header) == (f"{USER}@{self._tenant}", PASSWORD)

    def token(self, authorization: str | None, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Answer a token request (RFC 6749 section 5, RFC 7523): status and JSON."""
        grant = form.get("grant_type")
        if grant == JWT_BEARER and self._key is not None:
            refusal = None if self._assertion_holds(form.get("assertion", "")) else (400, "invalid_grant")
        elif grant == "refresh_token" and self.kind == "refresh_token":
            refusal = self._refresh_refusal(authorization, form)
        else:
            refusal = (400, "unsupported_grant_type")
        if refusal is not None:
            return refusal[0], {"error": refusal[1]}
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self._now() + TOKEN_SECONDS
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        if grant == "refresh_token":
            answer["refresh_token"] = REFRESH_TOKEN
        return 200, answer

    @staticmethod
    def _refresh_refusal(authorization: str | None, form: Mapping[str, str]) -> tuple[int, str] | None:
        """Client id and secret as HTTP Basic or in the body: clients were seen to do either [C]."""
        given = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
        if given != (CLIENT_ID, CLIENT_SECRET):
            return 401, "invalid_client"
        return None if form.get("refresh_token") == REFRESH_TOKEN else (400, "invalid_grant")

    def _assertion_holds(self, assertion: str) -> bool:
        """RS256 by the registered key; `iss` the client, `sub` the user, `aud` "wd", `exp` soon [C]."""
        assert self._key is not None
        try:
            claims = jwt.decode(assertion, self._key, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return False
        expires = claims.get("exp")
        return (
            (claims.get("iss"), claims.get("sub"), claims.get("aud")) == (CLIENT_ID, USER, "wd")
            and isinstance(expires, int)
            and self._now() - LEEWAY < expires <= self._now() + LONGEST_ASSERTION
        )


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _username_token_of(header: Element | None) -> tuple[str, str] | None:
    """User and password of a WS-Security header that must be understood and gives its password as text."""
    security = None if header is None else header.find(f"{{{WSSE}}}Security")
    if security is None or security.get(f"{{{SOAP_ENV}}}mustUnderstand") != "1":
        return None
    token = security.find(f"{{{WSSE}}}UsernameToken")
    password = None if token is None else token.find(f"{{{WSSE}}}Password")
    if token is None or password is None or password.get("Type") != PASSWORD_TEXT:
        return None
    return text_of(token.find(f"{{{WSSE}}}Username")), text_of(password)
