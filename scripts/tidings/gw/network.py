"""What the detectors of a network saw of one event."""

from __future__ import annotations

from collections.abc import Sequence

from astropy.table import Table, vstack

from tidings.errors import InputError
from tidings.gw.spectrogram_product import SpectrogramProduct, tile_table


def loudest_tiles(products: Sequence[SpectrogramProduct]) -> Table:
    """Return the loudest tile of each detector and its delay after the first detector's.

    Parameters
    ----------
    products
        Spectrograms of one event, of different detectors.

    Returns
    -------
    Table
        A row for each detector in the order given: `detector`, the columns of the tile table, `delay` [s].
        Detectors without a tile have no row.

    Raises
    ------
    InputError
        If two spectrograms are of one detector, or of different events.
    """
    detectors = [product.detector for product in products]
    if len(set(detectors)) < len(detectors):
        raise InputError(f"two spectrograms of one detector among {', '.join(detectors)}: give one of each")
    if len({(product.event, product.event_gps) for product in products}) > 1:
        events = ", ".join(f"{p.detector}: {p.event or p.event_gps}" for p in products)
        raise InputError(f"the spectrograms are of different events ({events}): draw them one by one")
    rows = []
    for product in products:
        row = tile_table(product.spectrogram.tiles[:1], product.detector, product.event, product.event_gps)
        row.add_column([product.detector] * len(row), name="detector", index=0)
        rows.append(row)
    table = vstack(rows, metadata_conflicts="silent")
    table["detector"].description = "Detector"
    if len(table):
        table["delay"] = table["time"] - table["time"][0]
        table["delay"].unit = "s"
        table["delay"].description = f"Time after the tile of {table['detector'][0]}"
    del table.meta["detector"]
    return table
