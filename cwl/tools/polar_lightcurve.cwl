#!/usr/bin/env cwltool
# Generated from scripts/polar_lightcurve.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: polar_lightcurve
label: Bin a light curve of POLAR, estimate the background, and give the times a reference.
doc: |-
  Bin a light curve of POLAR, estimate the background, and give the times a reference.

  The files count in unix time; the product counts in TT, through UTC and its leap seconds. Empty bins among
  full ones are gaps. Errors are Poisson's; the scatter beyond is in the header (EXCVAR).
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
      pyarrow:
        version:
        - 26.0.1
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
      uproot:
        version:
        - 5.7.7
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/polar_lightcurve.py
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
    doc: 'Light curve of POLAR: ROOT file (histogram h_lc), JSON of the service, or FITS (POLAR_LC)'
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
  catalogue:
    type:
    - 'null'
    - File
    doc: Catalogue of bursts, for a trigger that is a name
    inputBinding:
      prefix: --catalogue
  trigger:
    type:
    - 'null'
    - string
    doc: 'Time that results count from: name of a burst, GPS seconds, ISO, MJD or JD with its scale (UTC
      unless given)'
    inputBinding:
      prefix: --trigger
  name:
    type:
    - 'null'
    - string
    doc: Name of the burst, for the figure
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
    doc: Bin width, a multiple of the file's; that when not given [s], 0.001 to 1000
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
  stamp:
    type:
    - 'null'
    - type: enum
      symbols:
      - default
      - start
      - middle
    doc: Moment of a bin that its time is, in JSON and FITS that do not tell; the middle by default
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
