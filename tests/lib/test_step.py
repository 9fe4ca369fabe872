"""The step declaration: command line, bounds, atomic outputs, provenance, derived forms."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest

from tidings.errors import InputError
from tidings.step import In, Out, Param, Record, Step, code, cwl, docs, main, provenance, rules, run
from tidings.step.command import parser


def example(
    events: Annotated[list[Path], In("Event files", format="fits")],
    product: Annotated[Path, Out("product.json", "What came out", format="json")],
    folder: Annotated[Path, Out("parts", "The parts", directory=True)],
    *,
    catalogue: Annotated[Path | None, In("Sources to look for")] = None,
    width: Annotated[float, Param("Bin width", unit="s", min=0.05, max=10)] = 1.0,
    model: Annotated[Literal["median", "polynomial"], Param("Background model")] = "median",
    clean: Annotated[bool, Param("Clean the image")] = True,
    bands: Annotated[list[float], Param("Band edges", unit="keV")] = (),
    seed: Annotated[int | None, Param("Seed of the simulation", min=0)] = None,
    fail: Annotated[Literal["", "input", "bug", "kill", "forget"], Param("How to fail")] = "",
) -> None:
    """Make an example.

    More of it.
    """
    folder.mkdir()
    (folder / "part.txt").write_text("part")
    if fail != "forget":
        product.write_text(json.dumps(provenance(), sort_keys=True))
    if fail == "input":
        raise InputError(f"{events[0]}: row 3: bad; take it out")
    if fail == "bug":
        raise ZeroDivisionError
    if fail == "kill":
        os.kill(os.getpid(), 9)


def fetching(
    product: Annotated[Path, Out("product.txt", "Fetched file")],
    *,
    lock: Annotated[Path, Record("Checksums of remote files")] = Path("config/remote.lock.json"),
) -> None:
    """Fetch."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.fits").write_bytes(b"a")
    Path("b.fits").write_bytes(b"b")
    return tmp_path


