"""The event page in a browser: no request, no error; links, controls, keys; narrow, and without scripts."""

from __future__ import annotations

import math
import re
import shutil
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import sync_playwright

from suite import call, copy
from tidings.lightcurve.product import read_lightcurve

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium")


@pytest.fixture(scope="module")
def suite(finished, tmp_path_factory):
    """The default run with pages of two of its targets."""
    folder = shutil.copytree(finished, tmp_path_factory.mktemp("page") / "tidings", symlinks=True)
    for target in ("GW150914", "GRB161218B"):
        call(folder, "python", "scripts/page.py", target)
    return folder


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # As root, as in containers, Chromium runs without its sandbox only.
        running = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(suite, browser):
    """Return a function that opens a page, and holds in the end that nothing went wrong on it."""
    troubles: list[str] = []
    contexts = []

    def visit(target: str, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda told: troubles.append(told.text) if told.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda asked: troubles.append(asked.url) if asked.url.startswith("http") else None)
        page.goto((suite / f"results/{target}.html").as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready=yes]")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


# ---- in a browser ---------------------------------------------------------------------------------------


@needs_browser
@pytest.mark.parametrize("target", ["GW150914", "GRB161218B"])
def test_every_link_leads_somewhere(opened, suite, target):
    page = opened(target)
    links = page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert len(links) > 10
    for link in links:
        if link.startswith("#"):
            assert page.locator(f"[id='{link[1:]}']").count() == 1, link
        elif not link.startswith("data:"):
            assert (suite / "results" / unquote(urlsplit(link).path)).is_file(), link


@needs_browser
def test_figures_have_words_and_controls_have_names(opened):
    page = opened("GW150914")
    images = page.locator("figure img")
    assert images.count() >= 5
    assert all(len(images.nth(i).get_attribute("alt")) > 30 for i in range(images.count()))
    images.last.scroll_into_view_if_needed()
    assert page.eval_on_selector_all(
        "figure img", "all => all.every(i => i.complete && i.naturalWidth > 300)"
    )
    names = page.eval_on_selector_all("button", "all => all.map(b => b.getAttribute('aria-label'))")
    assert set(names) == {"Zoom in", "Zoom out", "Earlier", "Later", "Show all"}
    levels = page.eval_on_selector_all("h1,h2,h3", "all => all.map(h => +h.tagName[1])")
    assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))


def shown(plot) -> tuple[float, float]:
    return float(plot.get_attribute("data-min")), float(plot.get_attribute("data-max"))


@needs_browser
def test_buttons_zoom_and_move(opened):
    page = opened("GW150914")
    plot = page.locator(".plot").first
    whole = shown(plot)
    assert whole == pytest.approx((-0.5, 0.3), abs=1e-3)
    press = lambda name: page.get_by_role("button", name=name, exact=True).first.click()  # noqa: E731
    press("Zoom in")
    assert shown(plot) == pytest.approx((-0.3, 0.1), abs=1e-3)
    press("Later")
    assert shown(plot) == pytest.approx((-0.2, 0.2), abs=1e-3)
    press("Earlier")
    press("Zoom out")
    assert shown(plot) == pytest.approx(whole, abs=1e-3)
    press("Zoom in")
    press("Show all")
    assert shown(plot) == pytest.approx(whole, abs=1e-6)


@needs_browser
def test_all_of_it_works_by_keys(opened):
    page = opened("GRB161218B")
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.className"
            )
        )
    assert {"Zoom in", "Zoom out", "Earlier", "Later", "Show all", "skip"} <= reached
    plot = page.locator(".plot").first
    plot.focus()
    low, high = shown(plot)
    page.keyboard.press("+")
    middle, width = (low + high) / 2, high - low
    assert shown(plot) == pytest.approx((middle - width / 4, middle + width / 4), abs=1e-3)
    page.keyboard.press("ArrowRight")
    assert shown(plot)[0] > middle - width / 4
    page.keyboard.press("0")
    assert shown(plot) == pytest.approx((low, high), abs=1e-6)


@needs_browser
def test_values_under_the_pointer_are_those_of_the_file(opened, suite):
    page = opened("GRB161218B", viewport={"width": 1000, "height": 900})
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.locator(".u-over").bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    text = page.locator(".readout").first.text_content()
    time, rate, error = map(float, re.match(r"(\S+) s: (\S+) ± (\S+) counts/s", text).groups())
    curve = read_lightcurve(suite / "results/polar/GRB161218B/GRB161218B_lightcurve.fits")
    nearest = abs(curve.middle - time).argmin()
    assert curve.middle[nearest] == pytest.approx(time, abs=0.01)
    assert (curve.rate[nearest], curve.error[nearest]) == pytest.approx((rate, error), abs=1e-3)


@needs_browser
def test_the_map_is_read_where_its_loudest_tile_is(opened):
    page = opened("GW150914", viewport={"width": 1000, "height": 900})
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.locator(".u-over").bounding_box()
    # +20.4 ms, 132 Hz, as in the table of tiles; energies of pixels are put together by the largest.
    span = page.evaluate("JSON.parse(document.getElementById('plots').textContent).plots[0]")
    low, high = span["frequency"]
    x = (0.0204 - span["time"][0]) / (span["time"][1] - span["time"][0])
    y = 1 - math.log(132.2 / low) / math.log(high / low)
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    text = page.locator(".readout").first.text_content()
    time, frequency, energy = map(float, re.match(r"(\S+) s, (\S+) Hz: energy (\S+)", text).groups())
    assert (time, frequency) == pytest.approx((0.0204, 132.2), rel=0.1)
    assert energy == pytest.approx(84.0, rel=0.1)


