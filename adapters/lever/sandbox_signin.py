"""How a caller signs in to the stand-in: an API key as the name of HTTP Basic, or OAuth with refresh tokens.

Lever developer documentation (read 2026-11-23), "Authentication". Every refresh spends its refresh token and gives
another; access tokens live as long as `TOKEN_SECONDS` on the stand-in's own clock.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

API_KEY: Final = "stand-in-lever-key"
CLIENT_ID: Final = "stand-in-client"
CLIENT_SECRET: Final = "stand-in-client-secret"
TOKEN_SECONDS: Final = 3600


class SignIn:
    """The credentials of the one connection, and the tokens that were given out for it."""

    def __init__(self, kind: str, now: Callable[[], float]) -> None:
        self.kind, self._now = kind, now
        self._access: dict[str, float] = {}
        self._refresh: set[str] = set()

    def settings(self, base_url: str) -> dict[str, str]:
        """The part of the connection's settings that signs in."""
        if self.kind == "api_key":
            return {"api_key": API_KEY}
        return {
            "token_url": base_url + "/oauth/token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": self._new_refresh_token(),
        }

    def expire(self) -> bool:
        self._access = dict.fromkeys(self._access, self._now())
        return self.kind == "oauth"

    def admits(self, authorization: str) -> bool:
        scheme, _, rest = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self._access.get(rest, 0.0) > self._now()
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(rest, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{API_KEY}:".encode())

    def token(self, form: Mapping[str, str], permissions: Iterable[str]) -> tuple[int, dict[str, Any]]:
        """Answer a token request, which has client id and secret in its form: status and JSON."""
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "access_denied", "error_description": "Unauthorized"}
        if form.get("grant_type") != "refresh_token":
            return 403, {"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}
        if form.get("refresh_token") not in self._refresh:
            return 403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
        self._refresh.discard(form["refresh_token"])
        access = secrets.token_urlsafe(24)
        self._access[access] = self._now() + TOKEN_SECONDS
        return 200, {
            "access_token": access,
            "refresh_token": self._new_refresh_token(),
            "expires_in": TOKEN_SECONDS,
            "scope": " ".join(sorted({*permissions, "offline_access"})),
            "token_type": "Bearer",
        }

    def _new_refresh_token(self) -> str:
        token = secrets.token_urlsafe(24)
        self._refresh.add(token)
        return token
