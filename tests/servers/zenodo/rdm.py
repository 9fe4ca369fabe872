"""InvenioRDM's interface, below /api/records and /api/user/records."""

from __future__ import annotations

import io
import json
import re
import zipfile

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from servers.zenodo import metadata as fields
from servers.zenodo import web
from servers.zenodo.errors import SERVER_ERROR, ApiError, denied, invalid, no_file, unknown, unregistered
from servers.zenodo.store import File, Instance, Record, State, User


def _number(request: Request) -> str:
    return request.path_params["number"]


def _moved(request: Request, status: int, number: str) -> Response:
    """Send to another record."""
    place = f"{web.site(request).base}/api/records/{number}"
    if status == 302:
        return RedirectResponse(place, 302)
    body = {"status": status, "message": "Redirecting...", "location": place}
    return JSONResponse(body, status, {"Location": place})


# Records


async def create(request: Request) -> Response:
    """Make a draft."""
    instance, _, user = web.parts(request)
    user.need("deposit:write")
    said = await web.body(request)
    record = instance.create(user)
    try:
        errors = _write(record, said)
    except ApiError:
        del instance.records[record.id]
        raise
    return web.draft(request, record, 201, errors)


def _write(record: Record, said: dict) -> list[dict]:
    """Put what a client says into a draft; return what is wrong with it. Any DOI is believed."""
    state = record.draft
    access = {"record": "public", "files": "public", **(said.get("access") or {})}
    access = {key: access[key] for key in ("record", "files", "embargo") if key in access}
    if access["record"] != "public":
        raise invalid("access", "You don't have permissions to manage record access.")
    state.metadata, errors = fields.accept(said.get("metadata") or {})
    state.custom_fields = {**(said.get("custom_fields") or {}), **_legacy(state)}
    state.access, state.pids = access, said.get("pids", state.pids) or {}
    files = said.get("files") or {}
    state.default_preview = files.get("default_preview")
    if files.get("enabled", True) is not True:
        words = "You don't have permissions to manage files options."
        errors.append({"field": "files.enabled", "messages": [words]})
    elif not state.files:
        errors.append({"field": "files.enabled", "messages": ["Missing uploaded files."]})
    state.touch()
    return errors


def _legacy(state: State) -> dict:
    return {"legacy": state.custom_fields["legacy"]} if "legacy" in state.custom_fields else {}


async def read(request: Request) -> Response:
    """Give a published record, or send from the concept to its newest version."""
    instance, _, user = web.parts(request)
    if instance.is_concept(_number(request)):
        return _moved(request, 302, instance.versions(_number(request))[-1].id)
    return web.one(request, instance.published(_number(request), user))


async def latest(request: Request) -> Response:
    """Send to the newest version."""
    instance, _, user = web.parts(request)
    number = _number(request)
    if instance.is_concept(number):
        return _moved(request, 301, instance.versions(number)[-1].id)
    return _moved(request, 301, instance.latest(instance.published(number, user)).id)


async def versions(request: Request) -> Response:
    """List the published versions, newest first."""
    instance, _, user = web.parts(request)
    record = instance.published(_number(request), user)
    return _hits(request, [(one, False) for one in reversed(instance.versions(record.concept))])


async def new_version(request: Request) -> Response:
    """Make the draft of the next version, or find it."""
    instance, _, user = web.parts(request)
    return web.draft(request, instance.new_version(_number(request), user), 201)


async def search(request: Request) -> Response:
    """Find published records, of each the newest version unless all are asked for."""
    instance, _, user = web.parts(request)
    every = request.query_params.get("all_versions", "").lower() in ("1", "true")
    found = []
    for record in instance.records.values():
        if record.public and (every or instance.latest(record) is record):
            mine = record.owner.name == user.name
            if record.public.access["record"] == "public" or mine:
                found.append((record, False))
    return _hits(request, found[::-1])


