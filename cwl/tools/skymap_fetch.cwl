#!/usr/bin/env cwltool
# Generated from scripts/skymap_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_fetch
label: Fetch the sky map of an event, and check it against the recorded checksum.
doc: |-
  Fetch the sky map of an event, and check it against the recorded checksum.

  A new file is recorded only if it is a whole sky map. Another server of the same layouts is asked if
  TIDINGS_SKYMAP_HOST names one.
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
- valueFrom: $(inputs.scripts.path)/skymap_fetch.py
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
  skymap_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The map, byte for byte as the archive has it'
    default: skymap.fits
    inputBinding:
      prefix: --skymap
  about_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Where it is from, its checksum, and what the archive says'
    default: event.json
    inputBinding:
      prefix: --about
  event:
    type:
    - 'null'
    - string
    doc: Superevent (S190425z), event (GW170817, GW200129_065458) or trigger of Fermi-GBM (bn170817529)
    inputBinding:
      prefix: --event
  file:
    type:
    - 'null'
    - string
    doc: 'Name of the file at GraceDB, newest version unless '',version'' follows, or pattern of the name
      in a release; when not given the best map: parameter estimation before the rapid localisation'
    inputBinding:
      prefix: --file
  archive:
    type:
    - 'null'
    - type: enum
      symbols:
      - none
      - GWTC-2.1
      - GWTC-3.0
      - GWTC-4.0
      - GWTC-5.0
    doc: Release at Zenodo to take the map from; its file is of some GB
    default: none
    inputBinding:
      prefix: --archive
  url:
    type:
    - 'null'
    - string
    doc: Address of a map, instead of an event
    inputBinding:
      prefix: --url
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
  skymap:
    type: File
    doc: The map, byte for byte as the archive has it
    outputBinding:
      glob: $(inputs.skymap_name)
    format: edam:format_2333
  about:
    type: File
    doc: Where it is from, its checksum, and what the archive says
    outputBinding:
      glob: $(inputs.about_name)
    format: edam:format_3464
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
