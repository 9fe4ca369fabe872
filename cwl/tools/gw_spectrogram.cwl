#!/usr/bin/env cwltool
# Generated from scripts/gw_spectrogram.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: gw_spectrogram
label: Make the Q-transform of one detector's strain, and list its loudest tiles.
doc: |-
  Make the Q-transform of one detector's strain, and list its loudest tiles.

  The noise spectrum is the median over all the data given. Energies are relative to their mean in
  noise, so that they are distributed as exp(-energy) where there is no signal; a pixel holds the
  largest energy in its extent; pixels that an edge or bad data reach are marked as not valid.
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
- valueFrom: $(inputs.scripts.path)/gw_spectrogram.py
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
  spectrogram_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Energy in time and frequency, with axes, mask and tiles'
    default: spectrogram.hdf5
    inputBinding:
      prefix: --spectrogram
  tiles_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Table of the loudest tiles'
    default: tiles.ecsv
    inputBinding:
      prefix: --tiles
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the spectrogram'
    default: spectrogram.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: spectrogram.pdf
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
  qmin:
    type:
    - 'null'
    - double
    doc: Smallest Q searched, 3.4 to 1000
    default: 4.0
    inputBinding:
      prefix: --qmin
  qmax:
    type:
    - 'null'
    - double
    doc: Largest Q searched, 3.4 to 1000
    default: 64.0
    inputBinding:
      prefix: --qmax
  q:
    type:
    - 'null'
    - double
    doc: Q of the spectrogram, instead of the loudest tile's, 3.4 to 1000
    inputBinding:
      prefix: --q
  fmin:
    type:
    - 'null'
    - double
    doc: Lowest frequency [Hz], at least 1
    default: 20.0
    inputBinding:
      prefix: --fmin
  fmax:
    type:
    - 'null'
    - double
    doc: Highest frequency [Hz], at least 1
    default: 1024.0
    inputBinding:
      prefix: --fmax
  time_resolution:
    type:
    - 'null'
    - double
    doc: Width of a pixel; a thousandth of the window if not given [s], at least 1e-05
    inputBinding:
      prefix: --time_resolution
  frequencies:
    type:
    - 'null'
    - int
    doc: Rows, equal in logarithm of frequency, 2 to 10000
    default: 500
    inputBinding:
      prefix: --frequencies
  frequency_resolution:
    type:
    - 'null'
    - double
    doc: Height of a pixel, which makes the rows equal in frequency [Hz], at least 0.001
    inputBinding:
      prefix: --frequency_resolution
  compat:
    type:
    - 'null'
    - type: enum
      symbols:
      - none
      - gwpy
    doc: Repeat the tiles, normalisation and splines of another program
    default: none
    inputBinding:
      prefix: --compat
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
  spectrogram:
    type: File
    doc: Energy in time and frequency, with axes, mask and tiles
    outputBinding:
      glob: $(inputs.spectrogram_name)
    format: edam:format_3590
  tiles:
    type: File
    doc: Table of the loudest tiles
    outputBinding:
      glob: $(inputs.tiles_name)
  figure:
    type: File
    doc: Figure of the spectrogram
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
