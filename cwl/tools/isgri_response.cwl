#!/usr/bin/env cwltool
# Generated from scripts/isgri_response.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_response
label: Fit how each pixel counts, from the events of science windows themselves.
doc: |-
  Fit how each pixel counts, from the events of science windows themselves.

  In late years single pixels differ by tens of per cent at low energies, and images made as if they were
  alike have false sources. What the rows and columns of a module share, and each pixel's own deviation over
  all energies, are estimated from the counts and shrunk by their noise; sources are fitted along, so that
  they do not become deviations. Several windows of an epoch give a better response than one.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: false
hints:
  ResourceRequirement:
    ramMin: 4000
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
- valueFrom: $(inputs.scripts.path)/isgri_response.py
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
  shadowgrams:
    type:
      type: array
      items: File
    doc: Shadowgrams of science windows of one epoch; one window is enough
    inputBinding:
      prefix: --shadowgrams
  sources:
    type:
    - 'null'
    - File
    doc: Sources fitted along in every window that sees them, such as a mosaic's
    inputBinding:
      prefix: --sources
  catalogue:
    type:
    - 'null'
    - File
    doc: Catalogue of sources that are fitted along where they are seen
    inputBinding:
      prefix: --catalogue
  response_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Background and efficiency of each pixel in groups of energy'
    default: response.fits
    inputBinding:
      prefix: --response
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Scatter of the pixels before and after, sources fitted along'
    default: response.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Maps of the response, and scatter against energy'
    default: response.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: response.pdf
    inputBinding:
      prefix: --figure_pdf
  band:
    type:
    - 'null'
    - string
    doc: Energy band in keV in which sources are looked for
    default: 28-80
    inputBinding:
      prefix: --band
  blind:
    type:
    - 'null'
    - boolean
    doc: Look for sources that are in no catalogue, and fit them along
    default: true
    inputBinding:
      valueFrom: --blind=$(self)
  threshold:
    type:
    - 'null'
    - double
    doc: Least significance of a new source, at least 4
    default: 6.0
    inputBinding:
      prefix: --threshold
  most_windows:
    type:
    - 'null'
    - int
    doc: Number of science windows that are used at most, taken evenly from all, at least 1
    default: 25
    inputBinding:
      prefix: --most_windows
outputs:
  response:
    type: File
    doc: Background and efficiency of each pixel in groups of energy
    outputBinding:
      glob: $(inputs.response_name)
    format: edam:format_2333
  summary:
    type: File
    doc: Scatter of the pixels before and after, sources fitted along
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Maps of the response, and scatter against energy
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
