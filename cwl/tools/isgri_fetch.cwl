#!/usr/bin/env cwltool
# Generated from scripts/isgri_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_fetch
label: Fetch the ISGRI events of one science window, and check them against the record.
doc: |-
  Fetch the ISGRI events of one science window, and check them against the record.

  The file is read to its end: a page of HTML, a file cut off, or one of another window is refused. For an
  aborted window, whose group file lists no events, a FITS file without events is made that says so
  (ABORTED = T), which the next step passes over. Another server of the same layout is asked if
  TIDINGS_INTEGRAL_ARCHIVE names one.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: true
  InitialWorkDirRequirement:
    listing:
    - entryname: remote.lock.json
      entry: $(inputs.lock)
      writable: true
hints:
  ResourceRequirement:
    ramMin: 1000
  SoftwareRequirement:
    packages:
      tidings:
        version:
        - 0.1.0
      python:
        version:
        - '3.11'
      astropy:
        version:
        - 8.0.2
      cdshealpix:
        version:
        - 0.9.0
      h5py:
        version:
        - 3.16.0
      matplotlib-base:
        version:
        - 3.11.2
      mocpy:
        version:
        - 0.21.0
      numpy:
        version:
        - 2.4.6
      pyarrow:
        version:
        - 26.0.1
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
      tenacity:
        version:
        - 9.2.1
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/isgri_fetch.py
  position: -1
- prefix: --lock
  valueFrom: remote.lock.json
inputs:
  scripts:
    type:
    - 'null'
    - Directory
    label: The scripts folder of Tidings
    doc: The step and the library beside it
    default:
      class: Directory
      location: ../../scripts
  events_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Event file of the science window, as archived'
    default: isgri_events.fits.gz
    inputBinding:
      prefix: --events
  swid:
    type: string
    doc: Identifier of the science window, 12 digits
    inputBinding:
      prefix: --swid
  archive:
    type:
    - 'null'
    - type: enum
      symbols:
      - isdc
      - heasarc
    doc: 'Archive to ask: the ISDC, or its mirror at HEASARC'
    default: isdc
    inputBinding:
      prefix: --archive
  near_real_time:
    type:
    - 'null'
    - boolean
    doc: Take the near-real-time version when there is no consolidated one yet
    default: false
    inputBinding:
      valueFrom: --near_real_time=$(self)
  store:
    type:
    - 'null'
    - Directory
    doc: Folder with files that need not be downloaded again
    inputBinding:
      prefix: --store
  lock:
    type:
    - 'null'
    - File
    doc: 'Checksums of remote files: new files are recorded, known ones compared'
outputs:
  events:
    type: File
    doc: Event file of the science window, as archived
    outputBinding:
      glob: $(inputs.events_name)
    format: edam:format_2333
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
