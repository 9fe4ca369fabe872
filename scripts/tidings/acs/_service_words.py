"""What the public service says instead of counts, and what that means."""

from __future__ import annotations

# Words of the service's exceptions, which it sends as text with status 200 or 400, and of its gateway; the
# first that occurs decides. Any spelling: class names ("NoData") and messages ("No Data (at this time?)").
_WORDS = (
    ("zerodata", "the shield was switched off or sent zeros all the time; choose another time"),
    ("noauxdata", "the archive has no orbit or clock data for this time yet; try again in some days"),
    ("noauxiliat", "the archive has no orbit or clock data for this time yet; try again in some days"),
    ("nodata", "INTEGRAL has no data at this time (near perigee, or not yet received); choose another time"),
    ("emptylc", "INTEGRAL has no data at this time; choose another time"),
    (
        "overrevolution",
        "the interval reaches into another orbit; choose a shorter one, or ask for both orbits",
    ),
    ("thisservicearelimited", "the interval is longer than the service gives at once; choose a shorter one"),
    ("beforethemissionstart", "the time is before the first data (2002-11-01); choose a later one"),
    ("isinthefuture", "the time is in the future; choose an earlier one"),
    ("badtime", "the service cannot read the time; give it as 2023-03-07T15:44:06"),
    ("badtarget", "the service does not know this light curve"),
    ("noaccess", "the service has no access to its archive; try again later"),
    ("exception", "the service failed; try again later"),
    ("traceback", "the service failed; try again later"),
    ("<html", "this is a web page, not counts: the address or the service has changed"),
    ("<!doctype", "this is a web page, not counts: the address or the service has changed"),
)
_LONGEST = 8000  # characters; what is longer holds counts, not an error
_QUOTED = 160


def explain(text: str) -> str | None:
    """Return what an answer without counts means, with its own words, or None if it is no error.

    Parameters
    ----------
    text : str
        The answer of the service, or the content of a file that was made from it.
    """
    squeezed = "".join(text[:_LONGEST].lower().split())
    for word, meaning in _WORDS:
        if word in squeezed:
            said = " ".join(text.split())
            said = said if len(said) <= _QUOTED else said[:_QUOTED] + "…"
            return f"{meaning} (the service says: {said})"
    return None
