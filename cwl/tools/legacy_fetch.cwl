#!/usr/bin/env cwltool
# Generated from scripts/legacy_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_fetch
label: Fetch an image of a square of the sky, and the picture of it, and check them against the record.
doc: |-
  Fetch an image of a square of the sky, and the picture of it, and check them against the record.

  Blank images (outside of the footprint), images of another size or place, and web pages in their stead are
  refused. Another server of the same layout is asked if TIDINGS_LEGACYSURVEY_HOST names one.
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
- valueFrom: $(inputs.scripts.path)/legacy_fetch.py
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
  image_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Image, byte for byte as the viewer makes it'
    default: image.fits
    inputBinding:
      prefix: --image
  picture_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The viewer''s picture of it in colour'
    default: picture.jpg
    inputBinding:
      prefix: --picture
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
  layer:
    type:
    - 'null'
    - type: enum
      symbols:
      - ls-dr9
      - ls-dr10
    doc: Data release, as the viewer calls it
    default: ls-dr9
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
    doc: Width and height of the image [arcsec], 1 to 3600
    default: 360.0
    inputBinding:
      prefix: --width
  pixel:
    type:
    - 'null'
    - double
    doc: Length of a pixel; that of the surveys is 0.262 [arcsec], 0.06 to 20
    default: 1.0
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
  image:
    type: File
    doc: Image, byte for byte as the viewer makes it
    outputBinding:
      glob: $(inputs.image_name)
    format: edam:format_2333
  picture:
    type: File
    doc: The viewer's picture of it in colour
    outputBinding:
      glob: $(inputs.picture_name)
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
