"""What arrived: bytes from outside, before anything is known about them."""

from __future__ import annotations

from enum import StrEnum

from connector.model.frozen import frozen


class Basis(StrEnum):
    """On what ground a submission was made; without one it is refused."""

    CANDIDATE_PAGE = "candidate_page"
    APPLICATION_QUESTION = "application_question"
    WALLET = "wallet"
    API = "api"


@frozen
class Submission:
    """One thing handed in.

    Attributes:
        content: the bytes as they came; their kind is found from the content alone.
        label: what the sender called it (a path, a link). For messages only, never trusted.
        url: the link it was fetched from, if it was; a hosted badge needs it.
    """

    content: bytes
    label: str = ""
    url: str | None = None
