#!/usr/bin/env cwltool
# Generated from scripts/isgri_shadowgram.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_shadowgram
label: Count ISGRI events of science windows in pixels and fine energy channels.
doc: |-
  Count ISGRI events of science windows in pixels and fine energy channels.

  Events in good time with a rise time in its limits are kept, pixels that are flagged, silent, hot or of
  an odd spectrum are not. Energies are those of the archive, of calibration tables, or, by default, tied
  to the fluorescence of tungsten and the line at 511 keV in the window's own background. Aborted windows
  are skipped with a note.
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
- valueFrom: $(inputs.scripts.path)/isgri_shadowgram.py
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
  events:
    type:
      type: array
      items:
      - File
      - Directory
    doc: Event files isgri_events.fits of science windows, as the archive has them, or folders of such
    inputBinding:
      prefix: --events
  shadowgrams_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Counts of each pixel, fine channel and time bin of the windows'
    default: shadowgrams.fits
    inputBinding:
      prefix: --shadowgrams
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: What was used, rejected and calibrated in each window'
    default: shadowgrams.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Spectra before and after calibration, lines, and detector'
    default: shadowgrams.png
    inputBinding:
      prefix: --figure
  gti:
    type:
    - 'null'
    - File
    doc: Good times (START, STOP in IJD) that must hold beside those of the events
    inputBinding:
      prefix: --gti
  dead_times:
    type:
    - 'null'
    - type: array
      items: File
    doc: Dead times ibis_deadtime.fits (ISGR-DEAD-SCP), one for each event file
    inputBinding:
      prefix: --dead_times
  pixel_gains:
    type:
    - 'null'
    - File
    doc: Gains of the pixels for the level lines, ISGR-GAIN-REL or ISGR-OFFS-MOD; else from the events
    inputBinding:
      prefix: --pixel_gains
  offsets:
    type:
    - 'null'
    - File
    doc: ISGR-OFFS-MOD, for the energy level tables
    inputBinding:
      prefix: --offsets
  rise_table:
    type:
    - 'null'
    - File
    doc: ISGR-RISE-MOD of OSA 11, for the energy level tables
    inputBinding:
      prefix: --rise_table
  energy:
    type:
    - 'null'
    - type: enum
      symbols:
      - lines
      - tables
      - archive
    doc: 'Energies: on the instrument''s own lines, by calibration tables, or as archived'
    default: lines
    inputBinding:
      prefix: --energy
  time_bin:
    type:
    - 'null'
    - double
    doc: Length of a time bin; the whole window when not given [s], at least 0.1
    inputBinding:
      prefix: --time_bin
  time_edges:
    type:
    - 'null'
    - string
    doc: Edges of time bins in IJD, separated by commas, in place of a length
    default: ''
    inputBinding:
      prefix: --time_edges
  rise_min:
    type:
    - 'null'
    - int
    doc: Lowest corrected rise time used, 0 to 255
    default: 16
    inputBinding:
      prefix: --rise_min
  rise_max:
    type:
    - 'null'
    - int
    doc: Highest corrected rise time used, 0 to 255
    default: 116
    inputBinding:
      prefix: --rise_max
  hot:
    type:
    - 'null'
    - double
    doc: Counts over the module's that make a pixel hot; 0 keeps all, at least 0
    default: 4.0
    inputBinding:
      prefix: --hot
  spectral:
    type:
    - 'null'
    - double
    doc: Sigma by which a pixel's spectrum may differ from its module's; 0 keeps all, at least 0
    default: 2.0
    inputBinding:
      prefix: --spectral
outputs:
  shadowgrams:
    type: File
    doc: Counts of each pixel, fine channel and time bin of the windows
    outputBinding:
      glob: $(inputs.shadowgrams_name)
    format: edam:format_2333
  summary:
    type: File
    doc: What was used, rejected and calibrated in each window
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Spectra before and after calibration, lines, and detector
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
