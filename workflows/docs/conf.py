"""Settings of the site of the documentation; `make docs` builds it, offline and without warnings."""

import latex2mathml.converter
from docutils import nodes

project = "Tidings"
author = "The Tidings developers"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns: list[str] = []
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Tidings"
html_show_copyright = False
html_last_updated_fmt = None
html_copy_source = False
# Browsers draw MathML by themselves; MathJax would come from a server.
html_math_renderer = "mathml"
nitpicky = True


def _math(self, node):
    self.body.append(latex2mathml.converter.convert(node.astext()))
    raise nodes.SkipNode


def _displayed(self, node):
    self.body.append(
        f'<div class="math">{latex2mathml.converter.convert(node.astext(), display="block")}</div>'
    )
    raise nodes.SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_math, None), (_displayed, None))
