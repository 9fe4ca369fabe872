"""Reading a crate back: from a record, its zip, or the folder that it was unpacked to."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tidings.crate.archive import checked_members, extract, opened
from tidings.crate.manifest import NAME as MANIFEST
from tidings.crate.manifest import parse_manifest
from tidings.crate.model import FORMAT_VERSION, ZIP, Crate, CrateFile, Engine, Job
from tidings.crate.parameters import FOLDER
from tidings.errors import InputError

_ENGINES = {"Snakemake": "snakemake", "cwltool": "cwltool", "Toil": "toil"}
_LARGEST = 1 << 28  # bytes of a file that is read as a whole
Entity = dict[str, Any]


@dataclass(frozen=True)
class _Box:
    """The files of a crate, in a zip or in a folder."""

    path: Path
    zipped: bool

    @classmethod
    def of(cls, path: Path) -> _Box:
        if path.is_dir() and (path / ZIP).is_file():
            return cls(path / ZIP, True)
        if path.is_dir() and (path / "run/configuration.json").is_file():
            return cls(path, False)
        if path.is_dir():
            raise InputError(f"{path}: neither a record (there is no {ZIP}) nor an unpacked crate")
        return cls(path, True)

    def read(self, name: str) -> bytes:
        """Return the bytes of one file."""
        try:
            if not self.zipped:
                return (self.path / name).read_bytes()
            with opened(self.path) as archive:
                info = archive.getinfo(name)
                if info.file_size > _LARGEST:
                    raise InputError(
                        f"{self.path}: {name} is larger than any that this suite writes; refused"
                    )
                return archive.read(info)
        except (KeyError, FileNotFoundError):
            raise InputError(f"{self.path}: no crate of this suite: there is no {name} in it") from None

    def json(self, name: str) -> Any:
        """Return the content of a JSON file."""
        try:
            return json.loads(self.read(name))
        except ValueError as error:
            raise InputError(f"{self.path}: {name} is not JSON ({error})") from None

    def digests(self) -> Iterator[tuple[str, str]]:
        """Give name and SHA-256 of every file that is no link."""
        if not self.zipped:
            for path in sorted(self.path.rglob("*")):
                if path.is_file() and not path.is_symlink() and path.parent.name != "__pycache__":
                    with path.open("rb") as stream:
                        yield path.relative_to(self.path).as_posix(), _sha256(stream)
            return
        with opened(self.path) as archive:
            for info in checked_members(archive, self.path):
                if not stat.S_ISLNK(info.external_attr >> 16):
                    with archive.open(info) as stream:
                        yield info.filename, _sha256(stream)


def _sha256(stream: Any) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def read_crate(path: Path) -> Crate:
    """Read a crate from its graph.

    Parameters
    ----------
    path : Path
        A record folder, a run-crate.zip, or an unpacked crate.

    Raises
    ------
    InputError
        It is none of these, is damaged, or of a newer format than this suite knows.
    """
    box = _Box.of(Path(path))
    document = box.json("ro-crate-metadata.json")
    try:
        graph = {entity["@id"]: entity for entity in document["@graph"]}
        _check_format(graph["./"], box.path)
        return _crate(graph, box)
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{box.path}: ro-crate-metadata.json is not as this suite writes it "
            f"({type(error).__name__}: {error})"
        ) from None


def check_manifest(path: Path) -> list[str]:
    """Compare files with the manifests, and say which are missing, changed or not listed.

    Parameters
    ----------
    path : Path
        A record folder (its own manifest, and that in its zip), a run-crate.zip, or an unpacked crate.

    Returns
    -------
    list of str
        Empty if all is as listed.
    """
    path = Path(path)
    box = _Box.of(path)
    found = []
    if path.is_dir() and box.zipped:
        found += _compare(_Box(path, False), "")
    prefix = f"{ZIP}: " if path.is_dir() and box.zipped else ""
    return found + _compare(box, prefix)


def _compare(box: _Box, prefix: str) -> list[str]:
    text = box.read(MANIFEST).decode("utf-8", "replace")
    listed = parse_manifest(text, f"{box.path}: {MANIFEST}")
    try:
        there = dict(box.digests())
    except InputError:
        raise
    except Exception as error:  # a damaged zip can fail in any way
        raise InputError(f"{box.path}: is damaged ({error}); fetch it again") from None
    there.pop(MANIFEST, None)
    lines = [f"{prefix}{name}: missing" for name in sorted(listed.keys() - there.keys())]
    lines += [f"{prefix}{name}: not listed" for name in sorted(there.keys() - listed.keys())]
    both = sorted(listed.keys() & there.keys())
    return lines + [f"{prefix}{name}: another sha256" for name in both if listed[name] != there[name]]


def unpack(path: Path, folder: Path) -> Path:
    """Extract a crate into a folder that does not exist yet, and return that.

    Raises
    ------
    InputError
        As `tidings.crate.archive.extract` and `read_crate` do, before anything is written.
    """
    box = _Box.of(Path(path))
    if not box.zipped:
        raise InputError(f"{path}: is unpacked already")
    read_crate(box.path)
    extract(box.path, folder)
    return folder


def _check_format(root: Entity, path: Path) -> int:
    found = re.fullmatch(r"tidings-crate-(\d+)", str(root.get("schemaVersion")))
    if found is None:
        raise InputError(f"{path}: a crate, but not one of this suite (no schemaVersion tidings-crate-N)")
    if int(found[1]) > FORMAT_VERSION:
        raise InputError(
            f"{path}: of format {found[1]}, and this suite reads up to {FORMAT_VERSION}: use a newer one, "
            "or the suite in the crate itself (source/)"
        )
    return int(found[1])


def _crate(graph: dict[str, Entity], box: _Box) -> Crate:
    root = graph["./"]
    workflow = graph[root["mainEntity"]["@id"]]
    organize = graph["#organize"]
    engine = graph[organize["instrument"]["@id"]]
    files = {_path(entity): _file(entity) for entity in graph.values() if _is_file(entity)}
    order = [one["@id"] for one in root["mentions"] if one["@id"].startswith("#job/")]
    commit = graph["source/"].get("identifier")
    return Crate(
        format=_check_format(root, box.path),
        name=root["name"],
        version=root["version"],
        engine=Engine(
            _ENGINES[engine["name"]], engine["softwareVersion"], workflow["@id"].removeprefix("source/")
        ),
        jobs=tuple(_job(graph, graph[name]) for name in order),
        files=files,
        configuration=box.json("run/configuration.json"),
        digests=box.json("run/digests.json"),
        lock=box.json("run/remote.lock.json"),
        locks={
            entity["@id"].removeprefix("source/"): entity["sha256"]
            for entity in graph.values()
            if entity["@id"].startswith("source/envs/") and "sha256" in entity
        },
        image=_image(graph["#image"]),
        subjects=tuple(one["@id"] for one in _list(root.get("about"))),
        commit=commit.removeprefix("git:") if commit else None,
        identifier=root["identifier"].removeprefix("https://doi.org/") if "identifier" in root else None,
        url=root.get("url"),
        manifest=parse_manifest(box.read(MANIFEST).decode(), f"{box.path}: {MANIFEST}"),
    )


def _image(entity: Entity) -> dict[str, str]:
    made = {"name": f"{entity['registry']}/{entity['name']}:{entity['tag']}"}
    return {**made, "base": entity["isBasedOn"]} if "isBasedOn" in entity else made


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_file(entity: Entity) -> bool:
    return entity["@type"] in ("File", "Dataset") and {"additionalType", "sha256"} <= entity.keys()


def _path(entity: Entity) -> str:
    return entity.get("alternateName") or unquote(entity["@id"])


def _file(entity: Entity) -> CrateFile:
    return CrateFile(
        _path(entity),
        entity["sha256"],
        int(entity["contentSize"]),
        entity["additionalType"],
        "alternateName" not in entity,
        entity.get("contentUrl"),
    )


def _job(graph: dict[str, Entity], action: Entity) -> Job:
    step = graph[action["instrument"]["@id"]]
    bindings = [graph[one["@id"]] for one in _list(action.get("additionalProperty"))]
    results = [graph[one["@id"]] for one in _list(action["result"])]
    return Job(
        step=step["name"],
        parameters=_parameters(graph, step, action),
        inputs={
            one["name"]: tuple(_path(graph[file["@id"]]) for file in _list(one["value"])) for one in bindings
        },
        outputs={_field(step, entity): _path(entity) for entity in results},
        code=step["identifier"].removeprefix("code:"),
        start=datetime.fromisoformat(action["startTime"]),
        end=datetime.fromisoformat(action["endTime"]),
        container=graph["#image"]["name"] if "containerImage" in action else None,
    )


def _field(step: Entity, entity: Entity) -> str:
    """Return which output of a step a file is; it is the example of one of them only."""
    declared = {one["@id"] for one in _list(step["output"])}
    (name,) = [one["@id"] for one in _list(entity["exampleOfWork"]) if one["@id"] in declared]
    return name.rpartition("/")[2].removesuffix(FOLDER)


def _parameters(graph: dict[str, Entity], step: Entity, action: Entity) -> dict[str, Any]:
    values = [graph[one["@id"]] for one in _list(action["object"]) if one["@id"].startswith("#value/")]
    made = {}
    for one in values:
        many = graph[one["exampleOfWork"]["@id"]].get("multipleValues", False)
        made[one["name"]] = _list(one["value"]) if many else one["value"]
    return made
