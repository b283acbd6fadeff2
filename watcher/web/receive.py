"""One document and its fields out of a multipart request, counted while it streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from watcher.errors import ConfigError, RefusedError, StoreError
from watcher.pipeline.upload import too_large

FIELD_BYTES = 64_000
FIELDS_AT_MOST = 60
ALLOWANCE = 256_000  # of a request beside its file: fields, boundaries, headers of parts
DRAINED = 4  # times the limit: so much of a document that is too large is read to be able to answer


class TooLargeError(RefusedError):
    """The document is over the limit."""

    code = "too_large"


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """The fields of a request by name, in order, and its file. `file_name` is as it was sent."""

    fields: dict[str, list[str]]
    file_name: str
    payload: bytes = field(repr=False)


async def receive(request: Request, *, maximum_bytes: int) -> Received:
    """Read a multipart/form-data request with exactly one part `file`.

    What is over 1 MB lies in a temporary file until it is whole and within the limit. ConfigError names a wrong field,
    TooLargeError says the limit, StoreError that the temporary folder is full.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise ConfigError("send the document as multipart/form-data, its part named file", key="file")
    stream = _bounded(request, maximum_bytes)
    parser = MultiPartParser(request.headers, stream, max_files=1, max_fields=FIELDS_AT_MOST, max_part_size=FIELD_BYTES)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise ConfigError(f"the request cannot be read: {error.message}", key="file") from error
    except OSError as error:
        raise StoreError(f"the document could not be kept while it was received: {error.strerror}") from error
    try:
        return await _received(form, maximum_bytes)
    finally:
        await form.close()


async def _received(form: FormData, maximum_bytes: int) -> Received:
    fields: dict[str, list[str]] = {}
    file: UploadFile | None = None
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name != "file":
                raise ConfigError(f"{name[:60]!r} holds a file; the document belongs into file", key=name)
            file = value
        elif name == "file":
            raise ConfigError("file holds a text: choose a document", key="file")
        else:
            fields.setdefault(name, []).append(value)
    if file is None or not (file.filename or file.size):
        raise ConfigError("no document was chosen", key="file")
    if (file.size or 0) > maximum_bytes:
        raise TooLargeError(too_large(file.filename or "", maximum_bytes))
    return Received(fields=fields, file_name=file.filename or "", payload=await file.read())


async def _bounded(request: Request, maximum_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes; what is over the limit is thrown away up to a bound, so that the answer is read."""
    allowed, received = maximum_bytes + ALLOWANCE, 0
    async for piece in request.stream():
        received += len(piece)
        if received <= allowed:
            yield piece
        elif received > allowed * DRAINED:
            break
    if received > allowed:
        raise TooLargeError(too_large("the document", maximum_bytes))
