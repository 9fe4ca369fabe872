#!/usr/bin/env cwltool
# Generated from scripts/acs_lightcurve.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_lightcurve
label: Bin SPI-ACS counts and estimate the background under them.
doc: |-
  Bin SPI-ACS counts and estimate the background under them.

  Bins are multiples of the sample and follow the spacecraft's clock; gaps, saturation, repeated and
  invalid samples are flagged, never filled. The background is a robust polynomial or a running median of
  what is outside the burst. Errors are Poisson's; the scatter beyond is in the header (EXCVAR).
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
      mocpy:
        version:
        - 0.21.0
      numpy:
        version:
        - 2.4.6
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
      sgp4:
        version:
        - '2.27'
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/acs_lightcurve.py
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
  counts:
    type: File
    doc: 'SPI-ACS counts: MMODA or OGIP FITS, genlc or ipnlc text of the public service, CSV, or housekeeping
      of the archive (file, or folder of the science window)'
    inputBinding:
      prefix: --counts
  lightcurve_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Light curve with background and flags, after OGIP'
    default: lightcurve.fits
    inputBinding:
      prefix: --lightcurve
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the light curve'
    default: lightcurve.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: lightcurve.pdf
    inputBinding:
      prefix: --figure_pdf
  trigger:
    type:
    - 'null'
    - string
    doc: 'Time that results count from: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)'
    inputBinding:
      prefix: --trigger
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for the figure
    default: ''
    inputBinding:
      prefix: --name
  before:
    type:
    - 'null'
    - double
    doc: Length kept before the trigger; all when not given [s], at least 0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Length kept after the trigger; all when not given [s], at least 0
    inputBinding:
      prefix: --after
  bin_size:
    type:
    - 'null'
    - double
    doc: Bin width, a multiple of the sample of 50 ms [s], 0.05 to 1000
    default: 1.0
    inputBinding:
      prefix: --bin_size
  background:
    type:
    - 'null'
    - type: enum
      symbols:
      - polynomial
      - median
    doc: Model of the background
    default: polynomial
    inputBinding:
      prefix: --background
  order:
    type:
    - 'null'
    - int
    doc: Order of the polynomial, 0 to 5
    default: 2
    inputBinding:
      prefix: --order
  window:
    type:
    - 'null'
    - double
    doc: Window of the running median [s], 100 to 5000
    default: 200.0
    inputBinding:
      prefix: --window
  burst_start:
    type:
    - 'null'
    - double
    doc: Start of the interval that is left out of the background, from the trigger [s]
    inputBinding:
      prefix: --burst_start
  burst_end:
    type:
    - 'null'
    - double
    doc: End of that interval [s]
    inputBinding:
      prefix: --burst_end
  add_offset:
    type:
    - 'null'
    - boolean
    doc: 'Add the 125 ms by which the clock lags to the times: the files of the public service have it'
    default: false
    inputBinding:
      valueFrom: --add_offset=$(self)
  stamp:
    type:
    - 'null'
    - type: enum
      symbols:
      - default
      - start
      - middle
    doc: Moment of a sample that its time stamp is; the default is right for files of the public service
    default: default
    inputBinding:
      prefix: --stamp
outputs:
  lightcurve:
    type: File
    doc: Light curve with background and flags, after OGIP
    outputBinding:
      glob: $(inputs.lightcurve_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Figure of the light curve
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
