"""A record's way into a repository: draft, reserved DOI, files, metadata, and last and apart, publication.

Each act looks first whether it has been done, so the same command may be given any number of times: after a
crash it goes on where it stopped, and after success it does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings.errors import InputError
from tidings.zenodo.api import ATTEMPTS, Api, Refused
from tidings.zenodo.fetch import md5
from tidings.zenodo.journal import Journal
from tidings.zenodo.metadata import differences
from tidings.zenodo.progress import Body, Progress

INDEX_LAG = (
    1.0,
    3.0,
    6.0,
)  # s after which a new draft must be found; a search index is refreshed each second
PAGES, PAGE = 4, 100
UPLOADS = 3  # times that a file is sent before a wrong checksum is believed


@dataclass(frozen=True)
class Outcome:
    """A deposit: its number, DOI and page, whether it is published, how many files were sent now."""

    id: str
    doi: str
    url: str
    published: bool
    sent: int


class Depositor:
    """One deposit.

    Parameters
    ----------
    api : Api
        Of the repository, with a token.
    journal : Journal
        Of this deposit.
    marker : str
        URN in the draft's metadata.
    say : callable
        Told what happens, a line at a time.
    """

    def __init__(self, api: Api, journal: Journal, marker: str, say: Callable[[str], None] = print) -> None:
        self.api, self.journal, self.marker, self.say = api, journal, marker, say
        self.id = ""

    # ---- the draft ---------------------------------------------------------------------------------------

    def open(self, metadata: Mapping[str, Any], previous: str | None = None) -> dict[str, Any]:
        """Find this deposit's draft, or its published record, or make the draft.

        Parameters
        ----------
        metadata : mapping
            As from `metadata.metadata_of`; the marker is in it.
        previous : str, optional
            Number of the record that this is a new version of.

        Returns
        -------
        dict
            The draft or published record as the repository has it.
        """
        known = self.journal.get("id")
        # A creation that was cut off may not be in the index yet; without a journal there was none just now.
        lag = INDEX_LAG if self.journal.get("creating") else ()
        found = (self._state(known) if known else None) or self._search(lag)
        if found is None:
            self.journal.note(creating=True, id=None)
            found = self._new_version(previous, metadata) if previous else self._create(metadata)
        self.id = str(found["id"])
        self.journal.note(creating=False, id=self.id)
        return found

    def _create(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        made = self.api.act("/api/records", lambda: self._search(INDEX_LAG), _whole(metadata))
        self.say(f"draft {made['id']} made")
        return made

    def _new_version(self, previous: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
        # This act is idempotent by itself: the second time it returns the draft that the first one made.
        made = self.api.act(f"/api/records/{previous}/versions", lambda: None)
        self.api.idempotent("PUT", f"/api/records/{made['id']}/draft", value=_whole(metadata, made))
        self.say(f"draft {made['id']} made, a new version of {previous}")
        return made

    def _state(self, number: str) -> dict[str, Any] | None:
        """Return a draft, or else the published record of this number, or None."""
        return self._draft(number) or self.published(number)

    def _draft(self, number: str) -> dict[str, Any] | None:
        try:
            return self.api.get(f"/api/records/{number}/draft")
        except Refused as error:
            if error.status in (404, 410):
                return None
            raise

    def published(self, number: str | None = None) -> dict[str, Any] | None:
        """Return the published record of a number, of this deposit unless another is given, or None."""
        try:
            found = self.api.get(f"/api/records/{number or self.id}")
        except Refused as error:
            if error.status in (404, 410):
                return None
            raise
        # The number of all versions would lead to another record.
        return found if str(found.get("id")) == (number or self.id) else None

    def _search(self, pauses: tuple[float, ...]) -> dict[str, Any] | None:
        """Look through the user's own records and drafts for the marker."""
        for pause in (0.0, *pauses):
            if pause:
                self.api.sleep(pause)
            for page in range(1, PAGES + 1):
                value = self.api.get("/api/user/records", q=f'"{self.marker}"', size=PAGE, page=page)
                hits = value["hits"]["hits"]
                for hit in hits:
                    if self._is_ours(hit) and (state := self._state(str(hit["id"]))):
                        return state
                if len(hits) < PAGE:
                    break
        return None

    def _is_ours(self, hit: Mapping[str, Any]) -> bool:
        stated = (hit.get("metadata") or {}).get("identifiers") or []
        return any(one.get("identifier") == self.marker for one in stated)

    # ---- DOI, metadata -----------------------------------------------------------------------------------

    def reserve(self, draft: Mapping[str, Any]) -> str:
        """Return the draft's DOI, reserved now unless it has been before."""
        if not (doi := _doi(draft)):
            path = f"/api/records/{self.id}/draft/pids/doi"
            try:
                doi = _doi(self.api.act(path, self._with_doi))
            except Refused as error:
                # "A PID already exists": somebody, or this command before it was killed, was faster.
                doi = _doi(self._with_doi() or {})
                if not doi:
                    raise error
        if not doi:
            raise InputError(
                f"{self.api.base}: draft {self.id} got no DOI; reserve one on its page, run again"
            )
        self.journal.note(doi=doi)
        return doi

    def _with_doi(self) -> dict[str, Any] | None:
        draft = self._draft(self.id)
        return draft if draft and _doi(draft) else None

    def describe(self, metadata: Mapping[str, Any]) -> None:
        """Bring the metadata to the draft, and make sure that they were kept.

        Raises
        ------
        InputError
            The repository finds fault with them, or has dropped or changed some.
        """
        path = f"/api/records/{self.id}/draft"
        draft = self.api.get(path)
        if differences(metadata, draft.get("metadata")):
            draft = self.api.idempotent("PUT", path, value=_whole(metadata, draft))
            if errors := draft.get("errors"):
                lines = (f"{e.get('field')}: {'; '.join(map(str, e.get('messages', [])))}" for e in errors)
                raise InputError(f"{self.api.base}: the metadata are refused: {' | '.join(lines)}")
            draft = self.api.get(path)
        self._compare(metadata, draft)

    def _compare(self, metadata: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        if lost := differences(metadata, kept.get("metadata")):
            raise InputError(
                f"{self.api.base}/uploads/{self.id}: the repository did not keep all metadata: "
                f"{' | '.join(lost)}"
            )
        if (known := self.journal.get("doi")) and (has := _doi(kept)) != known:
            raise InputError(
                f"{self.api.base}: record {self.id} has DOI {has}, but {known} stands in its files"
            )

    # ---- files -------------------------------------------------------------------------------------------

    def upload(self, files: Mapping[str, Path]) -> int:
        """Make the draft's files be these; return how many had to be sent.

        Raises
        ------
        InputError
            A file cannot be sent, or does not arrive as it is.
        """
        sums = {name: md5(path) for name, path in files.items()}
        there = self._listed()
        for name in sorted(there.keys() - sums.keys()):
            self._delete(name)
        missing = [name for name in sorted(sums) if not _has(there.get(name), sums[name])]
        progress = Progress(sum(files[name].stat().st_size for name in missing))
        try:
            for name in missing:
                progress.begin(name)
                self._send(name, files[name], sums[name], there.get(name), progress)
                self.journal.note(files={**(self.journal.get("files") or {}), name: sums[name]})
        finally:
            progress.end()
        self._check_files(sums, self._listed())
        return len(missing)

    def _send(
        self, name: str, path: Path, digest: str, there: Mapping[str, Any] | None, progress: Progress
    ) -> None:
        for _ in range(UPLOADS):
            if there is not None:
                self._delete(name)
            folder = f"/api/records/{self.id}/draft/files"
            self.api.act(folder, lambda: self._listed().get(name), [{"key": name}])
            self.api.idempotent("PUT", f"{folder}/{name}/content", body=lambda: Body(path, progress))
            self.api.act(f"{folder}/{name}/commit", lambda: self._completed(name))
            there = self._listed().get(name)
            if _has(there, digest):
                return
            if md5(path) != digest:
                raise InputError(f"{path}: changed while it was sent; run again when nothing writes to it")
        raise InputError(
            f"{path}: arrives damaged: its MD5 is {digest}, {self.api.base} has {_sum(there)} after "
            f"{UPLOADS} "
            "attempts; nothing was published. Run again later"
        )

    def _listed(self) -> dict[str, Any]:
        entries = self.api.get(f"/api/records/{self.id}/draft/files")["entries"]
        return {entry["key"]: entry for entry in entries}

    def _completed(self, name: str) -> Any:
        entry = self._listed().get(name)
        return entry if entry and entry.get("status") == "completed" else None

    def _delete(self, name: str) -> None:
        try:
            self.api.idempotent("DELETE", f"/api/records/{self.id}/draft/files/{name}")
        except Refused as error:
            if error.status != 404:
                raise

    def _check_files(self, sums: Mapping[str, str], there: Mapping[str, Any]) -> None:
        wrong = [name for name in sums if not _has(there.get(name), sums[name])]
        if wrong or there.keys() - sums.keys():
            names = ", ".join([*wrong, *sorted(there.keys() - sums.keys())])
            raise InputError(f"{self.api.base}: the files of {self.id} are not those of the record: {names}")

    # ---- publication -------------------------------------------------------------------------------------

    def publish(self, metadata: Mapping[str, Any], sums: Mapping[str, str]) -> dict[str, Any]:
        """Publish the draft, unless it is published, and read the record back.

        Parameters
        ----------
        metadata : mapping
            That it must have.
        sums : mapping
            Names of its files and their MD5.
        """
        record = self.published()
        if record is None:
            try:
                self.api.act(f"/api/records/{self.id}/draft/actions/publish", self.published)
            except Refused:
                if self.published() is None:
                    raise
            record = self._await_publication()
        self._compare(metadata, record)
        listed = self.api.get(f"/api/records/{self.id}/files", accept="application/json")["entries"]
        self._check_files(sums, {entry["key"]: entry for entry in listed})
        self.journal.note(published=True)
        return record

    def _await_publication(self) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            if record := self.published():
                return record
            self.api.wait(attempt, InputError("the record cannot be read yet"), f"publication of {self.id}")
        raise AssertionError("not reached")


def _whole(metadata: Mapping[str, Any], draft: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the body of a draft; a reserved DOI must be sent along, or it would be dropped."""
    pids = {"pids": draft["pids"]} if draft and draft.get("pids") else {}
    return {
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": True},
        "metadata": dict(metadata),
        **pids,
    }


def _doi(value: Mapping[str, Any]) -> str | None:
    return ((value.get("pids") or {}).get("doi") or {}).get("identifier")


def _sum(entry: Mapping[str, Any] | None) -> str:
    return str((entry or {}).get("checksum") or "none").rpartition(":")[2]


def _has(entry: Mapping[str, Any] | None, digest: str) -> bool:
    return bool(entry) and entry.get("status", "completed") == "completed" and _sum(entry) == digest
