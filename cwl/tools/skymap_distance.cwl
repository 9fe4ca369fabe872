#!/usr/bin/env cwltool
# Generated from scripts/skymap_distance.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_distance
label: Make the distribution of distance over the sky, in a credible volume, and along lines of sight.
doc: |-
  Make the distribution of distance over the sky, in a credible volume, and along lines of sight.

  All are closed forms of the map's own distances. The mean of the file's header, which is that of the
  samples the map was made of, may differ by a few percent of the standard deviation.
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
- valueFrom: $(inputs.scripts.path)/skymap_distance.py
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
  distance_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Density and cumulative distribution on one axis'
    default: distance.ecsv
    inputBinding:
      prefix: --distance
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: distance.vot
    inputBinding:
      prefix: --votable
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Mean, standard deviation, percentiles, volumes'
    default: distance.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The densities'
    default: distance.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: distance.pdf
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
    doc: Credible level of the region and of the volume [%], 1 to 99.9
    default: 90.0
    inputBinding:
      prefix: --level
  ra:
    type:
    - 'null'
    - type: array
      items: double
    doc: Right ascensions of lines of sight [deg]
    default: []
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - type: array
      items: double
    doc: Their declinations, as many [deg]
    default: []
    inputBinding:
      prefix: --dec
  points:
    type:
    - 'null'
    - int
    doc: Rows of the table, 10 to 100000
    default: 500
    inputBinding:
      prefix: --points
outputs:
  distance:
    type: File
    doc: Density and cumulative distribution on one axis
    outputBinding:
      glob: $(inputs.distance_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  summary:
    type: File
    doc: Mean, standard deviation, percentiles, volumes
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: The densities
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