def left(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*")}


def test_products_carry_step_parameters_and_input_checksums(folder):
    assert main(example, ["--events", "a.fits", "b.fits", "--product", "out/p.json", "--width", "2"]) == 0
    block = json.loads(Path("out/p.json").read_text())
    assert block["step"] == "example"
    assert block["parameters"]["width"] == 2.0
    assert block["parameters"]["clean"] is True
    assert block["parameters"]["bands"] == []
    assert block["inputs"] == [
        {"input": "events", "name": f"{n}.fits", "sha256": hashlib.sha256(n.encode()).hexdigest()}
        for n in "ab"
    ]
    assert str(folder) not in Path("out/p.json").read_text()


def test_command_line_and_function_call_give_the_same_product(folder):
    main(example, ["--events", "a.fits", "--bands", "20", "40", "--clean", "false", "--folder", "x"])
    by_command = Path("product.json").read_bytes()
    run(example, events=["a.fits"], bands=[20, 40], clean=False, product="again.json")
    assert Path("again.json").read_bytes() == by_command


def test_arguments_come_from_a_list_file(folder):
    Path("list.txt").write_text("--events\na.fits\nb.fits\n")
    assert main(example, ["@list.txt"]) == 0
    assert len(json.loads(Path("product.json").read_text())["inputs"]) == 2


def test_a_rerun_replaces_files_and_directories(folder):
    main(example, ["--events", "a.fits"])
    Path("parts/stale.txt").write_text("from an older run")
    assert main(example, ["--events", "b.fits"]) == 0
    assert left(folder) == {"a.fits", "b.fits", "product.json", "parts", "parts/part.txt"}
    assert json.loads(Path("product.json").read_text())["inputs"][0]["name"] == "b.fits"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--events", "none.fits"], "none.fits: no such file"),
        (
            ["--events", "a.fits", "--width", "0.01"],
            "width is 0.01, out of bounds: Bin width [s], 0.05 to 10",
        ),
        (["--events", "a.fits", "--width", "nan"], "width is nan, out of bounds"),
        (["--events", "a.fits", "--seed", "-1"], "seed is -1, out of bounds"),
        (["--events", "a.fits", "--fail", "input"], "a.fits: row 3: bad; take it out"),
    ],
)
def test_bad_input_is_explained_and_leaves_nothing(folder, capsys, arguments, message):
    before = left(folder)
    assert main(example, arguments) == 1
    assert f"example: error: {message}" in capsys.readouterr().err
    assert left(folder) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--events"),
        (["--events", "a.fits", "--wid", "2"], "unrecognized arguments: --wid"),
        (["--events", "a.fits", "--model", "spline"], "invalid choice: 'spline'"),
        (["--events", "a.fits", "--clean", "maybe"], "'maybe' is neither true nor false"),
        (["--events", "a.fits", "--width", "wide"], "invalid float value: 'wide'"),
    ],
)
def test_wrong_command_lines_exit_with_status_2(folder, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(example, arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_failure_keeps_the_products_of_the_run_before(folder):
    main(example, ["--events", "a.fits"])
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(ZeroDivisionError):
        main(example, ["--events", "b.fits", "--fail", "bug"])
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_a_step_that_forgets_an_output_fails(folder):
    with pytest.raises(RuntimeError, match="did not write product"):
        main(example, ["--events", "a.fits", "--fail", "forget"])
    assert left(folder) == {"a.fits", "b.fits"}


def test_a_killed_run_leaves_nothing_under_an_output_name(folder):
    code = "import sys; from test_step import *; main(example)"
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    killed = subprocess.run(
        [sys.executable, "-c", code, "--events", "a.fits", "--fail", "kill"],
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert killed.returncode == -9
    assert not Path("product.json").exists()
    assert not Path("parts").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_full_disk_is_explained_and_leaves_nothing(folder):
    # The limit on a file's size stands for a full disk: the same system call fails in the same way.
    code = (
        "import resource, sys; from test_step import *;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); sys.exit(main(example))"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "--events", "a.fits"],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert "Traceback" not in done.stderr
    assert left(folder) == {"a.fits", "b.fits"}


def test_a_folder_that_cannot_be_made_is_explained(folder, capsys):
    assert main(example, ["--events", "a.fits", "--product", "a.fits/p.json"]) == 1
    assert "a.fits" in capsys.readouterr().err


def test_provenance_is_known_inside_a_step_only():
    with pytest.raises(RuntimeError, match="inside a step only"):
        provenance()


def test_unknown_arguments_of_a_call_are_named(folder):
    with pytest.raises(InputError, match="example has no witdh"):
        run(example, events=["a.fits"], witdh=2)


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[float, Param("No unit")], "every float has a unit"),
        (Annotated[Path, Param("A path")], "In, Out and Record are paths"),
        (Annotated[bool | None, Param("Perhaps")], "never None"),
        (Annotated[dict, Param("Anything")], "is not one of"),
        (float, "annotate it with one"),
    ],
)
def test_declarations_that_cannot_be_derived_are_refused(annotation, message):
    def step(x):
        """Declare nothing that can be derived."""

    step.__annotations__["x"] = annotation
    with pytest.raises(TypeError, match=message):
        Step.of(step)


def test_help_shows_units_bounds_and_defaults():
    text = " ".join(parser(Step.of(example)).format_help().split())
    assert "Bin width [s], 0.05 to 10 (default: 1.0)" in text
    assert "Clean the image (default: true)" in text
    assert "{median,polynomial}" in text


