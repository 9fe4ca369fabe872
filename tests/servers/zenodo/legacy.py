"""Zenodo's older interface for deposits, below /api/deposit, and that of buckets, below /api/files."""

from __future__ import annotations

import re

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from servers.zenodo import metadata as fields
from servers.zenodo import web
from servers.zenodo.errors import SERVER_ERROR, ApiError, denied, invalid, not_found, unknown
from servers.zenodo.rdm import matches
from servers.zenodo.store import File, Instance, Record


def _deposit(request: Request, record: Record, status: int = 200) -> Response:
    return JSONResponse(web.parts(request)[1].deposit(record), status)


def _mine(request: Request, scope: str | None = None) -> tuple[Instance, Record]:
    """Return a draft of who asks."""
    instance, _, user = web.parts(request)
    return instance, instance.draft(request.path_params["number"], user, scope)


def _write(record: Record, said: dict) -> None:
    """Put the older metadata into a draft."""
    if not isinstance(said, dict):
        raise invalid("metadata", "Invalid input type.")
    state = record.draft
    state.metadata, state.access, kept = fields.from_legacy(said)
    state.custom_fields = {**state.custom_fields, "legacy": kept}
    if said.get("doi") and not str(said["doi"]).startswith(("10.5281/", "10.5072/")):
        state.pids["doi"] = {"identifier": said["doi"], "provider": "external"}
    state.touch()


# Deposits


async def index(request: Request) -> Response:
    """List the deposits of who asks."""
    instance, views, user = web.parts(request)
    if user.name is None:
        raise denied()
    status, query = request.query_params.get("status"), request.query_params.get("q", "")
    every = [one for one in instance.records.values() if one.owner.name == user.name]
    if status:
        every = [one for one in every if (one.draft is not None) == (status == "draft")]
    every = [one for one in every if matches(query, views.deposit(one))]
    size, page = (int(request.query_params.get(name, start)) for name, start in (("size", 10), ("page", 1)))
    return JSONResponse([views.deposit(one) for one in every[::-1][(page - 1) * size : page * size]])


async def create(request: Request) -> Response:
    """Make a deposit."""
    instance, _, user = web.parts(request)
    user.need("deposit:write")
    said = await web.body(request)
    record = instance.create(user)
    try:
        _write(record, said.get("metadata") or {})
    except ApiError:
        del instance.records[record.id]
        raise
    return _deposit(request, record, 201)


async def read(request: Request) -> Response:
    """Give a deposit, published or not."""
    instance, _, user = web.parts(request)
    record = instance.find(request.path_params["number"])
    instance.own(record, user)
    return _deposit(request, record)


async def update(request: Request) -> Response:
    """Change the metadata of a deposit."""
    _, record = _mine(request, "deposit:write")
    said = await web.body(request)
    _write(record, said.get("metadata") or {})
    return _deposit(request, record)


async def delete(request: Request) -> Response:
    """Drop a deposit that is not published."""
    instance, record = _mine(request, "deposit:write")
    instance.discard(record.id, web.site(request).user, "deposit:write")
    return Response(status_code=204)


async def publish(request: Request) -> Response:
    """Make a deposit public."""
    instance, _, user = web.parts(request)
    return _deposit(request, instance.publish(request.path_params["number"], user), 202)


async def edit(request: Request) -> Response:
    """Open a published deposit for a change of its metadata."""
    instance, _, user = web.parts(request)
    return _deposit(request, instance.edit(request.path_params["number"], user), 201)


async def discard(request: Request) -> Response:
    """Take the changes of a deposit back."""
    instance, record = _mine(request, "deposit:actions")
    instance.discard(record.id, web.site(request).user, "deposit:actions")
    return Response(status_code=204)


async def new_version(request: Request) -> Response:
    """Make the next version with the files of this one; answers with the new draft.

    Asked twice it refuses, since the files are there already.
    """
    instance, _, user = web.parts(request)
    user.need("deposit:write")
    record = instance.new_version(request.path_params["number"], user)
    instance.import_files(record)
    return _deposit(request, record, 201)


# Files of a deposit


async def files(request: Request) -> Response:
    """List the files of a deposit."""
    instance, views, user = web.parts(request)
    record = instance.find(request.path_params["number"])
    instance.own(record, user)
    return JSONResponse([views.deposit_file(record, file) for file in record.state.files.values()])


