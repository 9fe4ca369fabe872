#!/usr/bin/env cwltool
# Generated from scripts/skymap_galaxies.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_galaxies
label: Rank the galaxies of a catalogue by the probability per volume that they host an event.
doc: |-
  Rank the galaxies of a catalogue by the probability per volume that they host an event.

  The 3-D credible level of a galaxy depends on the map alone. Scores sum to one over all that pass the
  selection, before the list is cut to the number of rows. Galaxies without a distance follow those that
  have one, in the order of the probability per area; the summary says how many there are.
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
- valueFrom: $(inputs.scripts.path)/skymap_galaxies.py
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
  skymap:
    type: File
    doc: 'Sky map: HEALPix FITS (flat or multi-order, 2-D or 3-D, gzipped or not), or an LVK alert in
      JSON that holds one'
    inputBinding:
      prefix: --skymap
  catalogue:
    type: File
    doc: 'Galaxies: Parquet (fastest when sorted by HEALPix), FITS, CSV, ECSV, VOTable, or GLADE''s text'
    inputBinding:
      prefix: --catalogue
  galaxies_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Ranked galaxies'
    default: galaxies.ecsv
    inputBinding:
      prefix: --galaxies
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: galaxies.vot
    inputBinding:
      prefix: --votable
  parquet_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as Parquet'
    default: galaxies.parquet
    inputBinding:
      prefix: --parquet
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Numbers of galaxies, completeness, notes'
    default: galaxies.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Galaxies on the map and in distance'
    default: galaxies.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: galaxies.pdf
    inputBinding:
      prefix: --figure_pdf
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for table and figure; that of the map when empty
    default: ''
    inputBinding:
      prefix: --name
  level:
    type:
    - 'null'
    - double
    doc: Largest credible level, of volume where map and galaxy have a distance [%], 0.01 to 100
    default: 90.0
    inputBinding:
      prefix: --level
  weight:
    type:
    - 'null'
    - type: enum
      symbols:
      - none
      - B
      - K
      - mass
    doc: 'Factor of the score besides the probability: luminosity in a band, or stellar mass'
    default: none
    inputBinding:
      prefix: --weight
  faintest:
    type:
    - 'null'
    - double
    doc: Faintest apparent magnitude listed [mag]
    inputBinding:
      prefix: --faintest
  band:
    type:
    - 'null'
    - type: enum
      symbols:
      - B
      - K
    doc: Band of that magnitude
    default: B
    inputBinding:
      prefix: --band
  nearest:
    type:
    - 'null'
    - double
    doc: Smallest distance listed [Mpc], at least 0
    default: 0.0
    inputBinding:
      prefix: --nearest
  farthest:
    type:
    - 'null'
    - double
    doc: Largest distance listed [Mpc], at least 0
    inputBinding:
      prefix: --farthest
  comoving:
    type:
    - 'null'
    - boolean
    doc: Densities and levels of comoving volume (Planck 2018)
    default: false
    inputBinding:
      valueFrom: --comoving=$(self)
  rows:
    type:
    - 'null'
    - int
    doc: Largest number of galaxies listed, at least 1
    inputBinding:
      prefix: --rows
  levels:
    type:
    - 'null'
    - type: array
      items: double
    doc: Credible levels [%], 0.01 to 100
    default:
    - 50.0
    - 90.0
    inputBinding:
      prefix: --levels
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
    doc: Ranked galaxies
    outputBinding:
      glob: $(inputs.galaxies_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  parquet:
    type: File
    doc: The same as Parquet
    outputBinding:
      glob: $(inputs.parquet_name)
  summary:
    type: File
    doc: Numbers of galaxies, completeness, notes
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Galaxies on the map and in distance
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
