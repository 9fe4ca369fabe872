"""Catalogues of galaxies: every format gives the same galaxies; ranking against published scores."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from astropy.table import MaskedColumn, Table
from scipy.stats import spearmanr

from tidings.errors import InputError
from tidings.skymap.crossmatch import Matcher
from tidings.skymap.galaxies import (
    absolute_luminosity,
    luminosity_density,
    pixel_filter,
    rank_galaxies,
)
from tidings.skymap.galaxy_files import PIXEL, Galaxies, read_galaxies
from tidings.skymap.galaxy_index import sort_catalogue
from tidings.skymap.reading import read_skymap
from tidings.skymap.sky import SkyMap, pixels_at
from tidings.tables import write_table

DATA = Path(__file__).parents[2] / "data" / "skymap"
GLADE = DATA / "GLADE_S190814bv_gwemopt.csv"


@pytest.fixture(scope="module")
def sky() -> SkyMap:
    return read_skymap(DATA / "S190814bv_LALInference.v1.fits.gz")


@pytest.fixture(scope="module")
def matcher(sky: SkyMap) -> Matcher:
    return Matcher(sky)


def whole(path: Path, **options: object) -> Galaxies:
    pieces = list(read_galaxies(path, **options))
    columns = {f.name: [getattr(piece, f.name) for piece in pieces] for f in fields(Galaxies)}
    return Galaxies(**{key: None if c[0] is None else np.concatenate(c) for key, c in columns.items()})


@pytest.fixture
def table() -> Table:
    rng = np.random.default_rng(5)
    made = Table(
        {
            "RAJ2000": rng.uniform(0, 360, 200),
            "DEJ2000": np.degrees(np.arcsin(rng.uniform(-1, 1, 200))),
            "Dist": MaskedColumn(rng.uniform(10, 500, 200), mask=np.arange(200) % 10 == 3),
            "Bmag": rng.uniform(10, 20, 200),
            "Name": np.array([f"galaxy{i}" for i in range(200)]),
        }
    )
    for name, unit in (("RAJ2000", "deg"), ("DEJ2000", "deg"), ("Dist", "Mpc"), ("Bmag", "mag")):
        made[name].unit = unit
    return made


@pytest.mark.parametrize("suffix", [".ecsv", ".vot", ".fits", ".parquet", ".csv", ".csv.gz", ".tsv", ".txt"])
def test_every_format_gives_the_same(table: Table, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"galaxies{suffix}"
    if suffix == ".txt":
        table.write(path, format="ascii.basic", fill_values=[("--", "null")], delimiter=" ")
    elif suffix == ".tsv":
        table.write(path, format="ascii.tab")
    elif suffix.startswith(".csv"):
        import gzip

        table.write(tmp_path / "plain.csv", format="ascii.csv")
        content = (tmp_path / "plain.csv").read_bytes()
        path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    else:
        write_table(table, path)
    found = whole(path)
    np.testing.assert_array_equal(found.ra, table["RAJ2000"])
    np.testing.assert_array_equal(found.dec, table["DEJ2000"])
    np.testing.assert_array_equal(found.distance, table["Dist"].filled(np.nan))
    np.testing.assert_array_equal(found.bmag, table["Bmag"])
    assert list(found.name) == list(table["Name"]) and found.kmag is None
    pieces = list(read_galaxies(path, chunk=64))
    assert sum(len(piece) for piece in pieces) == 200 and max(len(piece) for piece in pieces) <= 64
    np.testing.assert_array_equal(np.concatenate([piece.ra for piece in pieces]), found.ra)


def test_text_files_of_glade(tmp_path: Path) -> None:
    """Rows in the layout of the published descriptions; only position, magnitude and distance are known."""
    plus = ["null"] * 40
    for column, value in {
        8: "G",
        9: "197.45",
        10: "-23.38",
        11: "12.87",
        19: "9.2",
        33: "41.0",
        36: "3.1",
    }.items():
        plus[column - 1] = value
    plus[3] = "NGC4993"
    (tmp_path / "GLADE+.txt").write_text(" ".join(plus) + "\n")
    found = whole(tmp_path / "GLADE+.txt")
    assert (found.ra[0], found.dec[0], found.bmag[0], found.kmag[0]) == (197.45, -23.38, 12.87, 9.2)
    assert (found.distance[0], found.mass[0], found.name[0]) == (41.0, 3.1, "NGC4993")
    old = ["null"] * 26
    for column, value in {7: "197.45", 8: "-23.38", 9: "41.0", 10: "2.0", 12: "12.87", 18: "9.2"}.items():
        old[column - 1] = value
    (tmp_path / "GLADE_2.txt").write_text(" ".join(old) + "\n")
    found = whole(tmp_path / "GLADE_2.txt")
    assert (found.distance[0], found.distance_error[0], found.kmag[0]) == (41.0, 2.0, 9.2)


def test_names_given_and_redshifts(tmp_path: Path) -> None:
    Table({"x": [10.0], "y": [20.0], "zz": [0.1]}).write(tmp_path / "a.csv")
    found = whole(tmp_path / "a.csv", columns={"ra": "x", "dec": "y", "redshift": "zz"})
    # Planck 2018: 475.6 Mpc at z = 0.1.
    assert found.distance[0] == pytest.approx(475.6, abs=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ra,dec\n12:30:00,5\n", "cannot be read as a catalogue"),
        ("ra,dec\n10,95\n", "row 1 is at RA 10, Dec 95"),
        ("ra,dec\n1000,5\n", "RA 1000"),
        ("ra,dec\n5,\n", "Dec nan"),
        ("right,down\n1,2\n", "no column is known to be ra.*right, down"),
        ("", "holds no catalogue"),
        ("<!DOCTYPE html><html></html>\n", "a page of HTML"),
        ("ra,dec\n" + "".join(f"{0.1 * i},{i - 60}\n" for i in range(120)), "in hours"),
        ("# %ECSV 1.0\n# ---\n# datatype:\n# - {name: ra, unit: hourangle, datatype: float64}\n"
         "# - {name: dec, unit: deg, datatype: float64}\n# schema: astropy-2.0\nra dec\n1.0 2.0\n",
         "is in hours"),
    ],
)  # fmt: skip
def test_bad_text(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        list(read_galaxies(path))
    assert "bad.csv" in str(caught.value)


def test_bad_files(table: Table, tmp_path: Path) -> None:
    table["RAJ2000"].unit = "hourangle"
    for suffix in (".fits", ".vot", ".parquet"):
        write_table(table, tmp_path / f"hours{suffix}")
        with pytest.raises(InputError, match="in hours"):
            list(read_galaxies(tmp_path / f"hours{suffix}"))
    with pytest.raises(InputError, match=r"is read as .*\.parquet"):
        list(read_galaxies(tmp_path / "a.docx"))
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="cannot be read as a catalogue"):
        list(read_galaxies(tmp_path / "a.parquet"))
    with pytest.raises(InputError, match="no column 'nope'"):
        list(read_galaxies(GLADE, {"ra": "nope"}))


def test_published_scores(sky: SkyMap, matcher: Matcher) -> None:
    """The 2000 galaxies with their localisation score by another program (column Sloc).

    That one averages the map over pixels of NSIDE 256, which scatters the scores by 12 % but, done here too,
    explains them to the last digits; and it gives galaxies without a B magnitude 0.
    """
    published = Table.read(GLADE)
    found = whole(GLADE)
    match = matcher.match(found.ra, found.dec, found.distance)
    score = np.asarray(published["Sloc"])
    assert spearmanr(score, match.density_3d).statistic > 0.99
    known = score > 0
    assert np.isnan(found.bmag[~known]).mean() > 0.99
    assert spearmanr(score[known], match.density_3d[known]).statistic > 0.99
    coarse = [
        np.repeat(np.where(np.isfinite(column), column, 0), sky.size).reshape(-1, 16).mean(axis=1)
        for column in (sky.density, sky.mu, sky.sigma, sky.norm)
    ]
    pixel = pixels_at(found.ra[known], found.dec[known], 8)
    density, mu, sigma, norm = (column[pixel] for column in coarse)
    degraded = density * norm * np.exp(-0.5 * ((found.distance[known] - mu) / sigma) ** 2) / sigma
    np.testing.assert_allclose(score[known] / score[known].sum(), degraded / degraded.sum(), rtol=1e-9)


def test_ranking(sky: SkyMap, matcher: Matcher) -> None:
    table, told = rank_galaxies(sky, read_galaxies(GLADE), level=0.9, weight="B", matcher=matcher)
    assert told["galaxies_read"] == 2000 and told["galaxies_listed"] == len(table)
    assert table["score"].sum() == pytest.approx(1, abs=1e-12)
    assert table["cumulative"][-1] == pytest.approx(1) and np.all(np.diff(table["score"]) <= 0)
    assert table["level_3d"].max() <= 90 and list(table["rank"]) == list(range(1, len(table) + 1))
    product = table["density_3d"] * table["weight"]
    np.testing.assert_allclose(table["score"], product / product.sum(), rtol=1e-12)
    # The first by the published total score, which has B luminosity as a factor too.
    assert table["name"][0] == "ESO474-026"
    assert 0.2 < told["completeness"]["B"] < 1
    assert all(table[name].meta["ucd"] for name in table.colnames)


def test_far_galaxy_changes_no_level(sky: SkyMap, matcher: Matcher) -> None:
    found = whole(GLADE)
    far = Galaxies(np.append(found.ra, 1.0), np.append(found.dec, 1.0), np.append(found.distance, 20_000.0))
    plain = Galaxies(found.ra, found.dec, found.distance)
    one, _ = rank_galaxies(sky, [plain], level=0.9)
    two, _ = rank_galaxies(sky, [far], level=0.9)
    for name in ("ra", "level_3d", "density_3d", "score"):
        assert np.asarray(one[name]).tobytes() == np.asarray(two[name]).tobytes()


def test_selections_and_missing_values(sky: SkyMap, matcher: Matcher) -> None:
    table, told = rank_galaxies(
        sky, read_galaxies(GLADE), faintest=16.0, nearest=200, farthest=300, matcher=matcher
    )
    assert table["bmag"].max() <= 16 and table["distance"].min() >= 200 and table["distance"].max() <= 300
    _, told = rank_galaxies(sky, read_galaxies(GLADE), weight="K", matcher=matcher)
    assert any("lack K magnitudes" in note for note in told["notes"])
    with pytest.raises(InputError, match="stellar masses"):
        rank_galaxies(sky, read_galaxies(GLADE), weight="mass", matcher=matcher)


def test_galaxies_without_distance(sky: SkyMap, matcher: Matcher) -> None:
    found = whole(GLADE)
    distance = np.where(np.arange(2000) % 4 == 0, np.nan, found.distance)
    table, told = rank_galaxies(sky, [Galaxies(found.ra, found.dec, distance)], level=0.9, matcher=matcher)
    solid = table["basis"] == "3-D"
    assert 0 < solid.sum() < len(table) and solid[: solid.sum()].all()
    assert table["score"][solid].sum() == pytest.approx(1) and table["score"].mask[~solid].all()
    assert any("have no distance" in note for note in told["notes"])
    table, told = rank_galaxies(sky, [Galaxies(found.ra, found.dec)], level=0.9, matcher=matcher)
    assert set(table["basis"]) == {"2-D"} and table["score"].sum() == pytest.approx(1)
    assert any("none has" in note for note in told["notes"])
    np.testing.assert_array_equal(np.argsort(-table["density_2d"], kind="stable"), np.arange(len(table)))


def test_nothing_found(sky: SkyMap, matcher: Matcher) -> None:
    table, told = rank_galaxies(
        sky, [Galaxies(np.array([190.0]), np.array([80.0]))], level=0.5, matcher=matcher
    )
    assert len(table) == 0 and any("No galaxy" in note for note in told["notes"])


def test_luminosities() -> None:
    # The Sun at 10 pc; the Milky Way's sister M31: B = 4.16 at 0.78 Mpc, some 2e10 solar in B.
    assert absolute_luminosity(np.array([5.44]), np.array([1e-5]), "B")[0] == pytest.approx(1)
    assert 1e10 < absolute_luminosity(np.array([4.16]), np.array([0.78]), "B")[0] < 5e10
    # Blanton et al. and others: 1 to 2e8 solar per Mpc^3 in B for h = 0.7; several times more in K.
    assert 1e8 < luminosity_density("B") < 2e8 < luminosity_density("K") < 1e9


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(11)
    count = 120_000
    table = Table(
        {
            "ra": rng.uniform(0, 360, count),
            "dec": np.degrees(np.arcsin(rng.uniform(-1, 1, count))),
            "distmpc": np.where(
                rng.uniform(size=count) < 0.1, np.nan, 600 * rng.uniform(size=count) ** (1 / 3)
            ),
            "magb": rng.uniform(12, 20, count),
        }
    )
    path = tmp_path_factory.mktemp("big") / "plain.parquet"
    write_table(table, path)
    return path


def test_sorted_catalogue(big: Path, tmp_path: Path, sky: SkyMap, matcher: Matcher) -> None:
    path = tmp_path / "sorted.parquet"
    assert sort_catalogue(big, path, row_group=2000) == 120_000
    pixel = parquet.read_table(path).column(PIXEL).to_numpy()
    assert np.all(np.diff(pixel) >= 0) and parquet.ParquetFile(path).metadata.num_row_groups == 60
    found = whole(path)
    np.testing.assert_array_equal(pixels_at(found.ra, found.dec, 29), pixel)
    np.testing.assert_array_equal(np.sort(found.ra), np.sort(whole(big).ra))
    assert not [p for p in tmp_path.iterdir() if p != path]
    again = tmp_path / "again.parquet"
    sort_catalogue(big, again, row_group=2000)
    assert path.read_bytes() == again.read_bytes()


@pytest.mark.parametrize("errors", [False, True])
def test_pruned_search_finds_the_same(
    big: Path, tmp_path: Path, sky: SkyMap, matcher: Matcher, errors: bool
) -> None:
    source = big
    if errors:
        table = Table({name: column.to_numpy() for name, column in arrow_columns(big).items()})
        table["distmpc_err"] = 0.3 * table["distmpc"]
        source = tmp_path / "errors.parquet"
        write_table(table, source)
    path = tmp_path / "sorted.parquet"
    sort_catalogue(source, path, row_group=1000)
    groups: list[bool] = []
    reached = pixel_filter(matcher, 0.9)

    def wanted(low: int, high: int, nearest: float | None) -> bool:
        groups.append(reached(low, high, nearest))
        return groups[-1]

    pruned, told = rank_galaxies(sky, read_galaxies(path, wanted=wanted), level=0.9, matcher=matcher)
    full, _ = rank_galaxies(sky, read_galaxies(source), level=0.9, matcher=matcher)
    assert 0 < sum(groups) < (60 if errors else 30) < len(groups)
    assert told["galaxies_read"] == 1000 * sum(groups)
    assert len(pruned) == len(full) > 5
    for name in ("ra", "level_2d", "score", "basis"):
        np.testing.assert_array_equal(pruned[name], full[name])


def arrow_columns(path: Path) -> dict[str, object]:
    table = parquet.read_table(path)
    return dict(zip(table.column_names, table.columns, strict=True))


def test_memory_is_that_of_a_piece(sky: SkyMap, matcher: Matcher) -> None:
    rng = np.random.default_rng(2)

    def pieces():
        for _ in range(40):
            dec = np.degrees(np.arcsin(rng.uniform(-1, 1, 50_000)))
            yield Galaxies(rng.uniform(0, 360, 50_000), dec, rng.uniform(0, 500, 50_000))

    tracemalloc.start()
    table, told = rank_galaxies(sky, pieces(), level=0.9, matcher=matcher)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # All of the columns and the matches of 2e6 galaxies would be 110 MB.
    assert told["galaxies_read"] == 2_000_000 and len(table) > 20 and peak < 30e6
