"""What has been done of a deposit, on the disk before and after every act that the repository would see
twice.

The journal is a help, not the truth: the same command reads everything back from the repository, and finds
its draft by the marker in the draft's metadata if the journal is lost.  It holds no token.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from tidings.errors import InputError

_FORMAT = {"format": "tidings-deposit", "version": 1}


class Journal:
    """One JSON file, replaced as a whole at each change.

    Parameters
    ----------
    path : Path
        The file; it need not exist.
    repository, marker : str
        What it must be about.

    Raises
    ------
    InputError
        It cannot be read, or is about another record or repository.
    """

    def __init__(self, path: Path, repository: str, marker: str) -> None:
        self.path = path
        self._value: dict[str, Any] = {**_FORMAT, "repository": repository, "marker": marker}
        known = self._read()
        if known is not None:
            for key in ("repository", "marker"):
                if known.get(key) != self._value[key]:
                    raise InputError(
                        f"{path}: this journal is about the deposit of another run or repository "
                        f"({key} {known.get(key)}); delete it to start a new draft"
                    )
            self._value = known

    def get(self, key: str) -> Any:
        """Return an entry, or None."""
        return self._value.get(key)

    def note(self, **entries: Any) -> None:
        """Write entries; they are on the disk when this returns.

        Raises
        ------
        InputError
            The disk is full, or the folder cannot be written to.
        """
        changed = {**self._value, **entries}
        if changed == self._value and self.path.exists():
            return
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}.part")
        try:
            with open(part, "x", encoding="utf-8") as stream:
                stream.write(json.dumps(changed, indent=1, sort_keys=True) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, self.path)
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror}); make room, or name another with "
                "--journal"
            ) from None
        finally:
            part.unlink(missing_ok=True)
        self._value = changed

    def _read(self) -> dict[str, Any] | None:
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        except ValueError:
            value = None
        if not isinstance(value, dict) or {key: value.get(key) for key in _FORMAT} != _FORMAT:
            raise InputError(
                f"{self.path}: not a journal that this version reads; delete it: the draft is found "
                "by its marker"
            )
        return value