async def mine(request: Request) -> Response:
    """Find the records and drafts of who asks."""
    instance, _, user = web.parts(request)
    if user.name is None:
        raise denied()
    found = [(one, one.draft is not None) for one in instance.records.values() if one.owner.name == user.name]
    return _hits(request, found[::-1])


def _hits(request: Request, found: list[tuple[Record, bool]]) -> Response:
    """Answer with a page of what was found."""
    _, views, user = web.parts(request)
    query = request.query_params.get("q", "")
    rdm = web.wants_rdm(request)
    every = [(views.rdm(one, user, draft=draft), one, draft) for one, draft in found]
    every = [each for each in every if matches(query, each[0])]
    size, page = _page(request, user)
    shown = every[(page - 1) * size : page * size]
    hits = [body if rdm else views.record(one, user, draft=draft) for body, one, draft in shown]
    links = {"self": str(request.url.replace(scheme=request.url.scheme))}
    body = {"hits": {"hits": hits, "total": len(every)}, "aggregations": {}, "links": links}
    return JSONResponse(body, media_type=web.RDM if rdm else "application/json")


def _page(request: Request, user: User) -> tuple[int, int]:
    """Return size and number of the page that is asked for."""
    most = 25 if user.name is None else 100
    try:
        size = int(request.query_params.get("size", 10))
        page = int(request.query_params.get("page", 1))
    except ValueError:
        raise ApiError(400, "Invalid querystring parameters.") from None
    if size < 1 or page < 1:
        raise ApiError(400, "Invalid querystring parameters.")
    if size > most:
        raise ApiError(400, f"Page size cannot be greater than {most}. Please use a smaller page size.")
    return size, page


def matches(query: str, body: dict) -> bool:
    """Tell whether a record has all words of a query: plain, in quotes, or as field:value.

    That is the part of the search language that programs use; ``AND`` is understood, nothing else.
    """
    terms = re.findall(r'(?:([\w.]+):)?(?:"([^"]*)"|(\S+))', query)
    for name, quoted, word in terms:
        wanted = (quoted or word).replace("\\", "").strip("*").lower()
        if not name and wanted in ("and", ""):
            continue
        values = [body]
        for part in name.split(".") if name else []:
            flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
            values = [one[part] for one in flat if isinstance(one, dict) and part in one]
        if wanted not in json.dumps(values, ensure_ascii=False).lower():
            return False
    return True


# Drafts


async def edit(request: Request) -> Response:
    """Open a published record for a change of its metadata."""
    instance, _, user = web.parts(request)
    return web.draft(request, instance.edit(_number(request), user), 201)


async def read_draft(request: Request) -> Response:
    """Give a draft."""
    instance, _, user = web.parts(request)
    return web.draft(request, instance.draft(_number(request), user))


async def update(request: Request) -> Response:
    """Change a draft: what is not said is gone."""
    instance, _, user = web.parts(request)
    record = instance.draft(_number(request), user, "deposit:write")
    errors = _write(record, await web.body(request))
    return web.draft(request, record, errors=errors)


async def discard(request: Request) -> Response:
    """Drop a draft."""
    instance, _, user = web.parts(request)
    instance.discard(_number(request), user, "deposit:write")
    return Response(status_code=204)


async def publish(request: Request) -> Response:
    """Make a draft public."""
    instance, _, user = web.parts(request)
    return web.one(request, instance.publish(_number(request), user), 202)


async def reserve(request: Request) -> Response:
    """Give a draft its DOI ahead of publication."""
    instance, _, user = web.parts(request)
    record = instance.draft(_number(request), user, "deposit:write")
    instance.reserve(record)
    return web.draft(request, record, 201)


async def release(request: Request) -> Response:
    """Take the DOI of a draft back."""
    instance, _, user = web.parts(request)
    record = instance.draft(_number(request), user, "deposit:write")
    if record.public:
        raise invalid("pids.doi", "Cannot discard a reserved or registered persistent identifier.")
    if "doi" not in record.draft.pids:
        raise unknown()
    del record.draft.pids["doi"]
    return web.draft(request, record)