async def upload(request: Request) -> Response:
    """Take a file from a form, under a name that is safe for a disk."""
    instance, record = _mine(request, "deposit:write")
    kept = instance.changeable(record)
    async with request.form() as form:
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise invalid("file", fields.MISSING)
        key = secure(str(form.get("name") or form.get("filename") or sent.filename))
        if key in kept:
            raise ApiError(400, f"File with key {key} already exists.")
        instance.room(record, 1)
        await _fill(instance, record, key, _chunks(sent))
    return JSONResponse(web.parts(request)[1].deposit_file(record, kept[key]), 201)


async def _chunks(sent: UploadFile):
    while chunk := await sent.read(1 << 20):
        yield chunk


async def _fill(instance: Instance, record: Record, key: str, chunks) -> File:
    """Store a file of a draft, instead of one of the same name."""
    path, size, md5 = await web.take(chunks, instance, instance.left(record, key))
    if size == 0:
        raise ApiError(400, "Empty files are not accepted.")
    file = File(key, committed=True)
    file.fill(path, size, md5)
    record.draft.files[key] = file
    record.draft.touch()
    return file


def secure(name: str) -> str:
    """Return a file's name as Zenodo keeps it when it comes by a form: no folders, spaces or odd letters."""
    words = re.sub(r"[/\\\s]+", "_", name.strip().encode("ascii", "ignore").decode())
    return re.sub(r"[^A-Za-z0-9_.-]", "", words).strip("._")


def _by_id(record: Record, number: str) -> File:
    found = next((file for file in record.state.files.values() if file.file_id == number), None)
    if found is None:
        raise not_found()
    return found


async def one_file(request: Request) -> Response:
    """Give what is known of a deposit's file."""
    instance, views, user = web.parts(request)
    record = instance.find(request.path_params["number"])
    instance.own(record, user)
    return JSONResponse(views.deposit_file(record, _by_id(record, request.path_params["file"])))


async def delete_file(request: Request) -> Response:
    """Drop a deposit's file."""
    instance, record = _mine(request, "deposit:write")
    kept = instance.changeable(record)
    del kept[_by_id(record, request.path_params["file"]).key]
    return Response(status_code=204)


# Buckets


def _bucket(request: Request, scope: str | None) -> tuple[Instance, Record]:
    """Return the record that a bucket belongs to; when it is published, nothing can be written to it."""
    instance, _, user = web.parts(request)
    wanted = request.path_params["bucket"]
    record = next((one for one in instance.records.values() if one.bucket == wanted), None)
    if record is None:
        raise unknown()
    if scope and (record.draft is None or record.public):
        raise not_found()
    instance.own(record, user, scope)
    return instance, record


async def put(request: Request) -> Response:
    """Take a file as the request's body; one of the same name is replaced."""
    instance, record = _bucket(request, "deposit:write")
    key = request.path_params["key"]
    if key not in record.draft.files:
        instance.room(record, 1)
    file = await _fill(instance, record, key, request.stream())
    return JSONResponse(web.parts(request)[1].bucket_file(record, file), 201)


async def get(request: Request) -> Response:
    """Give the bytes of a bucket's file."""
    instance, record = _bucket(request, None)
    return web.content(instance.file(record.state, record, request.path_params["key"]))


async def remove(request: Request) -> Response:
    """Drop a bucket's file."""
    instance, record = _bucket(request, "deposit:write")
    del record.draft.files[instance.file(record.draft, record, request.path_params["key"]).key]
    return Response(status_code=204)


async def list_bucket(request: Request) -> Response:
    """Fail, as Zenodo does since 2023 (zenodo/zenodo#2506)."""
    _bucket(request, None)
    raise ApiError(500, SERVER_ERROR)


def routes() -> list[Route]:
    """Return what answers to which path."""
    every, one = "/api/deposit/depositions", "/api/deposit/depositions/{number}"
    actions = {"publish": publish, "edit": edit, "discard": discard, "newversion": new_version}
    bucket, key = "/api/files/{bucket}", "/api/files/{bucket}/{key}"
    return [
        Route(every, index),
        Route(every, create, methods=["POST"]),
        *(Route(f"{one}/actions/{name}", action, methods=["POST"]) for name, action in actions.items()),
        Route(f"{one}/files", files),
        Route(f"{one}/files", upload, methods=["POST"]),
        Route(f"{one}/files/{{file}}", one_file),
        Route(f"{one}/files/{{file}}", delete_file, methods=["DELETE"]),
        Route(one, read),
        Route(one, update, methods=["PUT"]),
        Route(one, delete, methods=["DELETE"]),
        Route(bucket, list_bucket),
        Route(key, get),
        Route(key, put, methods=["PUT"]),
        Route(key, remove, methods=["DELETE"]),
    ]
