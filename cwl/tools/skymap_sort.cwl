#!/usr/bin/env cwltool
# Generated from scripts/skymap_sort.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_sort
label: Sort a catalogue of galaxies by position, once for all events.
doc: |-
  Sort a catalogue of galaxies by position, once for all events.

  Of the sorted catalogue skymap_galaxies reads the parts alone that a map reaches, with the same result. It
  is sorted in pieces, beside the product, in a memory that does not grow with the catalogue.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: false
hints:
  ResourceRequirement:
    ramMin: 2000
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
- valueFrom: $(inputs.scripts.path)/skymap_sort.py
  position: -1
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
  catalogue:
    type: File
    doc: 'Galaxies: Parquet (fastest when sorted by HEALPix), FITS, CSV, ECSV, VOTable, or GLADE''s text'
    inputBinding:
      prefix: --catalogue
  galaxies_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same, sorted by HEALPix pixel'
    default: galaxies.parquet
    inputBinding:
      prefix: --galaxies
  row_group:
    type:
    - 'null'
    - int
    doc: Rows of the parts that a search can skip, at least 1000
    default: 131072
    inputBinding:
      prefix: --row_group
  column_ra:
    type:
    - 'null'
    - string
    doc: Column of right ascension, deg, if it has no usual name
    default: ''
    inputBinding:
      prefix: --column_ra
  column_dec:
    type:
    - 'null'
    - string
    doc: Column of declination, deg
    default: ''
    inputBinding:
      prefix: --column_dec
  column_distance:
    type:
    - 'null'
    - string
    doc: Column of luminosity distance, Mpc
    default: ''
    inputBinding:
      prefix: --column_distance
  column_distance_error:
    type:
    - 'null'
    - string
    doc: Column of its standard deviation, Mpc
    default: ''
    inputBinding:
      prefix: --column_distance_error
  column_redshift:
    type:
    - 'null'
    - string
    doc: Column of redshift, for catalogues without distances
    default: ''
    inputBinding:
      prefix: --column_redshift
  column_bmag:
    type:
    - 'null'
    - string
    doc: Column of apparent B magnitude
    default: ''
    inputBinding:
      prefix: --column_bmag
  column_kmag:
    type:
    - 'null'
    - string
    doc: Column of apparent K magnitude
    default: ''
    inputBinding:
      prefix: --column_kmag
  column_mass:
    type:
    - 'null'
    - string
    doc: Column of stellar mass
    default: ''
    inputBinding:
      prefix: --column_mass
  column_name:
    type:
    - 'null'
    - string
    doc: Column of names
    default: ''
    inputBinding:
      prefix: --column_name
outputs:
  galaxies:
    type: File
    doc: The same, sorted by HEALPix pixel
    outputBinding:
      glob: $(inputs.galaxies_name)
