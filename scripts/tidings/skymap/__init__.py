"""Sky localisations as HEALPix maps of many orders: regions, distances, galaxies, coverage, catalogues."""
