#!/usr/bin/env cwltool
# Generated from scripts/gw_strain.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: gw_strain
label: Whiten, band-pass and notch the strain of one detector.
doc: |-
  Whiten, band-pass and notch the strain of one detector.

  The noise spectrum is the median over all the data given; whitening and filters run over the
  contiguous data around the window, which is cut afterwards, so that no edge is left in it.
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
- valueFrom: $(inputs.scripts.path)/gw_strain.py
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
  strain:
    type:
      type: array
      items:
      - File
      - Directory
    doc: GWOSC HDF5 or GWF strain files of one detector, or folders of them
    inputBinding:
      prefix: --strain
  conditioned_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Raw, whitened and conditioned strain, amplitude spectrum, quality'
    default: strain.hdf5
    inputBinding:
      prefix: --conditioned
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the conditioned strain and the spectrum'
    default: strain.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: strain.pdf
    inputBinding:
      prefix: --figure_pdf
  detector:
    type: string
    doc: Detector, such as H1, L1, V1, K1, G1
    inputBinding:
      prefix: --detector
  events:
    type:
    - 'null'
    - File
    doc: Table of events (name, gps) beside the built-in one, as gw_fetch writes it
    inputBinding:
      prefix: --events
  event:
    type:
    - 'null'
    - string
    doc: 'Event name, or the time of interest: GPS seconds, ISO, MJD or JD with its scale (UTC unless
      given)'
    inputBinding:
      prefix: --event
  before:
    type:
    - 'null'
    - double
    doc: Time shown before the event [s], 0 to 2048
    default: 1.0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Time shown after the event [s], 0 to 2048
    default: 1.0
    inputBinding:
      prefix: --after
  T1:
    type:
    - 'null'
    - string
    doc: Start of the window instead, in any form that event takes
    inputBinding:
      prefix: --T1
  T2:
    type:
    - 'null'
    - string
    doc: End of the window instead
    inputBinding:
      prefix: --T2
  whiten:
    type:
    - 'null'
    - boolean
    doc: Divide by the amplitude spectrum of the noise
    default: true
    inputBinding:
      valueFrom: --whiten=$(self)
  fmin:
    type:
    - 'null'
    - double
    doc: Lower edge of the band [Hz], at least 1
    default: 30.0
    inputBinding:
      prefix: --fmin
  fmax:
    type:
    - 'null'
    - double
    doc: Upper edge of the band [Hz], at least 1
    default: 400.0
    inputBinding:
      prefix: --fmax
  notch:
    type:
    - 'null'
    - type: array
      items: double
    doc: Lines to take out [Hz], at least 1
    default: []
    inputBinding:
      prefix: --notch
  fftlength:
    type:
    - 'null'
    - double
    doc: Length of the segments of the noise spectrum [s], at least 0.25
    default: 2.0
    inputBinding:
      prefix: --fftlength
  channel:
    type:
    - 'null'
    - string
    doc: Strain channel of GWF files, if it is not the usual one
    inputBinding:
      prefix: --channel
  trim:
    type:
    - 'null'
    - double
    doc: Length left out at either end of the data, where filtered files fade in and out [s], at least
      0
    default: 0.0
    inputBinding:
      prefix: --trim
  allow_bad:
    type:
    - 'null'
    - boolean
    doc: Go on although data in the window are missing, not finite or of bad quality
    default: false
    inputBinding:
      valueFrom: --allow_bad=$(self)
outputs:
  conditioned:
    type: File
    doc: Raw, whitened and conditioned strain, amplitude spectrum, quality
    outputBinding:
      glob: $(inputs.conditioned_name)
    format: edam:format_3590
  figure:
    type: File
    doc: Figure of the conditioned strain and the spectrum
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
