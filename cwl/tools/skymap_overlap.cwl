#!/usr/bin/env cwltool
# Generated from scripts/skymap_overlap.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_overlap
label: 'Compare two localisations: spatial odds for one source, product map, and what their regions share.'
doc: |-
  Compare two localisations: spatial odds for one source, product map, and what their regions share.

  Odds are 4 pi times the integral of the product of both densities; with distances in both maps those of a
  volume follow, for a prior uniform in it. Maps that do not overlap have odds 0, which the notes of the
  table say, and a product map of zeros.
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
- valueFrom: $(inputs.scripts.path)/skymap_overlap.py
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
  other:
    type: File
    doc: The other localisation, in any form that the first may have
    inputBinding:
      prefix: --other
  overlap_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Odds, likeness, areas and probabilities in common, one row'
    default: overlap.ecsv
    inputBinding:
      prefix: --overlap
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: overlap.vot
    inputBinding:
      prefix: --votable
  product_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Normalised product of the two maps, multi-order'
    default: product.multiorder.fits
    inputBinding:
      prefix: --product
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Both localisations and their product'
    default: overlap.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: overlap.pdf
    inputBinding:
      prefix: --figure_pdf
  names:
    type:
    - 'null'
    - type: array
      items: string
    doc: Names of the two; those of the maps when empty
    default: []
    inputBinding:
      prefix: --names
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
  max_distance:
    type:
    - 'null'
    - double
    doc: Radius of the volume that the source may be in; the larger mean plus five standard deviations
      of the two maps if not given [Mpc], at least 0.001
    inputBinding:
      prefix: --max_distance
  far:
    type:
    - 'null'
    - double
    doc: False-alarm rate of the first event, for the joint rate [Hz], at least 0
    inputBinding:
      prefix: --far
  rate:
    type:
    - 'null'
    - double
    doc: Rate of triggers such as the second, all of them real [1/yr], at least 0
    inputBinding:
      prefix: --rate
  window:
    type:
    - 'null'
    - double
    doc: Length of the time in which a coincidence is accepted [s], at least 0
    default: 6.0
    inputBinding:
      prefix: --window
outputs:
  overlap:
    type: File
    doc: Odds, likeness, areas and probabilities in common, one row
    outputBinding:
      glob: $(inputs.overlap_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  product:
    type: File
    doc: Normalised product of the two maps, multi-order
    outputBinding:
      glob: $(inputs.product_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Both localisations and their product
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
