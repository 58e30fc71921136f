"""Intake: what arrived, taken apart into unverified credentials (detect, decode, unpack), and links fetched."""

from __future__ import annotations

from connector.intake.receive import receive, screen

__all__ = ["receive", "screen"]
