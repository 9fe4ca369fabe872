#!/usr/bin/env cwltool
# Generated from scripts/skymap_catalogue.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_catalogue
label: Make one table of localisations, with contours and coverage maps of all.
doc: |-
  Make one table of localisations, with contours and coverage maps of all.

  Events are chosen by time, by name, or by a cone: an event is in it when its credible level somewhere in
  the cone is below the threshold. A position alone (ra and dec) is looked up in every map. Maps are worked
  on as they are, of many orders; all events are drawn, those with the smallest regions by name.
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
- valueFrom: $(inputs.scripts.path)/skymap_catalogue.py
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
  skymaps:
    type:
      type: array
      items:
      - File
      - Directory
    doc: Sky maps (FITS) and alerts with maps (JSON), or folders of them
    inputBinding:
      prefix: --skymaps
  catalogue_name:
    type:
    - 'null'
    - string
    doc: 'File name of: One row for each event: time, FAR, areas, distance, classes'
    default: catalogue.ecsv
    inputBinding:
      prefix: --catalogue
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: catalogue.vot
    inputBinding:
      prefix: --votable
  parquet_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as Parquet'
    default: catalogue.parquet
    inputBinding:
      prefix: --parquet
  contours_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Bounds of the credible regions of all events'
    default: contours.geojson
    inputBinding:
      prefix: --contours
  mocs_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Coverage map of each event at each contour level (MOC 2.0)'
    default: mocs
    inputBinding:
      prefix: --mocs
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: All events on the sky'
    default: catalogue.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: catalogue.pdf
    inputBinding:
      prefix: --figure_pdf
  table:
    type:
    - 'null'
    - File
    doc: 'Table of events beside the maps: event and any of gps, far, catalogue, instruments, classes'
    inputBinding:
      prefix: --table
  T1:
    type:
    - 'null'
    - string
    doc: 'Start of the span: GPS seconds, ISO, MJD or JD; open if not given'
    inputBinding:
      prefix: --T1
  T2:
    type:
    - 'null'
    - string
    doc: End of the span; open if not given
    inputBinding:
      prefix: --T2
  events:
    type:
    - 'null'
    - type: array
      items: string
    doc: Names of the events wanted; all when empty
    default: []
    inputBinding:
      prefix: --events
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
  do_cone_search:
    type:
    - 'null'
    - boolean
    doc: Keep only events whose map reaches into the cone below the level threshold
    default: false
    inputBinding:
      valueFrom: --do_cone_search=$(self)
  ra:
    type:
    - 'null'
    - double
    doc: Right ascension of the cone's centre, or of a position to be looked up [deg]
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - double
    doc: Its declination [deg]
    inputBinding:
      prefix: --dec
  radius:
    type:
    - 'null'
    - double
    doc: Radius of the cone [deg]
    default: 10.0
    inputBinding:
      prefix: --radius
  level_threshold:
    type:
    - 'null'
    - double
    doc: Credible level below which a map must reach into the cone [%], 0 to 100
    default: 10.0
    inputBinding:
      prefix: --level_threshold
  contour_levels:
    type:
    - 'null'
    - string
    doc: Levels of contours, coverage maps and figure, percent, with commas between
    default: 50,90
    inputBinding:
      prefix: --contour_levels
  title:
    type:
    - 'null'
    - string
    doc: Title of the figure
    default: ''
    inputBinding:
      prefix: --title
outputs:
  catalogue:
    type: File
    doc: 'One row for each event: time, FAR, areas, distance, classes'
    outputBinding:
      glob: $(inputs.catalogue_name)
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
  contours:
    type: File
    doc: Bounds of the credible regions of all events
    outputBinding:
      glob: $(inputs.contours_name)
    format: edam:format_3464
  mocs:
    type: Directory
    doc: Coverage map of each event at each contour level (MOC 2.0)
    outputBinding:
      glob: $(inputs.mocs_name)
  figure:
    type: File
    doc: All events on the sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
