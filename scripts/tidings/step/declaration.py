"""Reading a step's interface from the signature of its function."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

SCRIPTS = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class In:
    """An input: ``Path``, ``Path | None`` (may be left out) or ``list[Path]``."""

    doc: str
    format: str | None = None
    directory: bool = False


@dataclass(frozen=True)
class Out:
    """An output, with the name it has unless another is given."""

    name: str
    doc: str
    format: str | None = None
    directory: bool = False


@dataclass(frozen=True)
class Param:
    """A parameter; `min` and `max` are allowed values themselves."""

    doc: str
    unit: str | None = None
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Record:
    """A file that is read and updated in place, such as the checksums of remote files.

    A step with a record reaches the network; every other step runs without one.
    """

    doc: str


@dataclass(frozen=True)
class Field:
    """One argument of a step: its declaration, and what its annotation says of the value."""

    name: str
    kind: In | Out | Param | Record
    type: type
    many: bool
    optional: bool
    required: bool
    default: Any
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """A step's name, function, description and fields, in the order of the signature."""

    name: str
    function: Callable[..., None]
    doc: str
    fields: tuple[Field, ...]

    @classmethod
    def of(cls, function: Callable[..., None]) -> Step:
        """Read the declaration of `function`."""
        hints = get_type_hints(function, include_extras=True)
        signature = inspect.signature(function)
        fields = tuple(_field(p, hints[p.name], function.__name__) for p in signature.parameters.values())
        return cls(function.__name__, function, inspect.getdoc(function) or "", fields)

    @classmethod
    def load(cls, name: str) -> Step:
        """Import the step called `name` from its file."""
        path = SCRIPTS / f"{name}.py"
        if not path.is_file():
            raise LookupError(f"no step {name!r}: {path} does not exist")
        spec = importlib.util.spec_from_file_location(f"_step_{name}", path)
        module = importlib.util.module_from_spec(spec)
        # get_type_hints looks the names of a function's annotations up in its module.
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return cls.of(getattr(module, name))

    def select(self, kind: type) -> list[Field]:
        """Return the fields of one kind."""
        return [field for field in self.fields if isinstance(field.kind, kind)]

    @property
    def summary(self) -> str:
        """The first line of the description."""
        return self.doc.partition("\n")[0]

    @property
    def stack(self) -> str:
        """The scientific stack, which names the environment: the part before the first underscore."""
        return self.name.partition("_")[0]


def step_names() -> list[str]:
    """List the steps there are: the files that hand the function of their own name to `main`."""
    return sorted(p.stem for p in SCRIPTS.glob("*.py") if f"main({p.stem})" in p.read_text())


def _field(parameter: inspect.Parameter, hint: Any, step: str) -> Field:
    kinds = [m for m in get_args(hint)[1:] if isinstance(m, In | Out | Param | Record)]
    if get_origin(hint) is not Annotated or len(kinds) != 1:
        raise TypeError(f"{step}({parameter.name}): annotate it with one In, Out, Param or Record")
    kind = kinds[0]
    base, optional = _without_none(get_args(hint)[0])
    many = get_origin(base) is list
    if many:
        (base,) = get_args(base)
    choices = get_args(base) if get_origin(base) is Literal else ()
    if choices:
        base = str
    required = parameter.default is inspect.Parameter.empty and not isinstance(kind, Out)
    default = None if parameter.default is inspect.Parameter.empty else parameter.default
    if many and default is not None:
        default = list(default)
    if isinstance(kind, Out):
        default = kind.name
    field = Field(parameter.name, kind, base, many, optional, required, default, choices)
    _check(field, step)
    return field


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    (base,) = [a for a in get_args(hint) if a is not NoneType]
    return base, True


def _check(field: Field, step: str) -> None:
    """Refuse declarations that one of the derived forms could not express."""
    where = f"{step}({field.name})"
    paths = isinstance(field.kind, In | Out | Record)
    if paths != (field.type is Path):
        raise TypeError(f"{where}: In, Out and Record are paths, parameters are not")
    if field.type not in (Path, str, float, int, bool):
        raise TypeError(f"{where}: {field.type} is not one of Path, str, float, int, bool, Literal")
    if field.type is bool and field.optional:
        raise TypeError(f"{where}: a switch is true or false, never None")
    if field.type is float and field.kind.unit is None:
        raise TypeError(f"{where}: every float has a unit (unit='' for a pure number)")
    if isinstance(field.kind, In) and field.optional and field.default is not None:
        raise TypeError(f"{where}: an optional input is None by default")
