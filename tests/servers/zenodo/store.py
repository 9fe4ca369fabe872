"""Records, drafts, versions and files: what may follow what, independent of the interface that asks."""

from __future__ import annotations

import copy
import hashlib
import mimetypes
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from servers.zenodo import metadata as fields
from servers.zenodo.errors import (
    ApiError,
    denied,
    invalid,
    locked,
    no_file,
    not_found,
    unknown,
    unregistered,
)

FIRST = 1000001  # the first id that is given


def now() -> str:
    """Return the time in UTC, as Zenodo writes it."""
    return datetime.now(UTC).isoformat()


@dataclass
class Limits:
    """What a user meets; the numbers of the configuration that Zenodo publishes, but for the rate."""

    files: int = 100
    quota: int = 50_000_000_000  # bytes of a record
    archive: int = 300_000_000  # bytes of a record that is had as one zip
    rate: int = 5000  # requests of one user in a window; Zenodo has 60 to 133 for nobody, 100 for a user
    window: float = 60  # seconds


@dataclass(frozen=True)
class User:
    """Who asks, and what the token lets him do; `name` is None for nobody."""

    name: str | None = None
    scopes: tuple[str, ...] = ()
    number: int = 0

    def need(self, scope: str) -> None:
        """Refuse a user whose token lacks a scope."""
        if self.name is None or scope not in self.scopes:
            raise denied()


@dataclass
class File:
    """A file of a record; without a path it is announced, but nothing has come yet."""

    key: str
    path: Path | None = None
    size: int = 0
    md5: str = ""
    committed: bool = False
    claimed: dict = field(default_factory=dict)  # what the client said of it, which nobody checks
    file_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    version_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)

    @property
    def mimetype(self) -> str:
        """The type that the name suggests."""
        return mimetypes.guess_type(self.key)[0] or "application/octet-stream"

    def fill(self, path: Path, size: int, md5: str) -> None:
        """Give the file its content."""
        self.path, self.size, self.md5 = path, size, md5
        self.version_id, self.updated = str(uuid.uuid4()), now()


@dataclass
class State:
    """What a draft or a published record says."""

    metadata: dict = field(default_factory=dict)
    custom_fields: dict = field(default_factory=dict)
    access: dict = field(default_factory=lambda: {"record": "public", "files": "public"})
    pids: dict = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    default_preview: str | None = None
    revision: int = 1
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)

    def touch(self) -> None:
        """Note a change."""
        self.updated, self.revision = now(), self.revision + 1


@dataclass
class Record:
    """One version: its draft, its published state, or both while it is edited."""

    id: str
    concept: str
    owner: User
    index: int
    bucket: str = field(default_factory=lambda: str(uuid.uuid4()))
    draft: State | None = None
    public: State | None = None

    @property
    def state(self) -> State:
        """The draft if there is one, else what is published."""
        return self.draft or self.public


