"""The outcome of a reproduction as one HTML file, without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from tidings.verify import Status

# Okabe & Ito (2008): told apart with every common form of colour blindness; each also has its word.
_COLOURS = {
    "IDENTICAL": "#009E73",
    "CANONICAL": "#56B4E9",
    "WITHIN TOLERANCE": "#E69F00",
    "DIFFERS": "#D55E00",
    "MISSING": "#CC79A7",
    "EXTRA": "#CC79A7",
    "FAILED": "#D55E00",
}
_STYLE = """
body { font: 16px/1.45 "DejaVu Sans", Verdana, sans-serif; color: #1a1a1a;
       max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #d0d0d0; }
th { white-space: nowrap; }
td.product, td.text { overflow-wrap: anywhere; }
.badge { display: inline-block; min-width: 9.5em; padding: .05rem .4rem; border-left: .6rem solid;
         background: #f4f4f4; font-size: .85rem; white-space: nowrap; }
.outcome { font-size: 1.15rem; border-left: .6rem solid; background: #f4f4f4; padding: .6rem .9rem; }
.detail { color: #333; font-size: .9rem; }
dt { font-weight: bold; }
dd { margin: 0 0 .4rem 1rem; overflow-wrap: anywhere; }
"""


def page(value: Mapping[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    value : mapping
        As from `tidings.reproduce.report.plain`.
    """
    colour = _COLOURS["IDENTICAL" if value["passed"] else "DIFFERS"]
    parts = [
        f"<h1>Reproduction: {escape(value['archive']['name'])}</h1>",
        f'<p class="outcome" style="border-color:{colour}">{escape(_sentence(value["headline"]))}</p>',
        _facts(value),
        _divergences(value),
        "<h2>Products</h2>",
        _products(value),
        "<h2>This machine and the archive</h2>",
        _preflight(value["preflight"]),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Reproduction: {escape(value['archive']['name'])}</title>\n<style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _time(text: str) -> str:
    return escape(text.removesuffix("+00:00").replace("T", " "))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(value: Mapping[str, Any]) -> str:
    archive, rerun = value["archive"], value["rerun"]
    rows = [
        ("Archive", _link(archive)),
        ("Made with", f"{escape(archive['engine'])}, Tidings {escape(archive['suite'])}"),
        ("Run again with", f"{escape(rerun['engine'])}, Tidings {escape(value['tidings'])}"),
        ("When", f"{_time(rerun['start'])} to {_time(rerun['end'])} UTC"),
    ]
    rows += [("Note", escape(notice)) for notice in archive["notices"]]
    rows += [("Changed", escape(line)) for line in archive["changed"]]
    return _rows(rows)


def _link(archive: Mapping[str, Any]) -> str:
    # DOIs of the sandbox lead nowhere.
    if archive["doi"] and not archive["doi"].startswith("10.5072/"):
        return f'<a href="https://doi.org/{escape(archive["doi"])}">{escape(archive["doi"])}</a>'
    return escape(archive["url"] or "a file of this machine, without a DOI")


def _rows(rows: list[tuple[str, str]]) -> str:
    lines = (f'<tr><th>{name}</th><td class="text">{text}</td></tr>' for name, text in rows)
    return f"<table>{''.join(lines)}</table>"


def _divergences(value: Mapping[str, Any]) -> str:
    if not value["divergences"]:
        return ""
    parts = ["<h2>Where it diverged</h2>"]
    for number, found in enumerate(value["divergences"]):
        names = ", ".join(path.rpartition("/")[2] for path in found["products"])
        products = f"<dt>Products</dt><dd>{escape(names)}</dd>" if names else ""
        causes = "".join(f"<dd>{escape(cause)}</dd>" for cause in found["likely_causes"])
        title = "First diverging step" if number == 0 else "Another one, of its own"
        parts.append(
            f"<dl><dt>{title}</dt><dd>{escape(found['step'])} ({escape(found['job'])})</dd>"
            f"{products}<dt>Likely cause</dt>{causes}</dl>"
        )
    return "\n".join(parts)


def _products(value: Mapping[str, Any]) -> str:
    rows = [_product(entry) for entry in value["products"]]
    head = "<tr><th>Verdict</th><th>Product</th><th>Step</th><th>Expected</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _product(entry: Mapping[str, Any]) -> str:
    colour = _COLOURS[entry["status"]]
    detail = "".join(f'<div class="detail">{escape(line)}</div>' for line in _details(entry))
    name = escape(entry["product"].removeprefix("results/"))
    return (
        f'<tr><td><span class="badge" style="border-color:{colour}">{entry["status"]}</span></td>'
        f'<td class="product">{name}{detail}</td><td>{escape(entry["step"] or "")}</td>'
        f"<td>{escape(entry['expected'] or '')}</td></tr>"
    )


def _details(entry: Mapping[str, Any], most: int = 5) -> list[str]:
    if entry["status"] == str(Status.IDENTICAL):
        return []
    lines = [f"rule {entry['rule']}"] if entry["rule"] else []
    for one in entry["differences"][:most]:
        line = f"{one['place']}: {one['what']}" if one["place"] else one["what"]
        if one["first"]:
            line += f"; first at {one['first']}"
        if one["reference"] or one["candidate"]:
            line += f": {one['reference']} in the archive, {one['candidate']} now"
        if one["max_abs"] is not None:
            line += f"; at most {one['max_abs']:.6g}"
        lines.append(line)
    more = len(entry["differences"]) - most
    return [*lines, *([f"and {more} more differences"] if more > 0 else []), *entry["notes"][:most]]


def _preflight(found: Mapping[str, Any]) -> str:
    rows = [("Arithmetic", "<br>".join(map(escape, found["arithmetic"])) or "as recorded, in all groups")]
    packages = [f"{escape(n)}: {escape(a)} then, {escape(b)} here" for n, (a, b) in found["packages"].items()]
    rows.append(("Packages", "<br>".join(packages) or "as locked"))
    rows.append(("Code", escape(", ".join(found["code"])) or "as recorded"))
    if found["container"]:
        rows.append(("Container of the archive", escape(found["container"])))
    if found["mispredicted"]:
        rows.append(("Not expected", escape(", ".join(found["mispredicted"]))))
    return _rows(rows)
