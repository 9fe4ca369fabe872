#!/usr/bin/env cwltool
# Generated from scripts/skymap_coverage.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_coverage
label: Work out the probability that fields, or a coverage map, hold of a localisation.
doc: |-
  Work out the probability that fields, or a coverage map, hold of a localisation.

  Overlaps count once. Fields are circles, rectangles in the plane that touches the sky at their centre, or
  polygons of great circles, made of pixels 400 across.
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
- valueFrom: $(inputs.scripts.path)/skymap_coverage.py
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
  table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Each field: probability alone, added, and of all so far'
    default: coverage.ecsv
    inputBinding:
      prefix: --table
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: coverage.vot
    inputBinding:
      prefix: --votable
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Probability and area covered, and what is left of each level'
    default: coverage.json
    inputBinding:
      prefix: --summary
  covered_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The part of the sky covered (MOC 2.0)'
    default: covered.moc.fits
    inputBinding:
      prefix: --covered
  uncovered_name:
    type:
    - 'null'
    - string
    doc: 'File name of: What is left of the widest credible region (MOC 2.0)'
    default: uncovered.moc.fits
    inputBinding:
      prefix: --uncovered
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Fields on the localisation, and what each adds'
    default: coverage.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: coverage.pdf
    inputBinding:
      prefix: --figure_pdf
  fields:
    type:
    - 'null'
    - File
    doc: 'Table of fields (ECSV, FITS, VOTable, CSV): ra and dec with radius, or width, height and angle;
      or polygon; and name and time'
    inputBinding:
      prefix: --fields
  moc:
    type:
    - 'null'
    - File
    doc: Coverage map (FITS, JSON, ASCII) instead of fields
    inputBinding:
      prefix: --moc
  order:
    type:
    - 'null'
    - type: enum
      symbols:
      - given
      - time
      - greedy
    doc: 'Order of the fields: as given, by time, or each time the one that adds most'
    default: given
    inputBinding:
      prefix: --order
  radius:
    type:
    - 'null'
    - double
    doc: Radius of fields that do not say it [deg]
    inputBinding:
      prefix: --radius
  width:
    type:
    - 'null'
    - double
    doc: Width of fields that do not say it [deg]
    inputBinding:
      prefix: --width
  height:
    type:
    - 'null'
    - double
    doc: Height of those; the width if not given [deg]
    inputBinding:
      prefix: --height
  angle:
    type:
    - 'null'
    - double
    doc: Position angle of those, from north to east [deg]
    default: 0.0
    inputBinding:
      prefix: --angle
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
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for table and figure; that of the map when empty
    default: ''
    inputBinding:
      prefix: --name
outputs:
  table:
    type: File
    doc: 'Each field: probability alone, added, and of all so far'
    outputBinding:
      glob: $(inputs.table_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  summary:
    type: File
    doc: Probability and area covered, and what is left of each level
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  covered:
    type: File
    doc: The part of the sky covered (MOC 2.0)
    outputBinding:
      glob: $(inputs.covered_name)
    format: edam:format_2333
  uncovered:
    type: File
    doc: What is left of the widest credible region (MOC 2.0)
    outputBinding:
      glob: $(inputs.uncovered_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Fields on the localisation, and what each adds
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