class Instance:
    """One Zenodo with its users and records.

    Parameters
    ----------
    host
        Its name in the world.
    prefix
        Of its DOIs; 10.5072, the sandbox's, is for tests and unknown to doi.org.
    folder
        For the files' contents, named after their MD5.
    """

    def __init__(self, host: str, prefix: str, folder: Path) -> None:
        self.host, self.prefix, self.folder = host, prefix, folder
        self.limits = Limits()
        self.tokens: dict[str, User] = {}
        self.records: dict[str, Record] = {}
        self._numbers: dict[str, int] = {}
        self._next = FIRST
        folder.mkdir(parents=True)

    # Users

    def new_token(self, user: str, scopes: tuple[str, ...]) -> str:
        """Make a token of a user, who is made as well if he is new."""
        token = secrets.token_urlsafe(45)
        number = self._numbers.setdefault(user, len(self._numbers) + 1)
        self.tokens[token] = User(user, tuple(scopes), number)
        return token

    # Looking up

    def doi(self, number: str) -> str:
        """Return the DOI that a record or concept gets."""
        return f"{self.prefix}/zenodo.{number}"

    def versions(self, concept: str) -> list[Record]:
        """Return the published versions of a concept, oldest first."""
        every = (one for one in self.records.values() if one.concept == concept and one.public)
        return sorted(every, key=lambda one: one.index)

    def latest(self, record: Record) -> Record:
        """Return the newest published version of a record."""
        return self.versions(record.concept)[-1]

    def next_draft(self, concept: str) -> Record | None:
        """Return the draft of a concept's next version."""
        every = (one for one in self.records.values() if one.concept == concept and not one.public)
        return next(every, None)

    def find(self, number: str) -> Record:
        """Return a record or draft, whoever asks."""
        if number not in self.records:
            raise unknown()
        return self.records[number]

    def draft(self, number: str, user: User, scope: str | None = None) -> Record:
        """Return a record that has a draft, to its owner; with a scope, only by a token that has it."""
        record = self.find(number)
        if record.draft is None:
            raise not_found()
        self.own(record, user, scope)
        return record

    def own(self, record: Record, user: User, scope: str | None = None) -> None:
        """Refuse everybody but the owner of a record."""
        if user.name is None or user.name != record.owner.name:
            raise denied()
        if scope:
            user.need(scope)

    def published(self, number: str, user: User) -> Record:
        """Return a published record to somebody who may see it."""
        record = self.find(number)
        if record.public is None:
            raise unregistered()
        if record.public.access["record"] == "restricted" and record.owner.name != user.name:
            raise denied()
        return record

    def readable(self, record: Record, user: User) -> bool:
        """Tell whether somebody may have the files of a published record."""
        return record.public.access["files"] == "public" or record.owner.name == user.name

    def is_concept(self, number: str) -> bool:
        """Tell whether an id names all versions of a record that has published ones."""
        return bool(self.versions(number))

    # Life of a draft

    def create(self, user: User) -> Record:
        """Make a draft of a first version."""
        user.need("deposit:write")
        concept, number = str(self._next), str(self._next + 1)
        self._next += 2
        record = Record(number, concept, user, 1, draft=State(metadata={"publisher": "Zenodo"}))
        self.records[number] = record
        return record

    def edit(self, number: str, user: User) -> Record:
        """Open a published record for other metadata; a draft stays as it is."""
        record = self.find(number)
        self.own(record, user, "deposit:actions")
        if record.draft is None:
            record.draft = copy.deepcopy(record.public)
            record.draft.touch()
        return record

    def discard(self, number: str, user: User, scope: str) -> None:
        """Drop a draft, and with it the record if it was never published."""
        record = self.draft(number, user, scope)
        record.draft = None
        if record.public is None:
            del self.records[number]

    def reserve(self, record: Record) -> None:
        """Give a draft its DOI ahead of publication."""
        if "doi" in record.draft.pids:
            raise invalid("pids.doi", "A PID already exists for type doi")
        record.draft.pids["doi"] = self.own_doi(record.id)
        record.draft.touch()

    def own_doi(self, number: str) -> dict:
        """Return the entry of a DOI of Zenodo's own."""
        return {"identifier": self.doi(number), "provider": "datacite", "client": "datacite"}

    def publish(self, number: str, user: User) -> Record:
        """Make a draft public."""
        record = self.draft(number, user, "deposit:actions")
        draft = record.draft
        if problems := fields.problems(draft.metadata):
            raise ApiError(400, "A validation error occurred.", problems)
        if not draft.files:
            words = "To disable files for this record please mark it as metadata-only."
            raise invalid("files.enabled", f"Missing uploaded files. {words}")
        if any(not file.committed for file in draft.files.values()):
            raise invalid("files", "One or more files have not completed their transfer, please wait.")
        draft.pids.setdefault("doi", self.own_doi(number))
        self._alone(record)
        draft.pids.setdefault("oai", {"identifier": f"oai:{self.host}:{number}", "provider": "oai"})
        draft.updated = now()
        if record.public:
            draft.revision, draft.created = record.public.revision + 1, record.public.created
        record.public, record.draft = draft, None
        return record

    def _alone(self, record: Record) -> None:
        """Refuse a DOI that another record has."""
        doi = record.draft.pids["doi"]["identifier"]
        others = (one.public for one in self.records.values() if one.public and one is not record)
        if any(one.pids["doi"]["identifier"] == doi for one in others):
            raise invalid("pids.doi", f"doi:{doi} already exists.")

    def new_version(self, number: str, user: User) -> Record:
        """Return the draft of the next version of a published record, made unless there is one."""
        record = self.find(number)
        if record.public is None:
            raise unregistered()
        self.own(record, user, "deposit:actions")
        if found := self.next_draft(record.concept):
            return found
        latest = self.latest(record)
        said = {**copy.deepcopy(latest.public.metadata), "publication_date": fields.today()}
        said.pop("version", None)
        draft = State(
            metadata=said,
            custom_fields=copy.deepcopy(latest.public.custom_fields),
            access=copy.deepcopy(latest.public.access),
        )
        number = str(self._next)
        self._next += 1
        self.records[number] = Record(number, record.concept, latest.owner, latest.index + 1, draft=draft)
        return self.records[number]

    def import_files(self, record: Record) -> None:
        """Link the files of the newest published version into the draft of the next."""
        versions = self.versions(record.concept)
        if not versions:
            raise not_found()
        if record.draft.files:
            raise invalid("files.enabled", "Please remove all files first.")
        record.draft.files = {key: copy.copy(file) for key, file in versions[-1].public.files.items()}
        record.draft.touch()

    # Files

    def changeable(self, record: Record) -> dict[str, File]:
        """Return the files of a draft; those of a published record cannot change."""
        if record.public is not None:
            raise locked()
        return record.draft.files

    def file(self, state: State, record: Record, key: str) -> File:
        """Return a file of a record."""
        if key not in state.files:
            raise no_file(record.id, key)
        return state.files[key]

    def room(self, record: Record, keys: int) -> None:
        """Refuse more files than a record may have."""
        if len(record.draft.files) + keys > self.limits.files:
            raise ApiError(
                400, "Uploading selected files will result in exceeding the max amount per record."
            )

    def announce(self, record: Record, entries: list[dict]) -> None:
        """Take names of files that will come."""
        files = record.draft.files
        for entry in entries:
            if entry["key"] in files:
                raise ApiError(400, f"File with key {entry['key']} already exists.")
        self.room(record, len(entries))
        for entry in entries:
            files[entry["key"]] = File(entry["key"], claimed=entry)

    def left(self, record: Record, key: str) -> int:
        """Return how many bytes a file of a draft may have."""
        return self.limits.quota - sum(f.size for k, f in record.draft.files.items() if k != key)

    def keep(self, content: bytes | Path) -> tuple[Path, int, str]:
        """Put bytes, or a file that is moved, into the store; return where, how many and their MD5."""
        if isinstance(content, bytes):
            temporary = self.folder / f"new-{uuid.uuid4()}"
            temporary.write_bytes(content)
            content = temporary
        with content.open("rb") as stream:
            md5 = hashlib.file_digest(stream, "md5").hexdigest()
        size = content.stat().st_size
        path = content.replace(self.folder / md5)
        return path, size, md5

    def seed(
        self, files: Mapping[str, bytes], said: Mapping, access: dict, user: str, previous: str | None
    ) -> str:
        """Put in a published record, whatever its access, and return its id."""
        owner = self.tokens[self.new_token(user, ("deposit:write", "deposit:actions"))]
        record = self.new_version(previous, owner) if previous else self.create(owner)
        record.draft.metadata = {**fields.minimal(), **record.draft.metadata, **said}
        record.draft.access = access
        for key, content in files.items():
            record.draft.files[key] = File(key, committed=True)
            record.draft.files[key].fill(*self.keep(content))
        return self.publish(record.id, owner).id
