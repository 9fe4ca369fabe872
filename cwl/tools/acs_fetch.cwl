#!/usr/bin/env cwltool
# Generated from scripts/acs_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_fetch
label: Fetch SPI-ACS counts around a time, and the spacecraft's position, and check them against the record.
doc: |-
  Fetch SPI-ACS counts around a time, and the spacecraft's position, and check them against the record.

  What the service says instead of counts (no data near perigee, shield off, time in the future) is told.
  Another server of the same layout is asked if TIDINGS_INTEGRAL_HOST names one.
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
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
      sgp4:
        version:
        - '2.27'
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/acs_fetch.py
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
  counts_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Counts of 50 ms, as the service gives them'
    default: counts.txt
    inputBinding:
      prefix: --counts
  position_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Position of the spacecraft: RA, Dec (deg), km; errors below'
    default: position.txt
    inputBinding:
      prefix: --position
  trigger:
    type: string
    doc: 'Time wanted: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)'
    inputBinding:
      prefix: --trigger
  half_width:
    type:
    - 'null'
    - double
    doc: Length of the interval on either side [s], 1 to 100000
    default: 300.0
    inputBinding:
      prefix: --half_width
  form:
    type:
    - 'null'
    - type: enum
      symbols:
      - genlc
      - ipnlc
    doc: 'Form of the text: with IJD, or that of the Interplanetary Network'
    default: genlc
    inputBinding:
      prefix: --form
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
  counts:
    type: File
    doc: Counts of 50 ms, as the service gives them
    outputBinding:
      glob: $(inputs.counts_name)
  position:
    type: File
    doc: 'Position of the spacecraft: RA, Dec (deg), km; errors below'
    outputBinding:
      glob: $(inputs.position_name)
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
