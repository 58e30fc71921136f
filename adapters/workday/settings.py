"""Settings of one Workday tenant: `LER_<CONNECTION>__*` (CONTRACT section 5)."""

from __future__ import annotations

import re
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

FIELD_TYPES: Final = frozenset({"text", "long_text", "url", "date", "yes_no", "number"})
DEFAULT_CUSTOM_FIELDS: Final = "lerCredentials:long_text, lerSkills:long_text, lerReport:url, lerCheckedOn:date"
WORKDAY_OWNED_CATEGORIES: Final = frozenset({"OTHER_DOCUMENTS", "CANDIDATE_RESUME_AND_COVER_LETTER", "EDUCATION"})
"""Those seen in use; anything else is taken for a category that the employer has made."""
NOTE_CHILD: Final = "lerNote"
MARKER_CHILD: Final = "lerVerificationId"
FILE_COMMENT: Final = "For job application "
LATER_SCHEMA: Final = 42
"""The oldest version of which it is known that it has the elements v26.1 lacks; below it they are not sent."""

_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_TENANT = re.compile(r"[A-Za-z0-9_-]+\Z")
_VERSION = re.compile(r"v([0-9]{1,3})\.[0-9]{1,2}\Z")


class WorkdaySettings(BaseModel):
    """How to reach a tenant, and which custom object is ours.

    One of three ways in: `username` and `password` (WS-Security); `client_id`, `client_secret` and `refresh_token`;
    or `client_id`, `username` and `private_key` (JWT bearer, RS256).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    service_url: str = Field(description="Scheme and host of the services host (not the host of the user interface).")
    tenant: str = Field(description="The tenant's name, as in the address of its web services.")
    version: str = Field("v42.0", description="Version of the Recruiting web service.")
    username: str | None = Field(None, description="The integration system user, with or without @tenant.")
    password: SecretStr | None = Field(None, description="Its password (WS-Security).")
    client_id: str | None = Field(None, description="The API client's id.")
    client_secret: SecretStr | None = Field(None, description="The API client's secret.")
    refresh_token: SecretStr | None = Field(None, description="A refresh token that does not expire.")
    private_key: SecretStr | None = Field(None, description="PEM of the RSA key whose certificate Workday knows.")
    custom_object: str = Field("lerVerification", description="Web service alias of our custom object.")
    custom_fields: str = Field(
        DEFAULT_CUSTOM_FIELDS,
        description="The custom object's fields as alias:type, comma separated (Workday cannot list them).",
    )
    document_category: str = Field(
        "OTHER_DOCUMENTS",
        min_length=1,
        description="Category of the files we add; one of your own can be restricted to few, Workday's cannot.",
    )

    @field_validator("service_url")
    @classmethod
    def _scheme_and_host(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("give scheme and host only; the paths below /ccx are added")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("tenant")
    @classmethod
    def _plain_tenant(cls, value: str) -> str:
        if not _TENANT.match(value):
            raise ValueError("a tenant's name has letters, digits, - and _ only")
        return value

    @field_validator("version")
    @classmethod
    def _known_version(cls, value: str) -> str:
        if not _VERSION.match(value):
            raise ValueError("a version looks like v42.0")
        return value

    @field_validator("custom_object")
    @classmethod
    def _plain_alias(cls, value: str) -> str:
        if not is_alias(value):
            raise ValueError("a web service alias has letters, digits and _ only")
        return value

    @field_validator("custom_fields")
    @classmethod
    def _declared_fields(cls, value: str) -> str:
        for alias, kind in _pairs(value):
            if not is_alias(alias) or kind not in FIELD_TYPES:
                raise ValueError(f"write alias:type, with a type of {', '.join(sorted(FIELD_TYPES))}")
            if alias in (NOTE_CHILD, MARKER_CHILD):
                raise ValueError(f"{alias} is the note's own field")
        return value

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.auth is None:
            raise ValueError(
                "give USERNAME and PASSWORD, or CLIENT_ID, CLIENT_SECRET and REFRESH_TOKEN, "
                "or CLIENT_ID, USERNAME and PRIVATE_KEY"
            )
        return self

    @property
    def auth(self) -> Literal["password", "refresh_token", "jwt_bearer"] | None:
        """Which way in these settings describe; None when they describe none completely."""
        if self.client_id and self.private_key and self.username:
            return "jwt_bearer"
        if self.client_id and self.client_secret and self.refresh_token:
            return "refresh_token"
        if self.username and self.password:
            return "password"
        return None

    @property
    def user(self) -> str:
        """The integration system user's bare name."""
        return (self.username or "").removesuffix(f"@{self.tenant}")

    @property
    def profile(self) -> Literal["v26", "v42"]:
        """Which shape of the schema this version speaks, for the few elements where they differ."""
        match = _VERSION.match(self.version)
        return "v42" if match and int(match.group(1)) >= LATER_SCHEMA else "v26"

    @property
    def field_types(self) -> dict[str, str]:
        """The custom object's declared fields: alias to type."""
        return dict(_pairs(self.custom_fields))

    @property
    def own_category(self) -> bool:
        """Whether files go to a category of the employer's own, whose readers the employer has chosen."""
        return self.document_category not in WORKDAY_OWNED_CATEGORIES

    @property
    def service_path(self) -> str:
        return f"/ccx/service/{self.tenant}/Recruiting/{self.version}"

    @property
    def token_path(self) -> str:
        return f"/ccx/oauth2/{self.tenant}/token"

    @property
    def custom_namespace(self) -> str:
        """Namespace of custom objects; it holds the tenant's name, so it differs between sandbox and production."""
        return f"urn:com.workday/tenants/{self.tenant}/data/custom"


def is_alias(text: str) -> bool:
    """Whether `text` can be a web service alias, and so the name of an XML element."""
    return _ALIAS.match(text) is not None


def _pairs(text: str) -> list[tuple[str, str]]:
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    return [(alias.strip(), kind.strip() or "text") for alias, _, kind in (entry.partition(":") for entry in entries)]
