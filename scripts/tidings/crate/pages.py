"""The page of a crate, `ro-crate-preview.html`: one file to look at."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from pathlib import Path

from tidings.crate.citation import Citation
from tidings.crate.graph import command
from tidings.crate.model import Crate, CrateFile
from tidings.crate.readme import again, clock, downloads, engine_name
from tidings.crate.record import headlines
from tidings.crate.subjects import label

_THUMBNAIL = 480  # pixels
_MOST_FIGURES = 24

_STYLE = """
:root { --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --back: #fff; --tint: #f6f8fa; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4af; --line: #30363d; --back: #0d1117; --tint: #161b22; --link: #6cb6ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 3rem;
  background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
a { color: var(--link); }
p { max-width: 46rem; }
code, pre { font: .85rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: .7rem;
  overflow-x: auto; }
.soft { color: var(--soft); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-top: 1px solid var(--line); }
.list th, .list td { white-space: nowrap; }
th { overflow-wrap: normal; }
tr:first-child > * { border-top: 0; }
thead th { background: var(--tint); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.figures { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr));
  align-items: start; }
figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; background: #fff; }
figure img { display: block; width: 100%; height: auto; }
figcaption { background: var(--tint); padding: .3rem .6rem; font-size: .85rem; }
details { margin: .4rem 0; }
summary { cursor: pointer; }
"""


def preview(crate: Crate, citation: Citation, content: Mapping[str, Path | bytes]) -> str:
    """Return the page: one file, without scripts and without anything from elsewhere.

    Parameters
    ----------
    crate, citation
        The run, and what the suite says of itself.
    content : mapping
        Files of the crate by path, for the figures.
    """
    figures = headlines(crate)
    parts = [
        f"<h1>{_text(crate.name)}</h1>",
        f"<p>{_text(citation.abstract)}</p>",
        _facts(crate, citation),
        f"<h2>Figures</h2>\n{_figures(figures[:_MOST_FIGURES], content)}" if figures else "",
        _rest(figures),
        f"<h2>Products</h2>\n{_products(crate)}",
        f"<h2>Jobs</h2>\n{_jobs(crate)}",
        f"<h2>Data</h2>\n{_data(crate)}",
        f"<h2>Run it again</h2>\n<pre>{_text(_commands(crate))}</pre>\n<p>{_text(downloads(crate))}</p>",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(crate.name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _commands(crate: Crate) -> str:
    return (
        "unzip run-crate.zip -d run-crate && cd run-crate/source\n"
        f"make .venv/science.done && . .venv/bin/activate\n{again(crate)}"
    )


def _facts(crate: Crate, citation: Citation) -> str:
    doi = f"https://doi.org/{crate.identifier}"
    rows = {
        "DOI": f'<a href="{doi}">{_text(crate.identifier or "")}</a>' if crate.identifier else "",
        "Authors": _text("; ".join(author.listed for author in citation.authors)),
        "Licence": f'<a href="{_text(citation.license_url)}">{_text(citation.license)}</a>',
        "Run": f"{clock(crate.start)} to {clock(crate.end)}",
        "Engine": f"{engine_name(crate)} {_text(crate.engine.version)}, {_code(crate.engine.workflow)}",
        "Suite": f"Tidings {_text(crate.version)}",
        "Commit": _code(crate.commit) if crate.commit else "",
        "Container image": _code(crate.image.get("base", crate.image["name"])),
        "Arithmetic": _text(_arithmetic(crate)),
        "Subjects": ", ".join(f'<a href="{_text(s)}">{_text(label(s))}</a>' for s in crate.subjects),
    }
    cells = "\n".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items() if value)
    return f'<div class="scroll"><table>\n{cells}\n</table></div>'


def _arithmetic(crate: Crate) -> str:
    versions = crate.fingerprint.get("versions", {})
    cpu = crate.fingerprint.get("cpu", {})
    words = [
        f"{name} {versions[name]}" for name in ("python", "numpy", "scipy", "astropy") if name in versions
    ]
    return ", ".join([*words, str(cpu.get("architecture", ""))])


def _figures(paths: list[str], content: Mapping[str, Path | bytes]) -> str:
    made = []
    for path in paths:
        name = path.rpartition("/")[2]
        picture = base64.b64encode(_thumbnail(content[path])).decode()
        made.append(
            f'<figure><img alt="{_text(name)}" src="data:image/png;base64,{picture}">'
            f"<figcaption>{_text(name)}</figcaption></figure>"
        )
    return '<div class="figures">\n' + "\n".join(made) + "\n</div>"


def _rest(figures: list[str]) -> str:
    more = len(figures) - _MOST_FIGURES
    return f'<p class="soft">{more} more figures are in results/.</p>' if more > 0 else ""


def _thumbnail(source: Path | bytes) -> bytes:
    """Return a small copy of a picture, as PNG of few colours."""
    from PIL import Image

    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture:
        small = picture.convert("RGB")
        small.thumbnail((_THUMBNAIL, 2 * _THUMBNAIL), Image.Resampling.LANCZOS)
        made = io.BytesIO()
        small.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            made, "PNG", optimize=True
        )
    return made.getvalue()


def _table(heads: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="list">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(value: str, number: bool = False) -> str:
    return f'<td class="number">{value}</td>' if number else f"<td>{value}</td>"


def _files(files: tuple[CrateFile, ...] | list[CrateFile]) -> str:
    rows = [
        [
            _cell(_text(file.path)),
            _cell(f"{file.size:,}".replace(",", "\u202f"), number=True),
            _cell(f"<code>{file.sha256[:16]}…</code>"),
        ]
        for file in files
    ]
    return _table(["file", "bytes", "sha256"], rows)


def _products(crate: Crate) -> str:
    by_target: dict[str, list[CrateFile]] = {}
    for job in crate.jobs:
        for path in job.outputs.values():
            if crate.files[path].role == "product":
                by_target.setdefault("/".join(path.split("/")[1:3]), []).append(crate.files[path])
    opened = " open" if len(by_target) == 1 else ""
    return "\n".join(
        f"<details{opened}><summary>{_text(name)}: {len(files)} products</summary>\n"
        f"{_files(sorted(files, key=lambda file: file.path))}</details>"
        for name, files in sorted(by_target.items())
    )


def _jobs(crate: Crate) -> str:
    rows = [
        [
            _cell(f"<code>{_text(job.step)}</code>"),
            _cell(_text(job.name)),
            _cell(clock(job.start)),
            _cell(f"{(job.end - job.start).total_seconds():.1f}", number=True),
        ]
        for job in crate.jobs
    ]
    listed = _table(["step", "first product", "start", "seconds"], rows)
    commands = "\n".join(_text(command(job)) for job in crate.jobs)
    return f"{listed}\n<details><summary>Commands</summary><pre>{commands}</pre></details>"


def _data(crate: Crate) -> str:
    return _files(sorted((*crate.inputs, *crate.intermediates), key=lambda file: file.path))


def _code(value: str) -> str:
    return f"<code>{_text(value)}</code>"


def _text(value: str) -> str:
    return html.escape(str(value))
