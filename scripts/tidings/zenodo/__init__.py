"""Zenodo, and every repository that runs InvenioRDM: reading published records, depositing new ones.

Written against InvenioRDM's API (https://inveniordm.docs.cern.ch/reference/rest_api_drafts_records) and
against what Zenodo was seen to do where that differs: it checks no checksum that a client sends, it answers
500 or 504 to a publication that took place, and it ignores metadata that it does not know.  So nothing is
believed that was not read back.

==============  ==================================================================================
``api``         requests with a token: waiting, trying again, rate limits, errors in words
``records``     DOI or address to a published record, its files, its versions
``fetch``       the files of a record, by zenodo-get or on our own
``journal``     what has been done of a deposit, for the same command after a crash
``metadata``    what the record says of itself, as the repository wants it, and compared with what it has
``deposit``     draft, reserved DOI, files, metadata, publication
==============  ==================================================================================
"""