async def import_files(request: Request) -> Response:
    """Link the files of the version before into a draft."""
    instance, views, user = web.parts(request)
    record = instance.draft(_number(request), user, "deposit:write")
    instance.import_files(record)
    return JSONResponse(views.entries(record, draft=True), 201)


# Files of drafts


def _own(request: Request, scope: str | None = "deposit:write") -> tuple[Instance, Record, State]:
    instance, _, user = web.parts(request)
    record = instance.draft(_number(request), user, scope)
    return instance, record, record.draft


def _entry(request: Request, record: Record, file: File, *, draft: bool) -> Response:
    _, views, _ = web.parts(request)
    return JSONResponse(views.entry(record, file, draft=draft))


async def draft_files(request: Request) -> Response:
    """List a draft's files."""
    _, record, _ = _own(request, None)
    return JSONResponse(web.parts(request)[1].entries(record, draft=True))


async def announce(request: Request) -> Response:
    """Take the names of files that will come."""
    instance, record, _ = _own(request)
    entries = await web.body(request, list)
    for number, one in enumerate(entries):
        if not isinstance(one, dict) or not one.get("key"):
            raise invalid(f"{number}.key", fields.MISSING)
    instance.announce(record, entries)
    return JSONResponse(web.parts(request)[1].entries(record, draft=True), 201)


async def delete_files(request: Request) -> Response:
    """Drop all files of a draft."""
    instance, record, _ = _own(request)
    instance.changeable(record).clear()
    return Response(status_code=204)


async def draft_file(request: Request) -> Response:
    """Give what is known of a draft's file, or drop it."""
    deletes = request.method == "DELETE"
    instance, record, state = _own(request, "deposit:write" if deletes else None)
    file = instance.file(state, record, request.path_params["key"])
    if not deletes:
        return _entry(request, record, file, draft=True)
    del instance.changeable(record)[file.key]
    return Response(status_code=204)


async def draft_content(request: Request) -> Response:
    """Give or take the bytes of a draft's file."""
    gives = request.method == "GET"
    instance, record, state = _own(request, None if gives else "deposit:write")
    file = instance.file(state, record, request.path_params["key"])
    if gives:
        return web.content(file)
    instance.changeable(record)
    if file.committed:
        # Not a slip: it says 200, shows the file as it was, and drops it (invenio-rdm-records 32.3.2).
        shown = web.parts(request)[1].entry(record, file, draft=True)
        del record.draft.files[file.key]
        return JSONResponse({**shown, "errors": "File upload transfer failed."})
    taken = await web.take(request.stream(), instance, instance.left(record, file.key))
    file.fill(*taken)
    return _entry(request, record, file, draft=True)


async def commit(request: Request) -> Response:
    """End the upload of a file, as often as is asked; an MD5 said before is not looked at, as at Zenodo."""
    instance, record, state = _own(request)
    file = instance.file(state, record, request.path_params["key"])
    if file.path is None:
        raise ApiError(500, SERVER_ERROR)
    if file.size == 0:
        raise ApiError(400, "Empty files are not accepted.")
    file.committed = True
    return _entry(request, record, file, draft=True)


# Files of records


def _public(request: Request) -> tuple[Instance, Record, State]:
    instance, _, user = web.parts(request)
    number = _number(request)
    if instance.is_concept(number):
        raise unregistered()
    record = instance.published(number, user)
    if not instance.readable(record, user):
        raise denied()
    return instance, record, record.public


async def files(request: Request) -> Response:
    """List a record's files."""
    web.plain(request)
    _, record, _ = _public(request)
    return JSONResponse(web.parts(request)[1].entries(record, draft=False))


