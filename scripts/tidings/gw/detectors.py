"""Where the detectors stand, and how long light takes between them."""

from __future__ import annotations

from math import dist

SPEED_OF_LIGHT = 299792458.0

# Vertices in Earth-centred, Earth-fixed coordinates (WGS 84), m: LIGO-T980044 for LIGO and GEO 600,
# LIGO-P000006 for Virgo, JGW-G1200971 for KAGRA; the values of LALDetectors.h (LALSuite).
VERTICES = {
    "H1": (-2161414.92636, -3834695.17889, 4600350.22664),
    "L1": (-74276.0447238, -5496283.71971, 3224257.01744),
    "V1": (4546374.0990, 842989.697626, 4378576.96241),
    "G1": (3856309.94926, 666598.956317, 5019641.41725),
    "K1": (-3777336.024, 3484898.411, 3765313.697),
}
EARTH_DIAMETER = 12_756_274.0


def light_travel_time(one: str, other: str) -> float:
    """Return the time [s] that light takes between two detectors.

    Of a detector whose place is not known, the time through the whole Earth.
    """
    if one == other:
        return 0.0
    if one not in VERTICES or other not in VERTICES:
        return EARTH_DIAMETER / SPEED_OF_LIGHT
    return dist(VERTICES[one], VERTICES[other]) / SPEED_OF_LIGHT
