"""Where we differ from a published expectation, and why: path -> (what we answer, the reason).

Everything else in scope must come out as the index of the shared folder says. A line that is no longer needed fails
the test that reads this.
"""

from __future__ import annotations

from typing import Final

from connector.model.report import Verdict

DIFFERENCES: Final[dict[str, tuple[Verdict, str]]] = {
    "dcc-docs/signed-svg-templates__tec-de-monterrey-pdf-sample-1-svg-signed.json": (
        Verdict.UNRESOLVABLE,
        "its inline vocabulary stands before a pinned one, which is refused before the undefined terms are seen",
    ),
    "w3c-vc-jose-cose/presentation-jose-multiple.txt": (
        Verdict.UNSUPPORTED,
        "it also holds an SD-JWT and a COSE credential, which are not supported; an expired envelope has no verdict",
    ),
}
