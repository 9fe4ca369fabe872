"""ANTARES: limits on neutrino sources from the public events of 2007 to 2017, and searches around a time."""
