"""Parts of a crate: zip files, manifests, citation, metadata for Zenodo."""

from __future__ import annotations

import copy
import io
import json
import os
import stat
import zipfile

import jsonschema
import pytest

from suite import ROOT
from tidings.crate.archive import extract, write_zip
from tidings.crate.citation import read_citation
from tidings.crate.entities import named_information
from tidings.crate.manifest import parse_manifest
from tidings.crate.subjects import BY_STACK, CONCEPTS, SOFTWARE, subjects_of
from tidings.crate.zenodo import SCHEMA, zenodo_metadata, zenodo_text
from tidings.errors import InputError
from tidings.step.declaration import Step, step_names

# ---- zip files ------------------------------------------------------------------------------------------


def hostile(path, *members):
    """Write a zip of members (name, body, mode) without a look at them."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, body, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, body)
    return path


FILE = stat.S_IFREG | 0o644
LINK = stat.S_IFLNK | 0o777


def test_zip_depends_on_names_and_bytes_only(tmp_path):
    (tmp_path / "a.txt").write_text("text" * 1000)
    write_zip(tmp_path / "1.zip", {"b/c.txt": b"other", "a.txt": tmp_path / "a.txt"})
    os.utime(tmp_path / "a.txt", (0, 0))
    write_zip(tmp_path / "2.zip", {"a.txt": tmp_path / "a.txt", "b/c.txt": b"other"})
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "1.zip") as archive:
        assert archive.namelist() == ["a.txt", "b/c.txt"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_what_is_packed_is_what_is_extracted(tmp_path):
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("sub/run")
    write_zip(tmp_path / "1.zip", {"sub/run": tmp_path / "run", "link": tmp_path / "link", "empty": b""})
    extract(tmp_path / "1.zip", tmp_path / "out")
    assert os.access(tmp_path / "out/sub/run", os.X_OK)
    assert (tmp_path / "out/link").read_text() == "#!/bin/sh\n"
    assert os.readlink(tmp_path / "out/link") == "sub/run"
    assert (tmp_path / "out/empty").read_bytes() == b""


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("../evil", "x", FILE)], "outside of the folder"),
        ([("a/../../evil", "x", FILE)], "outside of the folder"),
        ([("/etc/evil", "x", FILE)], "outside of the folder"),
        ([("C:/evil", "x", FILE)], "outside of the folder"),
        ([("a\\..\\evil", "x", FILE)], "outside of the folder"),
        ([("link", "..", LINK)], "leads out of the folder"),
        ([("link", "/etc/passwd", LINK)], "leads out of the folder"),
        ([("a/link", "../../evil", LINK)], "leads out of the folder"),
        # A link to a link: each looks harmless, both together do not.
        ([("a/b/one", "..", LINK), ("a/two", "b/one/../../..", LINK)], "leads out of the folder"),
        # The same, with the other one first.
        ([("a/two", "b/one/../../..", LINK), ("a/b/one", "..", LINK)], "leads out of the folder"),
        ([("dir", "sub", LINK), ("dir/file", "x", FILE)], "both file and folder"),
        ([("pipe", "", stat.S_IFIFO | 0o644)], "neither file nor link"),
        ([("same", "x", FILE), ("SAME", "y", FILE)], "one file on some disks"),
        ([("a", "x", FILE), ("a/b", "y", FILE)], "both file and folder"),
    ],
)
def test_a_zip_that_reaches_out_is_refused_and_leaves_nothing(tmp_path, members, message):
    path = hostile(tmp_path / "evil.zip", *members)
    with pytest.raises(InputError, match=message):
        extract(path, tmp_path / "sub/out")
    assert not (tmp_path / "evil").exists()
    assert not list((tmp_path / "sub").glob("*")) and not list((tmp_path / "sub").glob(".*"))


def test_a_member_larger_than_it_says_is_refused(tmp_path):
    body = b"0" * 100_000
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", body)
    raw = stream.getvalue()
    # Both places that tell the size, as little-endian 100000 -> 1000.
    raw = raw.replace((100_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    (tmp_path / "bomb.zip").write_bytes(raw)
    with pytest.raises(InputError, match="bomb"):
        extract(tmp_path / "bomb.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("body", [b"", b"PK", b"<html>404</html>"])
def test_what_is_no_zip_is_told(tmp_path, body):
    (tmp_path / "a.zip").write_bytes(body)
    with pytest.raises(InputError, match="cannot be read as a zip file"):
        extract(tmp_path / "a.zip", tmp_path / "out")


def test_a_damaged_member_is_told(tmp_path):
    write_zip(tmp_path / "a.zip", {"a.txt": bytes(range(256)) * 100})
    raw = bytearray((tmp_path / "a.zip").read_bytes())
    raw[60] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(raw)
    with pytest.raises(InputError, match=r"a\.txt.*damaged"):
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---- manifests and names --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nonsense\n", f"{'0' * 63}  a\n", f"{'0' * 64}  a\n{'1' * 64}  a\n"])
def test_a_manifest_that_is_none_is_refused_by_line(text):
    with pytest.raises(InputError, match=r"manifest\.txt: line"):
        parse_manifest(text, "manifest.txt")


def test_bytes_have_the_name_that_rfc_6920_gives_them():
    # The example of RFC 6920, section 8.1: "Hello World!".
    digest = "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069"
    assert named_information(digest) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


# ---- citation and Zenodo --------------------------------------------------------------------------------


def citation(tmp_path, **changes):
    import yaml

    data = yaml.safe_load((ROOT / "CITATION.cff").read_text()) | changes
    (tmp_path / "CITATION.cff").write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not None}))
    return tmp_path / "CITATION.cff"


def test_zenodo_file_is_made_of_the_citation():
    made = read_citation(ROOT / "CITATION.cff")
    assert (ROOT / ".zenodo.json").read_text() == zenodo_text(made)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(zenodo_metadata(made), SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"uplaod_type": "software"},
        {"license": "BSD 3"},
        {"creators": []},
        {"creators": [{"name": "A", "email": "a@example.org"}]},
        {"creators": [{"name": "a@example.org"}]},
        {"description": ""},
        {"access_right": "closed"},
        {"subjects": [{"term": "x"}]},
    ],
)
def test_wrong_metadata_for_zenodo_are_noticed(change):
    made = copy.deepcopy(zenodo_metadata(read_citation(ROOT / "CITATION.cff"))) | change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, SCHEMA)


def test_people_are_named_as_zenodo_wants_without_their_addresses(tmp_path):
    person = {
        "family-names": "Curie",
        "given-names": "Marie",
        "email": "m@example.org",
        "affiliation": "Sorbonne",
    }
    person["orcid"] = "https://orcid.org/0000-0002-1825-0097"
    made = zenodo_metadata(read_citation(citation(tmp_path, authors=[person, {"name": "Others"}])))
    assert made["creators"] == [
        {"name": "Curie, Marie", "affiliation": "Sorbonne", "orcid": "0000-0002-1825-0097"},
        {"name": "Others"},
    ]
    jsonschema.validate(made, SCHEMA)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": None}, "title is missing"),
        ({"authors": []}, "authors is missing"),
        ({"license": ["MIT", "BSD-3-Clause"]}, "one SPDX identifier"),
        ({"authors": [{"affiliation": "Here"}]}, "neither a name nor family-names"),
    ],
)
def test_a_citation_that_lacks_something_is_refused_by_name(tmp_path, changes, message):
    with pytest.raises(InputError, match=rf"CITATION\.cff: .*{message}"):
        read_citation(citation(tmp_path, **changes))


def test_a_citation_that_is_no_yaml_is_refused(tmp_path):
    (tmp_path / "CITATION.cff").write_text("title: [")
    with pytest.raises(InputError, match="not YAML"):
        read_citation(tmp_path / "CITATION.cff")


def test_every_pipeline_has_subjects():
    stacks = {Step.load(name).stack for name in step_names()}
    assert stacks <= BY_STACK.keys()
    assert all(number in CONCEPTS for numbers in (*BY_STACK.values(), SOFTWARE) for number in numbers)
    assert subjects_of(["gw"]) == [
        f"http://astrothesaurus.org/uat/{number}" for number in (675, 678, 1858, 2109)
    ]


def test_zenodo_text_is_json_with_sorted_keys():
    made = json.loads((ROOT / ".zenodo.json").read_text())
    assert list(made) == sorted(made)
