#!/usr/bin/env cwltool
# Generated from scripts/legacy_image.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_image
label: Give an image its units, and find the bright sources of the catalogue again in it.
doc: |-
  Give an image its units, and find the bright sources of the catalogue again in it.

  The centroids of bright sources that stand alone show how well the coordinates hold; their fluxes in an
  aperture show the unit. Without a catalogue, what stands out of the noise is listed.
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
      h5py:
        version:
        - 3.16.0
      matplotlib-base:
        version:
        - 3.11.2
      numpy:
        version:
        - 2.4.6
      photutils:
        version:
        - 3.0.0
      pyarrow:
        version:
        - 26.0.1
      pyvo:
        version:
        - 1.9.1
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/legacy_image.py
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
  image:
    type: File
    doc: 'Image: cutout of the viewer (FITS), or JSON of MMODA''s service; either may be gzipped'
    inputBinding:
      prefix: --image
  stamp_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Image with coordinates, in nanomaggies'
    default: image.fits
    inputBinding:
      prefix: --stamp
  sources_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Catalogue sources found again, or what was detected'
    default: sources.ecsv
    inputBinding:
      prefix: --sources
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Scale, noise, and how well positions agree'
    default: image.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The image with scale, directions and sources'
    default: image.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: image.pdf
    inputBinding:
      prefix: --figure_pdf
  catalogue:
    type:
    - 'null'
    - File
    doc: 'Tractor catalogue: ECSV, VOTable, FITS, or JSON of MMODA''s service; any may be gzipped'
    inputBinding:
      prefix: --catalogue
  band:
    type:
    - 'null'
    - string
    doc: Band of the sources; the first of the image when not given
    default: ''
    inputBinding:
      prefix: --band
  native_scale:
    type:
    - 'null'
    - double
    doc: Length of the pixels that a cutout's values are per, whatever its own [arcsec], 0.01 to 10
    default: 0.262
    inputBinding:
      prefix: --native_scale
  rows:
    type:
    - 'null'
    - int
    doc: Largest number of sources listed, 1 to 10000
    default: 100
    inputBinding:
      prefix: --rows
  name:
    type:
    - 'null'
    - string
    doc: Name of the field, for the figure
    default: ''
    inputBinding:
      prefix: --name
outputs:
  stamp:
    type: File
    doc: Image with coordinates, in nanomaggies
    outputBinding:
      glob: $(inputs.stamp_name)
    format: edam:format_2333
  sources:
    type: File
    doc: Catalogue sources found again, or what was detected
    outputBinding:
      glob: $(inputs.sources_name)
  summary:
    type: File
    doc: Scale, noise, and how well positions agree
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: The image with scale, directions and sources
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
