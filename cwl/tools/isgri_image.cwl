#!/usr/bin/env cwltool
# Generated from scripts/isgri_image.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_image
label: Make cleaned sky images of science windows, and find and name the sources in them.
doc: |-
  Make cleaned sky images of science windows, and find and name the sources in them.

  Counts are correlated with the mask at the full resolution of the pixels. Sources are fitted on the
  detector with their illumination through the thick mask, all together, and taken out with their side
  lobes and ghosts; each is put back as its peak. New sources get a position and the name NEW_n, those of
  the catalogue keep their position. Thresholds count in units of the noise that the image has.
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
- valueFrom: $(inputs.scripts.path)/isgri_image.py
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
    type: File
    doc: Shadowgrams of one or more science windows
    inputBinding:
      prefix: --shadowgrams
  response:
    type:
    - 'null'
    - File
    doc: Pixel response of isgri_response; without it all pixels of a module are alike
    inputBinding:
      prefix: --response
  catalogue:
    type:
    - 'null'
    - File
    doc: 'Catalogue that names sources: GNRL-REFR-CAT, or any table with name, RA, Dec'
    inputBinding:
      prefix: --catalogue
  sources:
    type:
    - 'null'
    - File
    doc: Sources to be fitted and taken out in every window that sees them, such as a mosaic's
    inputBinding:
      prefix: --sources
  images_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Images as OSA''s isgri_sky_ima, five of each window and band'
    default: sky_images.fits
    inputBinding:
      prefix: --images
  results_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sources of each window and band, ISGR-SKY.-RES'
    default: sky_sources.fits
    inputBinding:
      prefix: --results
  table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same in one table'
    default: sky_sources.ecsv
    inputBinding:
      prefix: --table
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Noise, rescaling, numbers of sources'
    default: sky_images.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Significance map of the first window and band'
    default: sky_image.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: sky_image.pdf
    inputBinding:
      prefix: --figure_pdf
  checks_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Residual map, histogram of the empty sky'
    default: sky_image_checks.png
    inputBinding:
      prefix: --checks
  checks_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: sky_image_checks.pdf
    inputBinding:
      prefix: --checks_pdf
  bands:
    type:
    - 'null'
    - string
    doc: Energy bands in keV, such as 20-40,40-60
    default: 28-80
    inputBinding:
      prefix: --bands
  blind:
    type:
    - 'null'
    - boolean
    doc: Look for sources that are in no catalogue
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
  catalogue_threshold:
    type:
    - 'null'
    - double
    doc: Least significance of a source of the catalogue, at least 2
    default: 4.0
    inputBinding:
      prefix: --catalogue_threshold
  max_sources:
    type:
    - 'null'
    - int
    doc: Number of sources of a window at which the search ends, 0 to 200
    default: 50
    inputBinding:
      prefix: --max_sources
  min_coded:
    type:
    - 'null'
    - double
    doc: Coded fraction below which no source is looked for, 0.02 to 1
    default: 0.05
    inputBinding:
      prefix: --min_coded
  negative_models:
    type:
    - 'null'
    - boolean
    doc: Keep sources to be fitted whose rate is negative, as noise makes every second of the faint
    default: true
    inputBinding:
      valueFrom: --negative_models=$(self)
  systematics:
    type:
    - 'null'
    - type: enum
      symbols:
      - auto
      - report
      - rescale
    doc: 'Multiply errors by the width of the empty sky''s significance: if above 1.03, never, always'
    default: auto
    inputBinding:
      prefix: --systematics
outputs:
  images:
    type: File
    doc: Images as OSA's isgri_sky_ima, five of each window and band
    outputBinding:
      glob: $(inputs.images_name)
    format: edam:format_2333
  results:
    type: File
    doc: Sources of each window and band, ISGR-SKY.-RES
    outputBinding:
      glob: $(inputs.results_name)
    format: edam:format_2333
  table:
    type: File
    doc: The same in one table
    outputBinding:
      glob: $(inputs.table_name)
  summary:
    type: File
    doc: Noise, rescaling, numbers of sources
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Significance map of the first window and band
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
  checks:
    type: File
    doc: Residual map, histogram of the empty sky
    outputBinding:
      glob: $(inputs.checks_name)
    format: edam:format_3603
  checks_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.checks_pdf_name)
    format: edam:format_3508
