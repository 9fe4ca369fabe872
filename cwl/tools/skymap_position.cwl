#!/usr/bin/env cwltool
# Generated from scripts/skymap_position.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_position
label: Find the credible level, and the probability per area and volume, at positions.
doc: |-
  Find the credible level, and the probability per area and volume, at positions.

  The level on the sky is that of the smallest credible region that holds the position; the searched area is
  the area of that region. With distances, and in a map that has them, levels among volumes follow.
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
- valueFrom: $(inputs.scripts.path)/skymap_position.py
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
    doc: 'File name of: Levels and densities, a row per position'
    default: positions.ecsv
    inputBinding:
      prefix: --table
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: positions.vot
    inputBinding:
      prefix: --votable
  positions:
    type:
    - 'null'
    - File
    doc: 'Table of positions: Parquet, FITS, CSV, ECSV or VOTable, in place of ra and dec'
    inputBinding:
      prefix: --positions
  ra:
    type:
    - 'null'
    - type: array
      items: double
    doc: Right ascensions [deg]
    default: []
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - type: array
      items: double
    doc: Declinations, as many [deg]
    default: []
    inputBinding:
      prefix: --dec
  distance:
    type:
    - 'null'
    - type: array
      items: double
    doc: Luminosity distances, as many or none [Mpc], at least 0
    default: []
    inputBinding:
      prefix: --distance
  distance_error:
    type:
    - 'null'
    - type: array
      items: double
    doc: Their standard deviations, as many or none [Mpc], at least 0
    default: []
    inputBinding:
      prefix: --distance_error
outputs:
  table:
    type: File
    doc: Levels and densities, a row per position
    outputBinding:
      glob: $(inputs.table_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
