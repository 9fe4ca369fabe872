#!/usr/bin/env cwltool
# Generated from scripts/isgri_mosaic.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_mosaic
label: Average sky images to a mosaic, find and name its sources.
doc: |-
  Average sky images to a mosaic, find and name its sources.

  Each image is interpolated with the weights of least variance for a point source and averaged by inverse
  variance; sources are fitted with the PSF that the interpolation leaves, so that neither rates nor
  positions depend on where a source lies between pixels. The width of the source-free significance is
  measured and reported, and errors are multiplied by it as asked.
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
- valueFrom: $(inputs.scripts.path)/isgri_mosaic.py
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
  images:
    type:
      type: array
      items: File
    doc: 'Sky images of science windows: isgri_sky_ima of OSA or of isgri_image'
    inputBinding:
      prefix: --images
  catalogues:
    type:
    - 'null'
    - type: array
      items: File
    doc: 'Catalogues that name the sources: GNRL-REFR-CAT, or any table with name, RA, Dec'
    inputBinding:
      prefix: --catalogues
  mosaic_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Mosaic, ISGR-MOSA-IMA as OSA''s, or HEALPix tables'
    default: mosaic.fits
    inputBinding:
      prefix: --mosaic
  sources_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sources, ISGR-SRCL-RES as OSA''s'
    default: mosaic_sources.fits
    inputBinding:
      prefix: --sources
  sources_table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as ECSV'
    default: mosaic_sources.ecsv
    inputBinding:
      prefix: --sources_table
  sources_votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable with UCDs'
    default: mosaic_sources.vot
    inputBinding:
      prefix: --sources_votable
  region_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as regions of ds9'
    default: mosaic_sources.reg
    inputBinding:
      prefix: --region
  coverage_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sky covered, MOC'
    default: mosaic_moc.fits
    inputBinding:
      prefix: --coverage
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Windows, noise, rescaling, sources'
    default: mosaic.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Significance map with named sources'
    default: mosaic.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: mosaic.pdf
    inputBinding:
      prefix: --figure_pdf
  checks_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Residual map, histogram of the empty sky'
    default: mosaic_checks.png
    inputBinding:
      prefix: --checks
  checks_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: mosaic_checks.pdf
    inputBinding:
      prefix: --checks_pdf
  bands:
    type:
    - 'null'
    - string
    doc: Energy bands in keV, such as 20-40,40-60; all when empty, if every file has the same
    default: ''
    inputBinding:
      prefix: --bands
  combine:
    type:
    - 'null'
    - boolean
    doc: Add the bands, which must adjoin, up to one mosaic
    default: false
    inputBinding:
      valueFrom: --combine=$(self)
  projection:
    type:
    - 'null'
    - type: enum
      symbols:
      - TAN
      - SIN
      - ARC
      - ZEA
      - STG
      - CAR
      - SFL
      - AIT
      - MOL
      - HEALPIX
    doc: Projection of FITS, or HEALPIX
    default: TAN
    inputBinding:
      prefix: --projection
  frame:
    type:
    - 'null'
    - type: enum
      symbols:
      - equatorial
      - galactic
    doc: Coordinates of the map
    default: equatorial
    inputBinding:
      prefix: --frame
  pixel_size:
    type:
    - 'null'
    - double
    doc: Pixel, the next smaller one for HEALPix; sky images have 4.94 [arcmin], at least 0.5
    default: 4.94
    inputBinding:
      prefix: --pixel_size
  longitude:
    type:
    - 'null'
    - double
    doc: Centre of the map in its frame; of the windows when not given [deg]
    inputBinding:
      prefix: --longitude
  latitude:
    type:
    - 'null'
    - double
    doc: Its latitude [deg], -90 to 90
    inputBinding:
      prefix: --latitude
  width:
    type:
    - 'null'
    - double
    doc: Width of the map; as the windows need when not given [deg], 0.1 to 360
    inputBinding:
      prefix: --width
  height:
    type:
    - 'null'
    - double
    doc: Its height [deg], 0.1 to 180
    inputBinding:
      prefix: --height
  min_coded:
    type:
    - 'null'
    - double
    doc: Fraction of a window's largest exposure below which pixels are left out, at least 0
    default: 0.03
    inputBinding:
      prefix: --min_coded
  threshold:
    type:
    - 'null'
    - double
    doc: Least significance of a source, at least 3
    default: 6.0
    inputBinding:
      prefix: --threshold
  max_sources:
    type:
    - 'null'
    - int
    doc: Number of sources at which the search ends, at least 0
    default: 500
    inputBinding:
      prefix: --max_sources
  identification_radius:
    type:
    - 'null'
    - double
    doc: Distance to a catalogue source that names one, position errors apart [arcmin], at least 0
    default: 3.0
    inputBinding:
      prefix: --identification_radius
  position_floor:
    type:
    - 'null'
    - double
    doc: 'Position error, 90 %, that the noise does not tell: attitude, alignment [arcmin], at least 0'
    default: 0.2
    inputBinding:
      prefix: --position_floor
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
  mosaic:
    type: File
    doc: Mosaic, ISGR-MOSA-IMA as OSA's, or HEALPix tables
    outputBinding:
      glob: $(inputs.mosaic_name)
    format: edam:format_2333
  sources:
    type: File
    doc: Sources, ISGR-SRCL-RES as OSA's
    outputBinding:
      glob: $(inputs.sources_name)
    format: edam:format_2333
  sources_table:
    type: File
    doc: The same as ECSV
    outputBinding:
      glob: $(inputs.sources_table_name)
  sources_votable:
    type: File
    doc: The same as VOTable with UCDs
    outputBinding:
      glob: $(inputs.sources_votable_name)
  region:
    type: File
    doc: The same as regions of ds9
    outputBinding:
      glob: $(inputs.region_name)
  coverage:
    type: File
    doc: Sky covered, MOC
    outputBinding:
      glob: $(inputs.coverage_name)
    format: edam:format_2333
  summary:
    type: File
    doc: Windows, noise, rescaling, sources
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Significance map with named sources
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
