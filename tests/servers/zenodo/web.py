"""Reading requests and writing answers."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response

from servers.zenodo.errors import SERVER_ERROR, ApiError
from servers.zenodo.store import File, Instance, Record, User
from servers.zenodo.traffic import Site
from servers.zenodo.views import Views

RDM = "application/vnd.inveniordm.v1+json"
OLDER = ("application/vnd.zenodo.v1+json", "application/json", "application/*", "*/*", "")


def site(request: Request) -> Site:
    """Return the instance that a request came to."""
    return request.scope["zenodo"]


def parts(request: Request) -> tuple[Instance, Views, User]:
    """Return the instance, what writes its answers, and who asks."""
    here = site(request)
    return here.instance, Views(here.instance, here.base), here.user


def wants_rdm(request: Request) -> bool:
    """Tell which JSON a request asks for: Zenodo's older one unless InvenioRDM's is named."""
    for part in request.headers.get("accept", "").split(","):
        kind = part.partition(";")[0].strip()
        if kind == RDM:
            return True
        if kind in OLDER:
            return False
    raise ApiError(406, f"Invalid 'Accept' header. Expected one of: {', '.join([*OLDER[:2], RDM])}")


def draft(request: Request, record: Record, status: int = 200, errors: list[dict] | None = None) -> Response:
    """Answer with a draft, and what is wrong with the change that was asked for."""
    _, views, user = parts(request)
    if wants_rdm(request):
        return JSONResponse(views.rdm(record, user, draft=True, errors=errors), status, media_type=RDM)
    body = views.record(record, user, draft=True)
    return JSONResponse({**body, "errors": errors} if errors else body, status)


def one(request: Request, record: Record, status: int = 200) -> Response:
    """Answer with a record in the form that is asked for."""
    _, views, user = parts(request)
    if wants_rdm(request):
        return JSONResponse(views.rdm(record, user, draft=False), status, media_type=RDM)
    return JSONResponse(views.record(record, user), status)


def plain(request: Request) -> None:
    """Refuse a request for InvenioRDM's JSON where there is only the plain one."""
    if RDM in request.headers.get("accept", ""):
        raise ApiError(406, "Invalid 'Accept' header. Expected one of: application/json")


async def body(request: Request, kind: type = dict) -> object:
    """Return the JSON that a request brings, or an empty value if it brings nothing."""
    raw = await request.body()
    if not raw:
        return kind()
    try:
        value = json.loads(raw)
    except ValueError:
        raise ApiError(400, "Unable to decode JSON data in request body.") from None
    if not isinstance(value, kind):
        raise ApiError(400, "Unable to decode JSON data in request body.")
    return value


async def take(chunks: AsyncIterator[bytes], instance: Instance, most: int) -> tuple[Path, int, str]:
    """Store what comes and return where, its size in bytes and its MD5.

    Raises
    ------
    ApiError
        It is more than the quota leaves; nothing is kept then, nor when the sender hangs up.
    """
    path, size, md5 = instance.folder / f"new-{uuid.uuid4()}", 0, hashlib.md5(usedforsecurity=False)
    try:
        with path.open("wb") as out:
            async for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise ApiError(400, "Bucket quota exceeded.")
                md5.update(chunk)
                out.write(chunk)
    except (ClientDisconnect, ApiError):
        path.unlink()
        raise
    return path.replace(instance.folder / md5.hexdigest()), size, md5.hexdigest()


def content(file: File) -> Response:
    """Answer with the bytes of a file; a Range is ignored."""
    if file.path is None or not file.committed:
        raise ApiError(500, SERVER_ERROR)
    headers = {"ETag": f'"md5:{file.md5}"', "Content-MD5": file.md5, "Content-Length": str(file.size)}
    return _Whole(file.path, media_type="application/octet-stream", filename=file.key, headers=headers)


class _Whole(FileResponse):
    """A file that is sent from its beginning to its end, whatever part is asked for."""

    async def __call__(self, scope: dict, receive: object, send: object) -> None:
        others = [(key, value) for key, value in scope["headers"] if key not in (b"range", b"if-range")]
        await super().__call__({**scope, "headers": others}, receive, send)
