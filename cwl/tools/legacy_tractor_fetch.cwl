#!/usr/bin/env cwltool
# Generated from scripts/legacy_tractor_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_tractor_fetch
label: Fetch the sources in a circle by TAP, and check their rows against the record.
doc: |-
  Fetch the sources in a circle by TAP, and check their rows against the record.

  Error documents and error pages are told in the service's own words. Another server of the same layout is
  asked if TIDINGS_DATALAB_HOST names one.
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
      numpy:
        version:
        - 2.4.6
      photutils:
        version:
        - 3.0.0
      pyarrow:
        version:
        - 26.0.1
      pyvo:
        version:
        - 1.9.1
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/legacy_tractor_fetch.py
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
  catalogue_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sources in the circle'
    default: tractor.ecsv
    inputBinding:
      prefix: --catalogue
  ra:
    type: double
    doc: Right ascension, in degrees and not in hours [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type: double
    doc: Declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  radius:
    type:
    - 'null'
    - double
    doc: Radius of the circle [arcsec], 1 to 3600
    default: 180.0
    inputBinding:
      prefix: --radius
  release:
    type:
    - 'null'
    - type: enum
      symbols:
      - dr9
      - dr10
    doc: Data release of the catalogue
    default: dr9
    inputBinding:
      prefix: --release
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
  catalogue:
    type: File
    doc: Sources in the circle
    outputBinding:
      glob: $(inputs.catalogue_name)
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
