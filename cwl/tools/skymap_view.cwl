#!/usr/bin/env cwltool
# Generated from scripts/skymap_view.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_view
label: Make a page that shows a sky map in a browser, without a network.
doc: |-
  Make a page that shows a sky map in a browser, without a network.

  The globe is turned by dragging and enlarged by scrolling. It shows the density in the widest region, in
  8000 tiles at most, the outlines of all regions, and ranked galaxies, which are told under the pointer.
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
- valueFrom: $(inputs.scripts.path)/skymap_view.py
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
  view_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Page that shows the map, to be turned and enlarged'
    default: view.html
    inputBinding:
      prefix: --view
  galaxies:
    type:
    - 'null'
    - File
    doc: Ranked galaxies, as skymap_galaxies writes them (ECSV)
    inputBinding:
      prefix: --galaxies
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
  mark:
    type:
    - 'null'
    - string
    doc: Name of that position
    default: ''
    inputBinding:
      prefix: --mark
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for table and figure; that of the map when empty
    default: ''
    inputBinding:
      prefix: --name
outputs:
  view:
    type: File
    doc: Page that shows the map, to be turned and enlarged
    outputBinding:
      glob: $(inputs.view_name)
    format: edam:format_2331
