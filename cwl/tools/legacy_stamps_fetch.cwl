#!/usr/bin/env cwltool
# Generated from scripts/legacy_stamps_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_stamps_fetch
label: Fetch a stamp and the catalogue around each candidate, and check them against the record.
doc: |-
  Fetch a stamp and the catalogue around each candidate, and check them against the record.

  Candidates outside of the footprint have no stamp; it is an error only if all are. Other servers of the
  same layouts are asked if TIDINGS_LEGACYSURVEY_HOST and TIDINGS_DATALAB_HOST name them.
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
- valueFrom: $(inputs.scripts.path)/legacy_stamps_fetch.py
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
  galaxies:
    type: File
    doc: Galaxies, as skymap_galaxies ranks them
    inputBinding:
      prefix: --galaxies
  stamps_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Images, named after the ranks'
    default: stamps
    inputBinding:
      prefix: --stamps
  catalogue_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sources in all of them'
    default: stamps_tractor.ecsv
    inputBinding:
      prefix: --catalogue
  number:
    type:
    - 'null'
    - int
    doc: Number of candidates, the best first, 1 to 100
    default: 12
    inputBinding:
      prefix: --number
  layer:
    type:
    - 'null'
    - type: enum
      symbols:
      - ls-dr9
      - ls-dr10
    doc: Data release, as the viewer calls it
    default: ls-dr10
    inputBinding:
      prefix: --layer
  bands:
    type:
    - 'null'
    - string
    doc: 'Bands, one letter each: g, r, z; DR10 has i'
    default: grz
    inputBinding:
      prefix: --bands
  width:
    type:
    - 'null'
    - double
    doc: Width of a stamp [arcsec], 5 to 600
    default: 60.0
    inputBinding:
      prefix: --width
  pixel:
    type:
    - 'null'
    - double
    doc: Length of a pixel; that of the surveys is 0.262 [arcsec], 0.06 to 20
    default: 0.5
    inputBinding:
      prefix: --pixel
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
  stamps:
    type: Directory
    doc: Images, named after the ranks
    outputBinding:
      glob: $(inputs.stamps_name)
  catalogue:
    type: File
    doc: Sources in all of them
    outputBinding:
      glob: $(inputs.catalogue_name)
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
