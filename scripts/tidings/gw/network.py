"""What the detectors of a network saw of one event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table, vstack

from tidings.errors import InputError
from tidings.gw.detectors import light_travel_time
from tidings.gw.spectrogram_product import SpectrogramProduct, tile_table


def network_tiles(products: Sequence[SpectrogramProduct]) -> Table:
    """Return each detector's loudest tile, and its loudest one that fits the network's loudest in time.

    A signal from the sky reaches all detectors within the light travel time between them; the tiles may
    lie apart by half their durations besides, since each detector is loudest where its noise is lowest.

    Parameters
    ----------
    products
        Spectrograms of one event, of different detectors.

    Returns
    -------
    Table
        `detector`, the columns of the tile table, `loudest` and `coincident` (bool), and `delay` [s] after
        the network's loudest tile. One or two rows for each detector in the order given; none without a tile.

    Raises
    ------
    InputError
        If two spectrograms are of one detector, or of different events.
    """
    _check(products)
    tables = {
        product.detector: tile_table(
            product.spectrogram.tiles, product.detector, product.event, product.event_gps
        )
        for product in products
    }
    tables = {detector: tiles for detector, tiles in tables.items() if len(tiles)}
    reference = max(tables, key=lambda detector: tables[detector]["energy"][0], default=None)
    rows = [_rows(detector, tiles, reference, tables[reference][0]) for detector, tiles in tables.items()]
    if not rows:
        return tile_table(products[0].spectrogram.tiles, products[0].detector)
    table = vstack(rows, metadata_conflicts="silent")
    del table.meta["detector"]
    return table


def _check(products: Sequence[SpectrogramProduct]) -> None:
    detectors = [product.detector for product in products]
    if len(set(detectors)) < len(detectors):
        raise InputError(f"two spectrograms of one detector among {', '.join(detectors)}: give one of each")
    if len({(product.event, product.event_gps) for product in products}) > 1:
        events = ", ".join(f"{p.detector}: {p.event or p.event_gps}" for p in products)
        raise InputError(f"the spectrograms are of different events ({events}): draw them one by one")


def _rows(detector: str, tiles: Table, reference: str, loudest: Table.Row) -> Table:
    """Choose the rows of one detector; its tiles are ordered, the loudest first."""
    delay = np.asarray(tiles["time"]) - loudest["time"]
    apart = light_travel_time(detector, reference)
    if detector != reference:
        apart = apart + (np.asarray(tiles["duration"]) + loudest["duration"]) / 2
    fits = np.flatnonzero(np.abs(delay) <= apart)[:1]
    chosen = sorted({0, *fits.tolist()})
    table = tiles[chosen]
    table.add_column([detector] * len(table), name="detector", index=0)
    table["loudest"] = [row == 0 for row in chosen]
    table["coincident"] = [row in fits for row in chosen]
    table["delay"] = delay[chosen]
    table["delay"].unit = "s"
    descriptions = {
        "detector": "Detector",
        "loudest": "The loudest tile of the detector",
        "coincident": "The loudest tile that light travel time allows to be of the network's loudest",
        "delay": "Time after the network's loudest tile",
    }
    for name, text in descriptions.items():
        table[name].description = text
    return table
