"""Intake: what arrived, taken apart into unverified credentials (detect, decode, unpack), and links fetched."""

from __future__ import annotations

from connector.intake.link import fetch_link
from connector.intake.receive import receive, screen
from connector.intake.text import only_link

__all__ = ["fetch_link", "only_link", "receive", "screen"]
