"""Images and photometry of the DESI Legacy Imaging Surveys."""
