"""What is to be known of an instrument that counts photons: its name in files, its limits, its mission."""

from __future__ import annotations

from dataclasses import dataclass

from tidings.errors import InputError


@dataclass(frozen=True)
class Monitor:
    """An instrument.

    Attributes
    ----------
    name : str
        For titles.
    telescope, instrument : str
        TELESCOP and INSTRUME of its files.
    about, carrier : str
        What the two are, for the comments there.
    earliest, latest : float
        GPS s that data can have.
    mission : str
        The same in words.
    off : str
        Why all counts may be zero.
    sample : float
        Integration time of the telemetry, s; 0 where single photons have times.
    saturation : float, optional
        Most counts that a sample can hold.
    high_rate : float
        Rate, counts/s, above which pulses overlap.
    """

    name: str
    telescope: str
    instrument: str
    about: str
    carrier: str
    earliest: float
    latest: float
    mission: str
    off: str
    sample: float = 0.0
    saturation: float | None = None
    high_rate: float = float("inf")


SPI_ACS = Monitor(
    name="SPI-ACS",
    telescope="INTEGRAL",
    instrument="SPIACS",
    about="anticoincidence shield of the spectrometer SPI",
    carrier="spacecraft",
    earliest=718848013.0,  # 2002-10-17, the launch
    latest=1577491218.0,  # 2030-01-01
    mission="INTEGRAL's mission (from 2002-10-17)",
    off="the shield was off",
    # von Kienlin et al. 2003, A&A 411, L299.
    sample=0.05,
    # The rate is sent as a 16-bit number in units of two counts: every sample of every file seen is even, and
    # GRB 230307A has bins of 87,182 counts per sample, above 65,535.
    saturation=131070,
    # GRB 230307A, at 1.7 million, was called moderately saturated (Savchenko et al. 2023, GCN Circ. 33472).
    high_rate=1e6,
)

POLAR = Monitor(
    name="POLAR",
    telescope="Tiangong-2",
    instrument="POLAR",
    about="Compton polarimeter, 50 to 500 keV",
    carrier="space laboratory",
    earliest=1157932817.0,  # 2016-09-15, the launch
    latest=1175385618.0,  # 2017-04-05
    mission="POLAR's mission (2016-09-15 to 2017-04-04)",
    off="the instrument was off",
)

_KNOWN = {monitor.instrument: monitor for monitor in (SPI_ACS, POLAR)}


def monitor_of(instrument: str, source: str) -> Monitor:
    """Return the monitor whose files have this INSTRUME; `source` names the file in the error."""
    try:
        return _KNOWN[instrument.strip().upper()]
    except KeyError:
        raise InputError(
            f"{source}: INSTRUME is {instrument!r}, none of {', '.join(sorted(_KNOWN))}; give a light curve "
            "of this suite"
        ) from None
