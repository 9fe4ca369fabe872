#!/usr/bin/env cwltool
# Generated from scripts/isgri_simulate.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_simulate
label: 'Simulate science windows of ISGRI: event lists in the archive''s layout whose headers say SIMULATED.'
doc: |-
  Simulate science windows of ISGRI: event lists in the archive's layout whose headers say SIMULATED.

  Every photon is traced through the thick mask, without the model that the analysis uses. Background with
  fluorescence lines, dead and noisy pixels, dead time and data gaps are added. Sources that a pointing does
  not see are left out of it; one that no pointing sees is an error.
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
- valueFrom: $(inputs.scripts.path)/isgri_simulate.py
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
  sources:
    type: File
    doc: 'Sources: table with name, ra, dec [deg], flux [counts/s as if fully coded, 20-60 keV] and, if
      wanted, index, amplitude and period [s] of a sine; ECSV or text'
    inputBinding:
      prefix: --sources
  events_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Folder with one <swid>_isgri_events.fits.gz per science window'
    default: events
    inputBinding:
      prefix: --events
  ra:
    type: double
    doc: Right ascension of the pointing, or of the centre [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type: double
    doc: Its declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  position_angle:
    type:
    - 'null'
    - double
    doc: Direction of the spacecraft's Z axis, from north through east [deg]
    default: 0.0
    inputBinding:
      prefix: --position_angle
  pattern:
    type:
    - 'null'
    - type: enum
      symbols:
      - staring
      - 5x5
      - hexagon
    doc: Dither pattern
    default: staring
    inputBinding:
      prefix: --pattern
  dither_step:
    type:
    - 'null'
    - double
    doc: Distance of neighbouring pointings [deg], 0.1 to 5
    default: 2.17
    inputBinding:
      prefix: --dither_step
  windows:
    type:
    - 'null'
    - int
    doc: Number of science windows, 1 to 2000
    default: 1
    inputBinding:
      prefix: --windows
  duration:
    type:
    - 'null'
    - double
    doc: Length of a window [s], 20 to 20000
    default: 2000.0
    inputBinding:
      prefix: --duration
  start:
    type:
    - 'null'
    - double
    doc: Start of the first window [IJD, TT] [d], 900 to 12000
    default: 5502.9
    inputBinding:
      prefix: --start
  revolution:
    type:
    - 'null'
    - int
    doc: Revolution, the first digits of the windows, 1 to 9999
    default: 1500
    inputBinding:
      prefix: --revolution
  background_rate:
    type:
    - 'null'
    - double
    doc: Background of the whole detector above 12 keV [count/s], 0 to 10000
    default: 700.0
    inputBinding:
      prefix: --background_rate
  shape:
    type:
    - 'null'
    - type: enum
      symbols:
      - flat
      - modules
      - smooth
      - pixels
    doc: 'What differs between pixels: nothing, the background of modules, its large-scale shape, or both
      and threshold, gain and efficiency of every pixel'
    default: pixels
    inputBinding:
      prefix: --shape
  dead:
    type:
    - 'null'
    - double
    doc: Part of the pixels that is off, 0 to 0.5
    default: 0.04
    inputBinding:
      prefix: --dead
  noisy:
    type:
    - 'null'
    - double
    doc: Part of the pixels that is flagged, 0 to 0.5
    default: 0.01
    inputBinding:
      prefix: --noisy
  threshold:
    type:
    - 'null'
    - double
    doc: Mean low threshold [keV], 5 to 60
    default: 15.0
    inputBinding:
      prefix: --threshold
  dead_time:
    type:
    - 'null'
    - double
    doc: Part of the time, 0 to 0.9
    default: 0.282
    inputBinding:
      prefix: --dead_time
  resolution:
    type:
    - 'null'
    - double
    doc: Width (FWHM) of a line at 60 keV over its energy; 0.27 in 2022, 0.01 to 0.5
    default: 0.08
    inputBinding:
      prefix: --resolution
  seed:
    type:
    - 'null'
    - int
    doc: Of all random numbers, at least 0
    default: 1
    inputBinding:
      prefix: --seed
outputs:
  events:
    type: Directory
    doc: Folder with one <swid>_isgri_events.fits.gz per science window
    outputBinding:
      glob: $(inputs.events_name)
