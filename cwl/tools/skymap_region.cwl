#!/usr/bin/env cwltool
# Generated from scripts/skymap_region.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_region
label: Find the credible regions of a sky map, and write them in every form in use.
doc: |-
  Find the credible regions of a sky map, and write them in every form in use.

  The densest tiles come first, those of equal density together. Coverage maps and contours hold the tile in
  which the level is crossed; areas are given with it and, as is usual, with its share.
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
- valueFrom: $(inputs.scripts.path)/skymap_region.py
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
  areas_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Area, probability and parts of each region'
    default: areas.ecsv
    inputBinding:
      prefix: --areas
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: areas.vot
    inputBinding:
      prefix: --votable
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same, with the parts and the map''s header'
    default: region.json
    inputBinding:
      prefix: --summary
  mocs_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Coverage map of each region (MOC 2.0): FITS, JSON and ASCII'
    default: mocs
    inputBinding:
      prefix: --mocs
  geojson_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The regions as polygons (GeoJSON)'
    default: contours.geojson
    inputBinding:
      prefix: --geojson
  ds9_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The regions as polygons of DS9'
    default: contours.reg
    inputBinding:
      prefix: --ds9
  multiorder_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The map as multi-order FITS'
    default: map.multiorder.fits
    inputBinding:
      prefix: --multiorder
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the whole sky'
    default: allsky.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: allsky.pdf
    inputBinding:
      prefix: --figure_pdf
  zoom_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the part of the sky with the region'
    default: zoom.png
    inputBinding:
      prefix: --zoom
  zoom_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: zoom.pdf
    inputBinding:
      prefix: --zoom_pdf
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
  ra:
    type:
    - 'null'
    - double
    doc: Right ascension of a position to be marked [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - double
    doc: Its declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  normalise:
    type:
    - 'null'
    - boolean
    doc: Accept a map that does not sum to 1, and divide by its sum
    default: false
    inputBinding:
      valueFrom: --normalise=$(self)
  drop_distance:
    type:
    - 'null'
    - boolean
    doc: Leave out the distances that a map of volume has
    default: false
    inputBinding:
      valueFrom: --drop_distance=$(self)
  ordering:
    type:
    - 'null'
    - type: enum
      symbols:
      - header
      - nested
      - ring
    doc: Ordering of the pixels, if the header does not say it
    default: header
    inputBinding:
      prefix: --ordering
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for table and figure; that of the map when empty
    default: ''
    inputBinding:
      prefix: --name
outputs:
  areas:
    type: File
    doc: Area, probability and parts of each region
    outputBinding:
      glob: $(inputs.areas_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  summary:
    type: File
    doc: The same, with the parts and the map's header
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  mocs:
    type: Directory
    doc: 'Coverage map of each region (MOC 2.0): FITS, JSON and ASCII'
    outputBinding:
      glob: $(inputs.mocs_name)
  geojson:
    type: File
    doc: The regions as polygons (GeoJSON)
    outputBinding:
      glob: $(inputs.geojson_name)
    format: edam:format_3464
  ds9:
    type: File
    doc: The regions as polygons of DS9
    outputBinding:
      glob: $(inputs.ds9_name)
  multiorder:
    type: File
    doc: The map as multi-order FITS
    outputBinding:
      glob: $(inputs.multiorder_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Figure of the whole sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
  zoom:
    type: File
    doc: Figure of the part of the sky with the region
    outputBinding:
      glob: $(inputs.zoom_name)
    format: edam:format_3603
  zoom_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.zoom_pdf_name)
    format: edam:format_3508
