"""Revisions, oldest first; each can go back."""
