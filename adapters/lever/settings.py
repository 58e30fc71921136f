"""`LER_<CONNECTION>__*` of a Lever connection: Data API v1 with a key of the account, or OAuth for partners.

Lever developer documentation, "Authentication" (read 2026-11-23): a key goes as Basic user name with an empty password;
OAuth access tokens live an hour and every refresh hands out a new refresh token.
"""

from __future__ import annotations

from typing import Final, Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

DEFAULT_API_URL: Final = "https://api.lever.co/v1"
DEFAULT_TOKEN_URL: Final = "https://auth.lever.co/oauth/token"


class LeverSettings(BaseModel):
    """Where the account is and how we sign in: `api_key`, or `client_id`, `client_secret` and `refresh_token`.

    Attributes:
        api_url: with `/v1`; `https://api.eu.lever.co/v1` in the EU, `https://api.sandbox.lever.co/v1` for tests.
        perform_as: id of the Lever user that our writes are attributed to. Lever takes files only with one.
        webhook_token: the signature token of the account's webhooks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = DEFAULT_API_URL
    api_key: SecretStr | None = None
    token_url: str = DEFAULT_TOKEN_URL
    client_id: str | None = None
    client_secret: SecretStr | None = None
    refresh_token: SecretStr | None = None
    perform_as: str | None = None
    webhook_token: SecretStr | None = None

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        oauth = (self.client_id, self.client_secret, self.refresh_token)
        if self.api_key and any(oauth):
            raise ValueError("give api_key, or client_id with client_secret and refresh_token, not both")
        if not self.api_key and not all(oauth):
            raise ValueError("give api_key, or all of client_id, client_secret and refresh_token")
        return self