async def file(request: Request) -> Response:
    """Give what is known of a record's file."""
    web.plain(request)
    instance, record, state = _public(request)
    return _entry(request, record, instance.file(state, record, request.path_params["key"]), draft=False)


async def content(request: Request) -> Response:
    """Give the bytes of a record's file."""
    instance, record, state = _public(request)
    return web.content(instance.file(state, record, request.path_params["key"]))


async def archive(request: Request) -> Response:
    """Give all files of a record as one zip, unless that is too large."""
    instance, record, state = _public(request)
    total = sum(one.size for one in state.files.values())
    if total > instance.limits.archive:
        raise ApiError(
            400, f"Archive download is limited to {instance.limits.archive} bytes, this has {total}."
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for one in state.files.values():
            packed.write(one.path, one.key)
    headers = {"Content-Disposition": f"attachment; filename={record.id}.zip"}
    return Response(out.getvalue(), media_type="application/zip", headers=headers)


async def container(request: Request) -> Response:
    """List what a zip holds, or give one member of it."""
    web.plain(request)
    instance, record, state = _public(request)
    one = instance.file(state, record, request.path_params["key"])
    inside = request.path_params.get("inside")
    if not zipfile.is_zipfile(one.path):
        raise ApiError(500, SERVER_ERROR)
    with zipfile.ZipFile(one.path) as packed:
        if inside is None:
            address = f"{web.site(request).base}{request.url.path}"
            return JSONResponse(_members(packed, address))
        if inside not in packed.namelist():
            raise no_file(record.id, inside)
        return Response(packed.read(inside), media_type="application/octet-stream")


def _members(packed: zipfile.ZipFile, address: str) -> dict:
    """Return the list of what a zip holds."""
    entries = [
        {
            "key": each.filename,
            "size": each.file_size,
            "compressed_size": each.compress_size,
            "mimetype": File(each.filename).mimetype,
            "crc": each.CRC,
            "links": {"content": f"{address}/{each.filename}"},
        }
        for each in packed.infolist()
        if not each.is_dir()
    ]
    return {"entries": entries, "truncated": False, "total": len(entries), "directories": []}


def routes() -> list[Route]:
    """Return what answers to which path."""
    record, draft = "/api/records/{number}", "/api/records/{number}/draft"
    return [
        Route("/api/records", create, methods=["POST"]),
        Route("/api/records", search),
        Route("/api/user/records", mine),
        Route(f"{draft}/actions/publish", publish, methods=["POST"]),
        Route(f"{draft}/actions/files-import", import_files, methods=["POST"]),
        Route(f"{draft}/pids/doi", reserve, methods=["POST"]),
        Route(f"{draft}/pids/doi", release, methods=["DELETE"]),
        Route(f"{draft}/files", draft_files),
        Route(f"{draft}/files", announce, methods=["POST"]),
        Route(f"{draft}/files", delete_files, methods=["DELETE"]),
        Route(f"{draft}/files/{{key:path}}/content", draft_content, methods=["GET", "PUT"]),
        Route(f"{draft}/files/{{key:path}}/commit", commit, methods=["POST"]),
        Route(f"{draft}/files/{{key:path}}", draft_file, methods=["GET", "DELETE"]),
        Route(draft, edit, methods=["POST"]),
        Route(draft, read_draft),
        Route(draft, update, methods=["PUT"]),
        Route(draft, discard, methods=["DELETE"]),
        Route(f"{record}/versions/latest", latest),
        Route(f"{record}/versions", versions),
        Route(f"{record}/versions", new_version, methods=["POST"]),
        Route(f"{record}/files-archive", archive),
        Route(f"{record}/files", files),
        Route(f"{record}/files/{{key:path}}/container/{{inside:path}}", container),
        Route(f"{record}/files/{{key:path}}/container", container),
        Route(f"{record}/files/{{key:path}}/content", content),
        Route(f"{record}/files/{{key:path}}", file),
        Route(record, read),
    ]
