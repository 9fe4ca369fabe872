#!/usr/bin/env cwltool
# Generated from scripts/event_joint.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: event_joint
label: Put the time-frequency maps and light curves of an event on one axis of time, the sky beside it.
doc: |-
  Put the time-frequency maps and light curves of an event on one axis of time, the sky beside it.

  Times are those of arrival at the centre of the Earth: each instrument's are moved by the light's way from
  it, for the position or, without one, the mean over the sky map, whose spread is the error. A time of a
  light curve is that of 5 % of the counts if the burst was measured, else of the brightest bin.
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
      scipy:
        version:
        - 1.17.1
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/event_joint.py
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
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Time-frequency maps, light curves and the sky'
    default: joint.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: joint.pdf
    inputBinding:
      prefix: --figure_pdf
  table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Arrival at the geocentre in each instrument, with errors'
    default: joint.ecsv
    inputBinding:
      prefix: --table
  spectrograms:
    type:
    - 'null'
    - type: array
      items: File
    doc: Spectrograms, as gw_spectrogram writes them
    inputBinding:
      prefix: --spectrograms
  lightcurves:
    type:
    - 'null'
    - type: array
      items: File
    doc: Light curves, as acs_lightcurve and polar_lightcurve write them
    inputBinding:
      prefix: --lightcurves
  bursts:
    type:
    - 'null'
    - type: array
      items: File
    doc: Durations of the bursts in the first of these light curves, in their order
    inputBinding:
      prefix: --bursts
  skymap:
    type:
    - 'null'
    - File
    doc: Sky map of the event
    inputBinding:
      prefix: --skymap
  galaxies:
    type:
    - 'null'
    - File
    doc: Ranked galaxies, as skymap_galaxies writes them
    inputBinding:
      prefix: --galaxies
  annulus:
    type:
    - 'null'
    - File
    doc: Annulus, as acs_annulus writes it
    inputBinding:
      prefix: --annulus
  name:
    type:
    - 'null'
    - string
    doc: Name of the event
    default: ''
    inputBinding:
      prefix: --name
  time:
    type:
    - 'null'
    - string
    doc: Time at the geocentre that results count from, and of the merger if there is one; UTC or GPS
    default: ''
    inputBinding:
      prefix: --time
  time_error:
    type:
    - 'null'
    - double
    doc: Error of that time [s], at least 0
    default: 0.0
    inputBinding:
      prefix: --time_error
  ra:
    type:
    - 'null'
    - double
    doc: Right ascension of the source; the sky map's directions if not given [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - double
    doc: Its declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  place:
    type:
    - 'null'
    - string
    doc: Name of that position
    default: ''
    inputBinding:
      prefix: --place
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
  start:
    type:
    - 'null'
    - double
    doc: Start of the time shown, from the time above [s]
    inputBinding:
      prefix: --start
  end:
    type:
    - 'null'
    - double
    doc: End of the time shown [s]
    inputBinding:
      prefix: --end
  published:
    type:
    - 'null'
    - type: array
      items: string
    doc: 'Times from elsewhere to be marked, at the geocentre: ''UTC name'''
    default: []
    inputBinding:
      prefix: --published
  missing:
    type:
    - 'null'
    - type: array
      items: string
    doc: What is not in the figure, to be said on it
    default: []
    inputBinding:
      prefix: --missing
outputs:
  figure:
    type: File
    doc: Time-frequency maps, light curves and the sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
  table:
    type: File
    doc: Arrival at the geocentre in each instrument, with errors
    outputBinding:
      glob: $(inputs.table_name)
