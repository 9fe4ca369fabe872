"""Parameters that the steps of source products share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Param

Rates = Annotated[list[Path], In("Rates of sources, as isgri_flux writes them", format="ecsv")]
CrabRates = Annotated[
    Path | None,
    In(
        "Rates of the Crab in the same bands, as isgri_flux writes them, for Crab units; the reference "
        "catalogue's when not given"
    ),
]
SourceNames = Annotated[str, Param("Names of the sources wanted, separated by commas; all when empty")]
