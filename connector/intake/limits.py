"""How much of anything is read: named bounds, each with the reason for its number (THREATS section 1)."""

from __future__ import annotations

from typing import Final

MAX_UPLOAD_BYTES: Final = 10_000_000
"""A baked image with a large picture; JSON alone is bounded at half of that by `codec`."""
MAX_TEXT_BYTES: Final = 5_000_000
"""Text that a credential is looked for in; `codec.MAX_JSON_BYTES` is the same."""
MAX_CREDENTIALS: Final = 500
"""A lifetime transcript as a CLR holds some hundred; the largest workload that was measured holds 100."""
MAX_ENDORSEMENTS: Final = 20
"""Inside one credential; published ones carry up to six."""
MAX_ALL_ENDORSEMENTS: Final = 2_000
"""Inside all credentials of one submission: each has a proof of its own, and brings no record that counts."""
MAX_WRAPPINGS: Final = 8
"""Array in wrapper in presentation in token: five is the deepest that was seen."""
MAX_BAKED_TEXT_BYTES: Final = 5_000_000
"""One text chunk of an image after decompression."""
MAX_BAKED_COPIES: Final = 8
"""The same record several times in one image (both keywords, a second bake); the standards allow one."""
MAX_PNG_CHUNKS: Final = 50_000
"""Images cut into 8 kB data chunks at the upload limit stay far below."""
MAX_BRACES_IN_TEXT: Final = 1_000
"""Things in braces between words that are looked at in search of a record."""
MAX_SVG_MARKS: Final = 200_000
"""Tags, and attributes, of a drawing: each costs a hundred bytes when it is parsed. The most ornate badge that was seen
has 3,000."""
MAX_TOKENS_IN_TEXT: Final = 100
"""Pasted tokens, one per line."""
