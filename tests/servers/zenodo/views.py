"""The JSON of records, drafts and files, in InvenioRDM's form and in Zenodo's two older ones."""

from __future__ import annotations

from urllib.parse import quote

from servers.zenodo import metadata as fields
from servers.zenodo.store import File, Instance, Record, State, User

TITLES = {"physicalobject": "Physical object", "conferencepaper": "Conference paper"}


def _title(kind: str) -> str:
    return TITLES.get(kind, kind.capitalize())


class Views:
    """Writes the answers of one instance.

    Parameters
    ----------
    instance
        Whose records they are.
    base
        What links begin with: as the request was addressed.
    """

    def __init__(self, instance: Instance, base: str) -> None:
        self.instance, self.base = instance, base

    # InvenioRDM

    def rdm(self, record: Record, user: User, *, draft: bool, errors: list[dict] | None = None) -> dict:
        """Return a draft or published record as InvenioRDM writes it; errors are those of the last change."""
        state = record.draft if draft else record.public
        body = {
            "id": record.id,
            "created": state.created,
            "updated": state.updated,
            "revision_id": state.revision,
            "links": self._rdm_links(record, draft),
            "parent": self._parent(record),
            "versions": self._versions(record),
            "is_published": record.public is not None,
            "is_draft": draft,
            "pids": state.pids,
            "metadata": self._vocabularies(state.metadata),
            "custom_fields": {k: v for k, v in state.custom_fields.items() if k != "legacy"},
            "access": self._access(state),
            "files": self._files(record, state, user, draft),
            "media_files": {"enabled": False, "order": [], "count": 0, "total_bytes": 0, "entries": {}},
            "status": self._status(record),
        }
        if draft:
            body["expires_at"] = None
        if errors:
            body["errors"] = errors
        return body

    def _status(self, record: Record) -> str:
        if record.public:
            return "published"
        return "new_version_draft" if record.index > 1 else "draft"

    def _rdm_links(self, record: Record, draft: bool) -> dict:
        api, page = f"{self.base}/api/records/{record.id}", f"{self.base}/records/{record.id}"
        here = f"{api}/draft" if draft else api
        links = {
            "self": here,
            "self_html": f"{self.base}/uploads/{record.id}" if draft else page,
            "files": f"{here}/files",
            "archive": f"{here}/files-archive",
            "versions": f"{api}/versions",
            "reserve_doi": f"{api}/draft/pids/doi",
        }
        if draft:
            links |= {"record": api, "record_html": page, "publish": f"{api}/draft/actions/publish"}
        else:
            links |= {
                "latest": f"{api}/versions/latest",
                "latest_html": f"{page}/latest",
                "draft": f"{api}/draft",
            }
            links["parent"] = f"{self.base}/api/records/{record.concept}"
            links["parent_doi"] = self.doi_link(self.instance.doi(record.concept))
        if doi := (record.draft if draft else record.public).pids.get("doi"):
            links["doi"] = links["self_doi"] = self.doi_link(doi["identifier"])
        return links

    def doi_link(self, doi: str) -> str:
        """Return the address of a DOI; over plain HTTP the resolver is on this machine, too."""
        return f"https://doi.org/{doi}" if self.base.startswith("https") else f"{self.base}/doi.org/{doi}"

    def _parent(self, record: Record) -> dict:
        owner = {"user": str(record.owner.number)}
        body = {
            "id": record.concept,
            "access": {"owned_by": owner, "grants": [], "links": []},
            "communities": {},
        }
        if self.instance.is_concept(record.concept):
            body["pids"] = {"doi": self.instance.own_doi(record.concept)}
        return body

    def _versions(self, record: Record) -> dict:
        versions = self.instance.versions(record.concept)
        following = self.instance.next_draft(record.concept)
        return {
            "index": record.index,
            "is_latest": bool(versions) and versions[-1] is record,
            "is_latest_draft": following is None or following is record,
        }

    def _access(self, state: State) -> dict:
        embargo = state.access.get("embargo") or {"active": False, "reason": None}
        public = state.access["record"] == state.access["files"] == "public"
        status = "open" if public else "embargoed" if embargo["active"] else "restricted"
        return {**state.access, "embargo": embargo, "status": status}

    def _vocabularies(self, said: dict) -> dict:
        """Words of a list come back with their titles."""
        body = dict(said)
        if kind := (said.get("resource_type") or {}).get("id"):
            body["resource_type"] = {"id": kind, "title": {"en": _title(kind.split("-")[-1])}}
        if said.get("rights"):
            body["rights"] = [
                {"id": one["id"], "title": {"en": one["id"].upper()}} if "id" in one else one
                for one in said["rights"]
            ]
        return body

    def _files(self, record: Record, state: State, user: User, draft: bool) -> dict:
        if not draft and not self.instance.readable(record, user):
            return {"enabled": True}
        files = state.files.values()
        body = {
            "enabled": True,
            "order": [],
            "count": len(files),
            "total_bytes": sum(file.size for file in files if file.committed),
            "entries": {file.key: self._brief(record, file, draft=draft) for file in files},
        }
        return {**body, "default_preview": state.default_preview} if state.default_preview else body

    def _links(self, record: Record, file: File, *, draft: bool) -> dict:
        files = f"{self.base}/api/records/{record.id}{'/draft' if draft else ''}/files"
        here = f"{files}/{quote(file.key, safe='')}"
        links = {"self": here, "content": f"{here}/content"}
        return {**links, "commit": f"{here}/commit"} if draft else links

    def _brief(self, record: Record, file: File, *, draft: bool) -> dict:
        """Return a file as it stands in its record; there are no links in a draft's."""
        body = {"key": file.key, "metadata": file.claimed.get("metadata"), "access": {"hidden": False}}
        if not file.committed:
            return body
        body |= {"id": file.file_id, "checksum": f"md5:{file.md5}", "size": file.size}
        body |= {"ext": file.key.rpartition(".")[2], "mimetype": file.mimetype, "storage_class": "L"}
        return body if draft else {**body, "links": self._links(record, file, draft=False)}

    def entry(self, record: Record, file: File, *, draft: bool) -> dict:
        """Return a file as it stands in lists and alone; until it is committed, with what was said of it."""
        body = {
            "key": file.key,
            "created": file.created,
            "updated": file.updated,
            "access": {"hidden": False},
            "metadata": file.claimed.get("metadata"),
            "transfer": {"type": "L"},
            "status": "completed" if file.committed else "pending",
            "links": self._links(record, file, draft=draft),
        }
        if not file.committed:
            return {**body, **{key: file.claimed[key] for key in ("checksum", "size") if key in file.claimed}}
        return {
            **body,
            "checksum": f"md5:{file.md5}",
            "size": file.size,
            "mimetype": file.mimetype,
            "file_id": file.file_id,
            "version_id": file.version_id,
            "bucket_id": record.bucket,
            "storage_class": "L",
        }

    def entries(self, record: Record, *, draft: bool) -> dict:
        """Return the list of a record's files as InvenioRDM writes it."""
        state = record.draft if draft else record.public
        here = f"{self.base}/api/records/{record.id}{'/draft' if draft else ''}"
        return {
            "enabled": True,
            "links": {"self": f"{here}/files", "archive": f"{here}/files-archive"},
            "entries": [self.entry(record, file, draft=draft) for file in state.files.values()],
            "default_preview": state.default_preview,
            "order": [],
        }

    # Zenodo's records

    def record(self, record: Record, user: User, *, draft: bool = False) -> dict:
        """Return a record or draft in the form that Zenodo gives unless another is asked for."""
        state = record.draft if draft else record.public
        links = self._rdm_links(record, draft)
        body = {
            "created": state.created,
            "modified": state.updated,
            "id": int(record.id),
            "conceptrecid": record.concept,
            "metadata": self._record_metadata(record, state),
            "title": state.metadata.get("title", ""),
            "links": links,
            "updated": state.updated,
            "recid": record.id,
            "revision": state.revision,
            "owners": [{"id": str(record.owner.number)}],
            "status": "draft" if draft else "published",
            "state": "unsubmitted" if draft else "done",
            "submitted": record.public is not None,
        }
        if not draft:
            doi = state.pids["doi"]["identifier"]
            concept = self.instance.doi(record.concept)
            body |= {"doi": doi, "doi_url": f"https://doi.org/{doi}", "conceptdoi": concept}
        if draft or self.instance.readable(record, user):
            body["files"] = [self.record_file(record, file, draft) for file in state.files.values()]
        return body

    def _record_metadata(self, record: Record, state: State) -> dict:
        said = state.metadata
        body = fields.to_legacy(said, state.access, state.custom_fields.get("legacy", {}))
        kind, sub = fields.legacy_kind(said)
        if kind:
            body["resource_type"] = {
                "title": _title(sub or kind),
                "type": kind,
                **({"subtype": sub} if sub else {}),
            }
        if licence := fields.legacy_licence(said):
            body["license"] = {"id": licence}
        if "doi" in state.pids:
            body["doi"] = state.pids["doi"]["identifier"]
        parent = {"pid_type": "recid", "pid_value": record.concept}
        last = self._versions(record)["is_latest"]
        body["relations"] = {"version": [{"index": record.index - 1, "is_last": last, "parent": parent}]}
        return body

    def record_file(self, record: Record, file: File, draft: bool = False) -> dict:
        """Return a file of a record in the older form."""
        link = self._links(record, file, draft=draft)["content"]
        body = {"id": file.file_id, "key": file.key, "size": file.size}
        return {**body, "checksum": f"md5:{file.md5}", "links": {"self": link}}

    # Zenodo's deposits

    def deposit(self, record: Record) -> dict:
        """Return a draft or record as the older interface for deposits writes it."""
        state, number = record.state, record.id
        body = {
            "created": state.created,
            "modified": state.updated,
            "id": int(number),
            "conceptrecid": record.concept,
            "record_id": int(number),
            "metadata": self._deposit_metadata(record, state),
            "title": state.metadata.get("title", ""),
            "links": self._deposit_links(record),
            "owner": record.owner.number,
            "files": [self.deposit_file(record, file) for file in state.files.values()],
            "state": "unsubmitted",
            "submitted": record.public is not None,
        }
        if record.public:
            doi = record.public.pids["doi"]["identifier"]
            body["state"] = "inprogress" if record.draft else "done"
            body["record_url"] = f"{self.base}/records/{number}"
            body |= {"doi": doi, "doi_url": f"https://doi.org/{doi}"}
        if self.instance.is_concept(record.concept):
            body["conceptdoi"] = self.instance.doi(record.concept)
        return body

    def _deposit_metadata(self, record: Record, state: State) -> dict:
        said = state.metadata
        body = fields.to_legacy(said, state.access, state.custom_fields.get("legacy", {}))
        kind, sub = fields.legacy_kind(said)
        if kind:
            body["upload_type"] = kind
        if sub:
            body[f"{kind}_type"] = sub
        if licence := fields.legacy_licence(said):
            body["license"] = licence
        if "doi" in state.pids:
            body["doi"] = state.pids["doi"]["identifier"]
        # Not what the DOI will be: the prefix is this one in the sandbox, too.
        reserved = {"doi": f"10.5281/zenodo.{record.id}", "recid": int(record.id)}
        return {**body, "prereserve_doi": reserved}

    def _deposit_links(self, record: Record) -> dict:
        here = f"{self.base}/api/deposit/depositions/{record.id}"
        following = self.instance.next_draft(record.concept) or record
        links = {
            "self": here,
            "html": f"{self.base}/deposit/{record.id}",
            "files": f"{here}/files",
            "bucket": f"{self.base}/api/files/{record.bucket}",
            "latest_draft": f"{self.base}/api/deposit/depositions/{following.id}",
            "latest_draft_html": f"{self.base}/deposit/{following.id}",
        }
        links |= {name: f"{here}/actions/{name}" for name in ("publish", "edit", "discard", "newversion")}
        if record.public:
            links |= {"record": f"{self.base}/api/records/{record.id}"}
            links |= {"record_html": f"{self.base}/records/{record.id}"}
            links |= {"latest": f"{self.base}/api/records/{self.instance.latest(record).id}"}
            links |= {"doi": self.doi_link(record.public.pids["doi"]["identifier"])}
        return links

    def deposit_file(self, record: Record, file: File) -> dict:
        """Return a file of a deposit; its size is a float until it is published."""
        here = f"{self.base}/api/deposit/depositions/{record.id}/files/{file.file_id}"
        content = f"{self.base}/api/records/{record.id}{'' if record.public else '/draft'}/files"
        return {
            "id": file.file_id,
            "filename": file.key,
            "filesize": file.size if record.public else float(file.size),
            "checksum": file.md5,
            "links": {"self": here, "download": f"{content}/{quote(file.key, safe='')}/content"},
        }

    def bucket_file(self, record: Record, file: File) -> dict:
        """Return a file as the interface of buckets writes it."""
        link = f"{self.base}/api/files/{record.bucket}/{quote(file.key, safe='')}"
        return {
            "created": file.created,
            "updated": file.updated,
            "version_id": file.version_id,
            "key": file.key,
            "size": file.size,
            "mimetype": file.mimetype,
            "checksum": f"md5:{file.md5}",
            "is_head": True,
            "delete_marker": False,
            "links": {
                "self": link,
                "version": f"{link}?versionId={file.version_id}",
                "uploads": f"{link}?uploads",
            },
        }
