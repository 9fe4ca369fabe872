"""Light curves of the anticoincidence shield of INTEGRAL's spectrometer (SPI-ACS)."""
