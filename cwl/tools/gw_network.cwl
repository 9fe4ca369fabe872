#!/usr/bin/env cwltool
# Generated from scripts/gw_network.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: gw_network
label: Draw the spectrograms of all detectors of an event with common axes and one scale of colour.
doc: Draw the spectrograms of all detectors of an event with common axes and one scale of colour.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: false
hints:
  ResourceRequirement:
    ramMin: 1000
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
      gwosc:
        version:
        - 0.8.3
      h5py:
        version:
        - 3.16.0
      matplotlib-base:
        version:
        - 3.11.2
      numpy:
        version:
        - 2.4.6
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
- valueFrom: $(inputs.scripts.path)/gw_network.py
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
  spectrograms:
    type:
      type: array
      items: File
    doc: Spectrograms of one event, one for each detector
    inputBinding:
      prefix: --spectrograms
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure with common axes and colours'
    default: network.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: network.pdf
    inputBinding:
      prefix: --figure_pdf
  tiles_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Loudest tile of each detector, and the loudest that fits the network'
    default: network.ecsv
    inputBinding:
      prefix: --tiles
outputs:
  figure:
    type: File
    doc: Figure with common axes and colours
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
  tiles:
    type: File
    doc: Loudest tile of each detector, and the loudest that fits the network
    outputBinding:
      glob: $(inputs.tiles_name)