@needs_browser
@pytest.mark.parametrize("target", ["GW150914", "GRB161218B"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_telephone_nothing_sticks_out_and_all_can_be_read(opened, target, scheme):
    page = opened(target, viewport={"width": 390, "height": 800}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sizes = page.eval_on_selector_all(
        "p, td, th, li", "all => all.map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 12
    # Contrast of text against the ground, WCAG 2.2, 1.4.3: 4.5 at least.
    assert page.evaluate(CONTRAST) >= 4.5


CONTRAST = """() => {
  const light = text => { const c = text.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * c[0] + .7152 * c[1] + .0722 * c[2]; };
  const ground = e => { for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(colour)) return colour; }
      return "rgb(255,255,255)"; };
  const ratio = e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); };
  const all = "h1,h2,h3,p,td,th,li,a,button,summary,pre,figcaption,small,.sum";
  return Math.min(...[...document.querySelectorAll(all)].map(ratio));
}"""


@needs_browser
def test_without_scripts_numbers_and_figures_are_there(opened):
    page = opened("GRB161218B", java_script_enabled=False)
    assert "T90 is" in page.locator(".finding").first.text_content()
    assert page.locator("figure img").count() >= 2
    assert page.locator("table").count() >= 2


@needs_browser
def test_the_sky_turns_in_its_frame(opened):
    page = opened("GW150914")
    frame = page.frame_locator("iframe")
    page.locator("iframe").scroll_into_view_if_needed()
    frame.locator("canvas, svg").first.wait_for()
    assert frame.locator("body").text_content().strip()


# ---- what it says ---------------------------------------------------------------------------------------


def test_page_has_numbers_commands_citation_and_sources(suite):
    text = (suite / "results/GW150914.html").read_text()
    assert "The loudest tile in H1 is +20.4 ms from the event, at 132.2 Hz" in text
    # As ligo.skymap has it for this map.
    assert "the 90 % region covers 398.1 deg²" in text
    assert "snakemake --cores 2 --force results/gw/GW150914/GW150914_H1_spectrogram.hdf5" in text
    assert "cwltool --outdir mine cwl/tools/gw_spectrogram.cwl" in text
    assert "python scripts/gw_spectrogram.py" in text
    assert "Cite The Tidings developers" in text
    assert "fa170ebc577652bfeb5c4b9d2a2d713eef8a4b2996b198b749692446fa7a163c" in text
    assert "Source: " in text
    assert str(suite) not in text


def test_commands_of_cwl_on_the_page_give_the_same_bytes(suite, tmp_path):
    text = (suite / "results/GRB161218B.html").read_text()
    command = unescape(re.search(r"cwltool --outdir mine cwl/tools/polar_lightcurve\.cwl[^<]*", text)[0])
    call(suite, "bash", "-euc", command.replace("--outdir mine", f"--outdir {tmp_path}"))
    made = (tmp_path / "lightcurve.fits").read_bytes()
    assert made == (suite / "results/polar/GRB161218B/GRB161218B_lightcurve.fits").read_bytes()


def test_made_again_it_has_the_same_bytes(suite):
    path = suite / "results/GRB161218B.html"
    before = path.read_bytes()
    call(suite, "python", "scripts/page.py", "GRB161218B")
    assert path.read_bytes() == before


def test_what_is_missing_or_out_of_date_is_told(suite, tmp_path):
    folder = shutil.copytree(suite, tmp_path / "tidings", symlinks=True)
    (folder / "results/polar/GRB161218B/GRB161218B_burst.json").unlink()
    path = folder / "config/config.yaml"
    path.write_text(path.read_text().replace("burst_start: -2", "burst_start: -3"))
    words = ("python", "scripts/page.py", "GRB161218B")
    printed = call(folder, *words, status=1)
    assert "GRB161218B_burst.json: was not made; see logs/polar/GRB161218B" in printed
    assert "GRB161218B_lightcurve.fits: is not what a run would make now" in printed
    assert "was not made" in (folder / "results/GRB161218B.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["NGC1"], "config/config.yaml: has no products of a target 'NGC1'; its targets: Crab, GRB161218B"),
        (["GW150914", "--configfile", "none.yaml"], "none.yaml: there is no such file"),
        ([], "name one target, or give --all"),
    ],
)
def test_wrong_use_ends_with_2_and_a_message(suite, words, message):
    printed = call(suite, "python", "scripts/page.py", *words, status=2)
    assert message in printed
    assert "Traceback" not in printed


def test_before_a_run_there_is_nothing_to_show(tmp_path):
    printed = call(copy(tmp_path / "tidings"), "python", "scripts/page.py", "NGC4388", status=2)
    assert "nothing of NGC4388 was made yet; run: snakemake --cores 2" in printed


def test_a_changed_library_is_not_bundled(suite, tmp_path):
    folder = shutil.copytree(suite, tmp_path / "tidings", symlinks=True)
    path = Path(folder / "scripts/tidings/page/uplot/uPlot.iife.min.js")
    path.write_bytes(path.read_bytes() + b"\n// mine")
    printed = call(folder, "python", "scripts/page.py", "GRB161218B", status=2)
    assert "uPlot.iife.min.js: is not as published" in printed
