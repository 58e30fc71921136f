"""`LER_<CONNECTION>__*` of a Greenhouse connection: Harvest v3 with OAuth client credentials.

Harvest v1 and v2 ended on 2026-08-31; their API keys do not work here. Vendor page "Authentication"
(harvestdocs.greenhouse.io/docs/authentication, read 2026-11-23).
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

DEFAULT_API_URL: Final = "https://harvest.greenhouse.io/v3"
DEFAULT_TOKEN_URL: Final = "https://auth.greenhouse.io/token"


class GreenhouseSettings(BaseModel):
    """Where the account is and how we sign in.

    Attributes:
        api_url: with `/v3`.
        user_id: the Greenhouse user who acts (a Site Admin); without it the credential's own integration user acts.
        webhook_secret: the webhooks' secret keys; a comma-separated list while one replaces another.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = DEFAULT_API_URL
    token_url: str = DEFAULT_TOKEN_URL
    client_id: str
    client_secret: SecretStr
    user_id: int | None = None
    webhook_secret: tuple[SecretStr, ...] = ()

    @field_validator("api_url")
    @classmethod
    def _is_version_3(cls, value: str) -> str:
        url = value.rstrip("/")
        if not url.endswith("/v3"):
            raise ValueError("the address must end with /v3 (Harvest v1 and v2 ended on 2026-08-31)")
        return url

    @field_validator("webhook_secret", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