def test_cwl_tool_says_what_the_signature_says():
    tool = cwl.tool(Step.of(example), {"numpy": "2.4.6"}, 500)
    inputs = tool["inputs"]
    assert inputs["events"]["type"] == {"type": "array", "items": "File"}
    assert inputs["catalogue"]["type"] == ["null", "File"]
    assert inputs["width"] == {
        "type": ["null", "double"],
        "doc": "Bin width [s], 0.05 to 10",
        "default": 1.0,
        "inputBinding": {"prefix": "--width"},
    }
    assert inputs["model"]["type"][1]["symbols"] == ["median", "polynomial"]
    assert inputs["seed"]["type"] == ["null", "int"]
    assert tool["outputs"]["folder"]["type"] == "Directory"
    assert tool["outputs"]["product"]["outputBinding"]["glob"] == "$(inputs.product_name)"
    assert tool["requirements"]["NetworkAccess"]["networkAccess"] is False
    # cwltool cannot fill in an input whose format is declared from its command line.
    assert not any("format" in entry for entry in inputs.values())


def test_a_step_with_a_record_reaches_the_network_and_returns_the_record():
    tool = cwl.tool(Step.of(fetching), {}, 500)
    assert tool["requirements"]["NetworkAccess"]["networkAccess"] is True
    assert tool["outputs"]["lock_updated"]["type"] == "File"


def test_schema_refuses_what_the_step_refuses():
    import jsonschema

    schema = docs.schema([Step.of(example)])["$defs"]["example"]
    jsonschema.validate({"width": 2, "bands": [1, 2], "seed": None, "clean": False}, schema)
    for wrong in ({"witdh": 2}, {"width": 0.01}, {"model": "spline"}, {"seed": "one"}, {"clean": "maybe"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


@pytest.fixture
def rule(monkeypatch):
    monkeypatch.setattr(rules, "load", lambda name: Step.of(example))
    monkeypatch.setattr(rules, "code_hash", lambda name: "0" * 16)
    return rules


class Wildcards:
    target = "Crab"


def test_the_more_special_place_of_the_configuration_wins(rule):
    config = {
        "targets": {"Crab": {"example": {"width": 3}}, "Vela": None},
        "example": {"width": 2, "model": "polynomial", "clean": False},
    }
    params = rule.params("example", config)
    assert params["width"](Wildcards) == 3
    assert params["model"](Wildcards) == "polynomial"
    assert params["clean"](Wildcards) == "false"
    assert params["seed"](Wildcards) == []
    assert params["bands"](Wildcards) == []


def test_options_bring_their_flag_along(rule):
    params = rule.params("example", {"example": {"seed": 1, "bands": [20, 40.5]}})
    assert params["seed"](Wildcards) == ["--seed", "1"]
    assert params["bands"](Wildcards) == ["--bands", "20", "40.5"]
    assert params["catalogue_option"](Wildcards, {"catalogue": "c.fits"}) == ["--catalogue", "c.fits"]
    assert params["catalogue_option"](Wildcards, {}) == []


def test_a_configured_value_that_the_rule_sets_is_refused(rule):
    config = {"targets": {"Crab": {"example": {"seed": 1}}}}
    with pytest.raises(ValueError, match="targets: Crab: example: seed is set by the rule"):
        rule.params("example", config, seed="7")


def test_shell_line_has_every_field_once(rule):
    line = rule.shell("example")
    for words in ("--events {input.events:q}", "--product {output.product:q}", "--width {params.width:q}"):
        assert line.count(words) == 1
    assert "{params.catalogue_option:q}" in line
    assert "--seed" not in line


def test_code_hash_follows_imports_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(code, "SCRIPTS", tmp_path)
    package = tmp_path / "tidings"
    (package / "sky").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "sky" / "__init__.py").write_text("")
    (package / "sky" / "maps.py").write_text("from tidings import times\n")
    (package / "times.py").write_text("")
    (package / "other.py").write_text("")
    (tmp_path / "map.py").write_text("def map():\n    from tidings.sky.maps import area\n")

    def hashed():
        code.code_hash.cache_clear()
        code.imports.cache_clear()
        return code.code_hash("map")

    first = hashed()
    (package / "other.py").write_text("changed = 1\n")
    assert hashed() == first
    for used in ("times.py", "sky/maps.py", "sky/__init__.py"):
        before = hashed()
        with (package / used).open("a") as stream:
            stream.write("changed = 1\n")
        assert hashed() != before, used
