"""Reading forms: within bounds, and in memory. The framework's parser would put a larger file on disk, in clear."""

from __future__ import annotations

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from connector.errors import UnreadableSubmission
from connector.web.deps import the_connector

MULTIPART_OVERHEAD = 20_000
"""What form fields and part headers may add to the largest file."""


async def read_form(request: Request, *, max_fields: int, max_files: int = 0) -> FormData:
    """The form that was sent, URL-encoded or multipart.

    Raises:
        UnreadableSubmission: it is no form, or not within the bounds.
    """
    largest = the_connector(request).settings.max_upload_bytes + MULTIPART_OVERHEAD
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    bounds = {"max_fields": max_fields, "max_part_size": largest}
    parser: FormParser | MultiPartParser
    if kind == "multipart/form-data":
        parser = MultiPartParser(request.headers, request.stream(), max_files=max_files, **bounds)
        parser.spool_max_size = largest + 1
    else:
        parser = FormParser(request.headers, request.stream(), **bounds)
    try:
        return await parser.parse()
    except (MultiPartException, FormParserError) as error:
        raise UnreadableSubmission("The form cannot be read.", code="invalid_request") from error
