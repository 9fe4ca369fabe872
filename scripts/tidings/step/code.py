"""The hash of the code that a step runs: its file and the library modules that this imports."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

from tidings.step.declaration import SCRIPTS


@cache
def code_hash(name: str, scripts: Path | None = None) -> str:
    """Return a hash that changes when, and only when, code changes that the step `name` may run.

    Imports inside functions count; the step declaration itself does not, since it makes no numbers.
    `scripts` is the folder of another copy of the suite, such as an archived one.
    """
    scripts = scripts or SCRIPTS
    digest = hashlib.sha256()
    for path in sorted(modules(scripts / f"{name}.py", scripts)):
        digest.update(f"{path.relative_to(scripts).as_posix()} {len(path.read_bytes())}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def modules(path: Path, scripts: Path | None = None) -> set[Path]:
    """Return `path` and all the library modules that it imports, directly or through others."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += imports(path, scripts)
    return found


@cache
def imports(path: Path, scripts: Path | None = None) -> tuple[Path, ...]:
    """Return the library modules named by the import statements of one file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from package import module" and "from module import name" look the same.
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    library = {n for n in names if n.startswith("tidings.") and not n.startswith("tidings.step")}
    # Importing a module runs the __init__ of the packages above it.
    library |= {n.rpartition(".")[0] for n in library if n.count(".") > 1}
    return tuple(file for n in sorted(library) if (file := _file(n, scripts or SCRIPTS)))


def _file(module: str, scripts: Path) -> Path | None:
    base = scripts.joinpath(*module.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
