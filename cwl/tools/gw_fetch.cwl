#!/usr/bin/env cwltool
# Generated from scripts/gw_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: gw_fetch
label: Fetch the strain files around an event from GWOSC, and check them against the recorded checksums.
doc: |-
  Fetch the strain files around an event from GWOSC, and check them against the recorded checksums.

  Events before GWTC-4.0 have files of 32 s; for later ones the files of the observing run (4096 s, some
  130 MB) are fetched. Another server of the same layout is asked if TIDINGS_GWOSC_HOST names one.
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
    ramMin: 500
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
      gwosc:
        version:
        - 0.8.3
      h5py:
        version:
        - 3.16.0
      matplotlib-base:
        version:
        - 3.11.2
      numpy:
        version:
        - 2.4.6
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
- valueFrom: $(inputs.scripts.path)/gw_fetch.py
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
  strain_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The strain files, under their names in the archive'
    default: strain
    inputBinding:
      prefix: --strain
  table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Name and GPS time of the event'
    default: event.tsv
    inputBinding:
      prefix: --table
  detector:
    type: string
    doc: Detector, such as H1, L1, V1, K1, G1
    inputBinding:
      prefix: --detector
  event:
    type:
    - 'null'
    - string
    doc: 'Event name, or the time of interest: GPS seconds, ISO, MJD or JD with its scale (UTC unless
      given)'
    inputBinding:
      prefix: --event
  before:
    type:
    - 'null'
    - double
    doc: Time shown before the event [s], 0 to 2048
    default: 1.0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Time shown after the event [s], 0 to 2048
    default: 1.0
    inputBinding:
      prefix: --after
  T1:
    type:
    - 'null'
    - string
    doc: Start of the window instead, in any form that event takes
    inputBinding:
      prefix: --T1
  T2:
    type:
    - 'null'
    - string
    doc: End of the window instead
    inputBinding:
      prefix: --T2
  margin:
    type:
    - 'null'
    - double
    doc: Least length wanted on either side, for the noise spectrum [s], 2 to 4096
    default: 15.0
    inputBinding:
      prefix: --margin
  rate:
    type:
    - 'null'
    - type: enum
      symbols:
      - '4096'
      - '16384'
    doc: Sample rate in Hz
    default: '4096'
    inputBinding:
      prefix: --rate
  store:
    type:
    - 'null'
    - Directory
    doc: Folder with strain files that need not be downloaded again
    inputBinding:
      prefix: --store
  lock:
    type:
    - 'null'
    - File
    doc: 'Checksums of remote files: new files are recorded, known ones compared'
outputs:
  strain:
    type: Directory
    doc: The strain files, under their names in the archive
    outputBinding:
      glob: $(inputs.strain_name)
  table:
    type: File
    doc: Name and GPS time of the event
    outputBinding:
      glob: $(inputs.table_name)
    format: edam:format_3475
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
