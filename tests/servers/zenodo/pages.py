"""The pages that people see, the DOI resolver, and the control of the server by requests."""

from __future__ import annotations

import html
import json

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from servers.zenodo import legacy, rdm, web
from servers.zenodo.errors import ApiError, denied
from servers.zenodo.store import Record
from servers.zenodo.traffic import Fault, Traffic, as_json

WORDS = {
    404: "The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again.",
    405: "The method is not allowed for the requested URL.",
}


def _shown(request: Request) -> Record:
    instance, _, user = web.parts(request)
    return instance.published(request.path_params["number"], user)


async def landing(request: Request) -> Response:
    """Show a record, or send from the concept to its newest version."""
    instance, _, user = web.parts(request)
    number = request.path_params["number"]
    if instance.is_concept(number):
        return RedirectResponse(f"{web.site(request).base}/records/{instance.versions(number)[-1].id}", 302)
    record = _shown(request)
    said = record.public.metadata
    files = record.public.files if instance.readable(record, user) else {}
    items = "".join(f'<li><a href="/records/{number}/files/{key}?download=1">{key}</a></li>' for key in files)
    title = html.escape(said.get("title", ""))
    doi = record.public.pids["doi"]["identifier"]
    return HTMLResponse(f"<html><title>{title}</title><h1>{title}</h1><p>{doi}</p><ul>{items}</ul></html>")


async def older_landing(request: Request) -> Response:
    """Send to the page that a record has since 2023."""
    return RedirectResponse(f"{web.site(request).base}/records/{request.path_params['rest']}", 301)


async def latest(request: Request) -> Response:
    """Send to the page of the newest version."""
    instance, _, _ = web.parts(request)
    return RedirectResponse(f"{web.site(request).base}/records/{instance.latest(_shown(request)).id}", 302)


async def download(request: Request) -> Response:
    """Give a file under the address that its page shows."""
    instance, _, user = web.parts(request)
    record = _shown(request)
    if not instance.readable(record, user):
        raise denied()
    return web.content(instance.file(record.public, record, request.path_params["key"]))


async def bibtex(request: Request) -> Response:
    """Give a record as an entry of a bibliography."""
    record = _shown(request)
    said, doi = record.public.metadata, record.public.pids["doi"]["identifier"]
    names = " and\n                  ".join(one["person_or_org"].get("name", "") for one in said["creators"])
    kind = "software" if said["resource_type"]["id"] == "software" else "dataset"
    year = said["publication_date"][:4]
    rows = {
        "author": f"{{{names}}}",
        "title": f"{{{said['title']}}}",
        "year": year,
        "publisher": f"{{{said['publisher']}}}",
        "doi": f"{{{doi}}}",
        "url": f"{{https://doi.org/{doi}}}",
    }
    first = said["creators"][0]["person_or_org"].get("family_name", "record").lower()
    body = ",\n".join(f"  {key:<12} = {value}" for key, value in rows.items())
    return PlainTextResponse(f"@{kind}{{{first}_{year}_{record.id},\n{body},\n}}\n")


# DOIs


async def by_doi(request: Request) -> Response:
    """Send from a DOI of this instance to the record's page."""
    instance, _, _ = web.parts(request)
    number = request.path_params["doi"].rpartition("zenodo.")[2]
    if request.path_params["doi"] != instance.doi(number):
        raise HTTPException(404)
    return RedirectResponse(f"{web.site(request).base}/records/{number}", 302)


async def resolve(request: Request) -> Response:
    """Answer as doi.org: send to Zenodo if the DOI is registered."""
    instance, _, _ = web.parts(request)
    doi = request.path_params["doi"].lower()
    number = doi.rpartition("zenodo.")[2]
    record = instance.records.get(number)
    known = instance.is_concept(number) or (record is not None and record.public is not None)
    if not known or doi != instance.doi(number):
        page = f"<html><title>Error: DOI Not Found</title><h1>DOI Not Found</h1>{html.escape(doi)}</html>"
        return HTMLResponse(page, 404)
    return RedirectResponse(f"{web.site(request).base}/doi/{doi}", 302)


# Control, and what no route answers


def control(traffic: Traffic) -> list[Route]:
    """Return the routes by which another process reads the journal and puts faults in."""

    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            traffic.faults.clear()
            return Response(status_code=204)
        said = json.loads(await request.body())
        said["body"] = said["body"].encode() if said.get("body") is not None else None
        traffic.add(Fault(**said))
        return Response(status_code=201)

    async def journal(request: Request) -> Response:
        return JSONResponse([as_json(call) for call in traffic.journal])

    async def limits(request: Request) -> Response:
        for name, value in json.loads(await request.body()).items():
            setattr(web.site(request).instance.limits, name, value)
        return JSONResponse(vars(web.site(request).instance.limits))

    return [
        Route("/_control/faults", faults, methods=["POST", "DELETE"]),
        Route("/_control/journal", journal),
        Route("/_control/limits", limits, methods=["POST"]),
    ]


async def _refused(request: Request, error: ApiError) -> Response:
    return JSONResponse(error.body(), error.status)


async def _no_route(request: Request, error: HTTPException) -> Response:
    words = WORDS.get(error.status_code, error.detail)
    return JSONResponse({"status": error.status_code, "message": words}, error.status_code)


async def _gone(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=400)


def application(traffic: Traffic) -> Starlette:
    """Return the whole server but what stands before it."""
    routes = [
        *control(traffic),
        *rdm.routes(),
        *legacy.routes(),
        Route("/doi.org/{doi:path}", resolve),
        Route("/doi/{doi:path}", by_doi),
        Route("/record/{rest:path}", older_landing),
        Route("/records/{number}/latest", latest),
        Route("/records/{number}/export/bibtex", bibtex),
        Route("/records/{number}/files/{key:path}", download),
        Route("/records/{number}", landing),
    ]
    handlers = {ApiError: _refused, HTTPException: _no_route, ClientDisconnect: _gone}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app
