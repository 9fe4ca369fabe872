"""The page of a target: every product with what it says, how it was made, and how to make it again."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from os.path import relpath
from pathlib import Path
from typing import Any

from tidings.crate.blocks import read_block
from tidings.crate.citation import read_citation
from tidings.errors import InputError
from tidings.page import jobs as planning
from tidings.page import plots
from tidings.page.sentences import caption, sentence
from tidings.page.tables import table
from tidings.step.command import parser
from tidings.step.declaration import Out, Param, Record, Step

TITLES = {
    "event": "All messengers together",
    "gw": "Gravitational waves",
    "acs": "Gamma rays: INTEGRAL/SPI-ACS",
    "polar": "Gamma rays: POLAR",
    "isgri": "Gamma rays: INTEGRAL IBIS/ISGRI",
    "skymap": "Where on the sky",
    "antares": "Neutrinos: ANTARES",
    "legacy": "In visible light: Legacy Surveys",
}
# A table below this size comes along inside the page, so that the page alone is enough [bytes].
EMBEDDED = 65_536
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Done:
    """A job: values of its command, products by output name, and the provenance that they hold."""

    job: planning.Job
    step: Step
    values: Mapping[str, Any]
    files: Mapping[str, Path]
    block: Mapping[str, Any]


def report(root: Path, target: str, configuration: Path | None, place: Path) -> tuple[str, list[str]]:
    """Return the page of a target, and warnings.

    Parameters
    ----------
    root : Path
        Folder of the suite, with its results.
    target : str
        A target of the configuration.
    configuration : Path, optional
        The configuration file; the default run when not given.
    place : Path
        Where the page will lie: links to the products are relative to it.

    Raises
    ------
    InputError
        No such target, or no product of it was made.
    """
    every = planning.planned(root, configuration)
    mine = [job for job in every if _target(job) == target]
    if not mine:
        names = sorted({name for job in every if (name := _target(job))})
        where = configuration or "config/config.yaml"
        raise InputError(f"{where}: has no products of a target {target!r}; its targets: {', '.join(names)}")
    first = {step: at for at, step in reversed(list(enumerate(job.step for job in mine)))}
    # Jobs of one step together, in the order of their names: H1 before L1.
    mine.sort(key=lambda job: (first[job.step], job.outputs[0]))
    done = [_done(root, job) for job in mine if all((root / path).exists() for path in job.outputs)]
    if not done:
        again = f"snakemake --cores 2{_configured(configuration)}"
        raise InputError(f"{root / 'results'}: nothing of {target} was made yet; run: {again}")
    warnings = _warnings(root, mine, planning.stale(root, configuration))
    return _page(root, target, configuration, place, done, warnings), warnings


def _warnings(root: Path, jobs: Sequence[planning.Job], stale: Mapping[str, str]) -> list[str]:
    """Name each job whose products are missing or not what a run would make now, by its first product."""
    told = []
    for job in jobs:
        product = next((path for path in job.outputs if not (root / path).exists()), None)
        if product:
            told.append(f"{product}: was not made; see {job.log or 'the logs'}")
        elif job.outputs[0] in stale:
            told.append(f"{job.outputs[0]}: is not what a run would make now ({stale[job.outputs[0]]})")
    return told


def _target(job: planning.Job) -> str | None:
    found = re.match(r"results/\w+/([^/]+)/", job.outputs[0])
    return found[1] if found else None


def _configured(configuration: Path | None) -> str:
    return f" --configfile {shlex.quote(str(configuration))}" if configuration else ""


def _done(root: Path, job: planning.Job) -> Done:
    step = Step.load(job.step)
    words = shlex.split(job.command.replace("\\\n", " "))
    words = words[2 : next((i for i, word in enumerate(words) if word.startswith("2>")), len(words))]
    values = vars(parser(step).parse_args(words))
    files = {field.name: root / values[field.name] for field in step.select(Out) if values.get(field.name)}
    block = next((block for path in files.values() if (block := read_block(path))), {})
    return Done(job, step, values, files, block)


# ---- the page -------------------------------------------------------------------------------------------


def _page(
    root: Path,
    target: str,
    configuration: Path | None,
    place: Path,
    done: Sequence[Done],
    warnings: Sequence[str],
) -> str:
    drawn: list[dict[str, Any]] = []
    sections, found = [], []
    stacks = {one.step.stack for one in done}
    # Pipelines that a user has added come last, under their own names.
    pipelines = {name: TITLES.get(name, name) for name in (*TITLES, *sorted(stacks)) if name in stacks}
    for pipeline, title in pipelines.items():
        parts = [one for one in done if one.step.stack == pipeline]
        body = "".join(_job(root, one, place, configuration, drawn) for one in parts)
        sections.append(
            f'<section aria-labelledby="{pipeline}"><h2 id="{pipeline}">{title}</h2>\n{body}</section>'
        )
        said = [text for one in parts if (text := sentence(one.job.step, one.files))]
        found += [
            f'<li><a href="#{pipeline}">{title}</a>: {escape(text)}</li>' for text in dict.fromkeys(said)
        ]
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in pipelines.items())
    told = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    body = (
        f'<a class="skip" href="#main">To the results</a><header><h1>{escape(target)}</h1><p>All products of'
        " this run, with their numbers, and how to make each of them again. The page needs no network; the"
        f' files that it links to lie beside it.</p></header><nav aria-label="Sections"><ul>{links}<li><a'
        ' href="#again">Again and cite</a></li></ul></nav><main id="main">'
        + (
            f'<div class="warning" role="note"><p>Not all is as it should be:</p><ul>{told}</ul></div>'
            if told
            else ""
        )
        + (f"<h2>At a glance</h2><ul>{''.join(found)}</ul>" if found else "")
        + "\n".join(sections)
        + _again(root, target, configuration, done)
        + "</main>"
        + _footer()
    )
    return _document(target, body, drawn)


def _document(target: str, body: str, drawn: Sequence[Mapping[str, Any]]) -> str:
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    scripts = ""
    if drawn:
        style = plots.library("uPlot.min.css") + style
        value = json.dumps({"plots": drawn, "colours": plots.colours()}, separators=(",", ":")).replace(
            "<", "\\u003c"
        )
        scripts = (
            f'<script id="plots" type="application/json">{value}</script>\n'
            f"<script>/*\n{plots.library('LICENSE')}*/\n{plots.library('uPlot.iife.min.js')}</script>\n"
            f"<script>{(_HERE / 'script.js').read_text(encoding='utf-8')}</script>\n"
        )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-src 'self'\">\n"
        f"<title>{escape(target)}</title>\n<style>{style}</style></head>\n<body>\n{body}\n{scripts}</body></html>\n"
    )


# ---- one job --------------------------------------------------------------------------------------------


def _job(root: Path, one: Done, place: Path, configuration: Path | None, drawn: list[dict[str, Any]]) -> str:
    which = f" {one.values['detector']}" if one.values.get("detector") else ""
    title = f"{one.step.summary.rstrip('.')}{',' + which if which else ''}"
    said = sentence(one.job.step, one.files)
    words = {name: str(value) for name, value in one.values.items()} | {"target": _target(one.job) or ""}
    about = caption(one.job.step, root / "workflows/report", words)
    return "\n".join(
        [
            f"<article><h3>{escape(title)}</h3>",
            f'<p class="finding">{escape(said)}</p>' if said else "",
            f'<p class="caption">{escape(about)}</p>' if about else "",
            _interactive(one, title, drawn),
            "".join(_figure(one, field.name, said or about) for field in one.step.select(Out)),
            "".join(_numbers(one)),
            _downloads(root, one, place),
            _parameters(one),
            _log(root, one),
            _commands(one, configuration),
            "</article>",
        ]
    )


def _interactive(one: Done, title: str, drawn: list[dict[str, Any]]) -> str:
    made = None
    if one.job.step == "gw_spectrogram":
        made = plots.spectrogram(one.files["spectrogram"])
    elif one.job.step in ("acs_lightcurve", "polar_lightcurve"):
        made = plots.light_curve(one.files["lightcurve"])
    elif one.job.step == "skymap_view":
        page = escape(one.files["view"].read_text(encoding="utf-8"), quote=True)
        return (
            f'<iframe title="{escape(title)}: turn by dragging, enlarge by scrolling" sandbox="allow-scripts"'
            f' srcdoc="{page}"></iframe>'
        )
    if made is None:
        return ""
    drawn.append(made)
    keys = "Drag over a part, or use the keys plus, minus, arrows and 0, to look closer."
    return (
        f'<div class="plot" tabindex="0" role="application" aria-label="{escape(title)}, interactive. {keys}"'
        f' data-plot="{len(drawn) - 1}"></div>'
    )


def _figure(one: Done, output: str, about: str) -> str:
    path = one.files.get(output)
    if path is None or path.suffix != ".png":
        return ""
    doc = next(field.kind.doc for field in one.step.select(Out) if field.name == output)
    body = base64.b64encode(path.read_bytes()).decode()
    alt = escape(f"{doc}. {about}".strip(), quote=True)
    width, height = _size(path)
    return (
        f'<figure><img src="data:image/png;base64,{body}" width="{width}" height="{height}" alt="{alt}"'
        f"><figcaption>{escape(doc)}</figcaption></figure>"
    )


def _size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[16:24]
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
    # Figures have 300 dots an inch, a page 96: half as large again as in print.
    return round(width * 96 / 200), round(height * 96 / 200)


def _numbers(one: Done) -> Iterable[str]:
    for field in one.step.select(Out):
        path = one.files.get(field.name)
        if path is not None and path.name.endswith(".ecsv") and path.stat().st_size < 4 * EMBEDDED:
            yield table(path, field.kind.doc)


def _downloads(root: Path, one: Done, place: Path) -> str:
    lines = []
    for field in one.step.select(Out):
        if (path := one.files.get(field.name)) is not None:
            files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
            lines += [
                _download(file, field.kind.doc, place) for file in files if not file.name.startswith(".")
            ]
    return (
        f'<details><summary>Files ({len(lines)})</summary><ul class="files">{"".join(lines)}</ul></details>'
    )


def _download(path: Path, doc: str, place: Path) -> str:
    body = path.read_bytes()
    link = escape(relpath(path, place.parent), quote=True)
    inside = ""
    if len(body) <= EMBEDDED and path.suffix in (".ecsv", ".json", ".vot", ".reg"):
        data = base64.b64encode(body).decode()
        name = escape(path.name, quote=True)
        inside = (
            f' <a href="data:application/octet-stream;base64,{data}" download="{name}">(copy in this'
            " page)</a>"
        )
    return (
        f'<li><a href="{link}">{escape(path.name)}</a>{inside}: {escape(doc)}, {_bytes(len(body))} '
        f'<span class="sum">sha256 {hashlib.sha256(body).hexdigest()}</span></li>'
    )


def _bytes(size: int) -> str:
    for unit, digits in (("B", 0), ("kB", 1), ("MB", 1)):
        if size < 1000:
            return f"{size:.{digits}f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _parameters(one: Done) -> str:
    lines = []
    for field in one.step.select(Param):
        value = one.values.get(field.name)
        same = " (default)" if value == field.default or value is None else ""
        text = (
            ", ".join(map(str, value))
            if isinstance(value, list)
            else "not given"
            if value is None
            else str(value)
        )
        unit = (
            f" {escape(field.kind.unit)}" if getattr(field.kind, "unit", None) and value is not None else ""
        )
        lines.append(
            f'<tr><th scope="row">{field.name}</th><td>{escape(text)}{unit}{same}</td>'
            f"<td>{escape(field.kind.doc)}</td></tr>"
        )
    inputs = "".join(
        f'<li>{escape(entry["input"])}: {escape(entry["name"])} <span class="sum">sha256'
        f" {entry['sha256']}</span></li>"
        for entry in one.block.get("inputs", ())
    )
    head = '<tr><th scope="col">parameter</th><th scope="col">value</th><th scope="col">meaning</th></tr>'
    return (
        "<details><summary>Parameters and inputs</summary>"
        '<div class="wide" tabindex="0" role="region" aria-label="Parameters of'
        f' {one.job.step}"><table><thead>{head}</thead>'
        f'<tbody>{"".join(lines)}</tbody></table></div><ul class="files">{inputs}</ul></details>'
    )


def _log(root: Path, one: Done) -> str:
    path = root / one.job.log if one.job.log else None
    text = path.read_text(encoding="utf-8", errors="replace").strip() if path and path.exists() else ""
    body = f'<pre tabindex="0">{escape(text)}</pre>' if text else "<p>The step had nothing to say.</p>"
    return f"<details><summary>Log</summary>{body}</details>"


def _commands(one: Done, configuration: Path | None) -> str:
    product = one.job.outputs[0]
    texts = {
        "Snakemake": f"snakemake --cores 2{_configured(configuration)} --force {shlex.quote(product)}",
        "CWL": _cwltool(one),
        "Python": one.job.command,
    }
    body = "".join(f'<p>{name}</p><pre tabindex="0">{escape(text)}</pre>' for name, text in texts.items())
    return f"<details><summary>Make it again</summary>{body}</details>"


def _cwltool(one: Done) -> str:
    """Write the command that makes the same with the CWL tool: one flag for each value of a list."""
    words = []
    for field in one.step.fields:
        value = one.values.get(field.name)
        if value is None or isinstance(field.kind, (Out, Record)) or value == field.default:
            continue
        if isinstance(value, bool):
            words += [f"--{field.name}"] if value else []
            continue
        for entry in value if isinstance(value, list) else [value]:
            words.append(f"--{field.name} {shlex.quote(str(entry))}")
    return " \\\n    ".join([f"cwltool --outdir mine cwl/tools/{one.job.step}.cwl", *words])


# ---- the end --------------------------------------------------------------------------------------------


def _again(root: Path, target: str, configuration: Path | None, done: Sequence[Done]) -> str:
    citation = read_citation(root / "CITATION.cff")
    authors = "; ".join(author.listed for author in citation.authors)
    version = next((one.block["version"] for one in done if one.block.get("version")), "")
    command = f"snakemake --cores 2{_configured(configuration)}"
    dois = sorted({doi for path in root.glob("archive.*.deposit.json") if (doi := _doi(path))})
    archive = (
        f"<p>An archive of this folder has the DOI {', '.join(map(escape, dois))}.</p>"
        if dois
        else (
            "<p>This run has no DOI yet. To give it one: <code>snakemake crate --cores"
            f" 2{escape(_configured(configuration))}</code>, then <code>python scripts/deposit.py"
            " archive</code>.</p>"
        )
    )
    return (
        '<section aria-labelledby="again"><h2 id="again">Again, and how to cite</h2><p>The whole'
        f' run:</p><pre tabindex="0">{escape(command)}</pre>{archive}<p>Cite {escape(authors)}:'
        f" {escape(citation.title)}, version {escape(citation.version)} ({escape(version)}), and the sources"
        f' of the data:</p><ul class="files">{_sources(root, done)}</ul></section>'
    )


def _doi(path: Path) -> str | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value.get("doi") if value.get("published") else None


def _sources(root: Path, done: Sequence[Done]) -> str:
    """List the inputs that no step of the run made, with what the repository knows of them."""
    known = {row[-1].strip(" `"): row for row in _rows(root / "data/README.md")}
    made = {path.name for one in done for path in one.files.values()}
    files = {
        entry["sha256"]: entry["name"]
        for one in done
        for entry in one.block.get("inputs", ())
        if entry["name"] not in made
    }
    lines = []
    for digest, name in sorted(files.items(), key=lambda item: item[1]):
        row = known.get(digest)
        about = f"{row[1].strip()}. Source: {row[2].strip()}" if row else "your own file, or downloaded"
        lines.append(f'<li>{escape(name)}: {escape(about)} <span class="sum">sha256 {digest}</span></li>')
    return "".join(lines)


def _rows(path: Path) -> Iterable[list[str]]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            cells = line.strip("|").split("|")
            if line.startswith("| `") and len(cells) == 5:
                yield cells


def _footer() -> str:
    return (
        "<footer><p>Made by Tidings. The plots are drawn by uPlot 1.6.32 (MIT licence, in the source of this"
        " page).</p></footer>"
    )
