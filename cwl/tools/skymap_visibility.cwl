#!/usr/bin/env cwltool
# Generated from scripts/skymap_visibility.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: skymap_visibility
label: Work out the probability that can be observed against time, and where.
doc: |-
  Work out the probability that can be observed against time, and where.

  From the ground that is the night of the time given, or the next one: airmass, height of the Sun and
  distance from the Moon are limited. For INTEGRAL it is the angle between pointing and Sun, and with an
  orbit file those from the Earth's limb and the Moon. Nothing is fetched: Sun and Moon are those of
  analytic series, right to 0.01 deg.
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
- valueFrom: $(inputs.scripts.path)/skymap_visibility.py
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
  skymap:
    type: File
    doc: 'Sky map: HEALPix FITS (flat or multi-order, 2-D or 3-D, gzipped or not), or an LVK alert in
      JSON that holds one'
    inputBinding:
      prefix: --skymap
  table_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Observable probability against time, with Sun and Moon'
    default: visibility.ecsv
    inputBinding:
      prefix: --table
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: visibility.vot
    inputBinding:
      prefix: --votable
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Probability observable in all, span and limits'
    default: visibility.json
    inputBinding:
      prefix: --summary
  moc_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The observable part of the sky (MOC 2.0)'
    default: observable.moc.fits
    inputBinding:
      prefix: --moc
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Probability against time, and the sky'
    default: visibility.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: visibility.pdf
    inputBinding:
      prefix: --figure_pdf
  orbit:
    type:
    - 'null'
    - File
    doc: Orbit file of INTEGRAL (INTL-ORBI-SCP), to keep away from Earth and Moon
    inputBinding:
      prefix: --orbit
  site:
    type:
    - 'null'
    - string
    doc: Observatory by name (Paranal, Palomar, ...), or latitude and longitude [deg, east positive] and
      height [m]; or INTEGRAL
    default: Paranal
    inputBinding:
      prefix: --site
  time:
    type:
    - 'null'
    - string
    doc: 'From when on: GPS seconds, ISO, MJD or JD; the time of the map if not given'
    inputBinding:
      prefix: --time
  airmass:
    type:
    - 'null'
    - double
    doc: Largest airmass, 1.01 to 10
    default: 2.0
    inputBinding:
      prefix: --airmass
  sun_altitude:
    type:
    - 'null'
    - double
    doc: Largest height of the Sun [deg], -50 to 0
    default: -18.0
    inputBinding:
      prefix: --sun_altitude
  moon_separation:
    type:
    - 'null'
    - double
    doc: Least distance from the Moon while it is up; 30 deg from the ground and 10 deg for INTEGRAL when
      not given [deg], 0 to 180
    inputBinding:
      prefix: --moon_separation
  whole_night:
    type:
    - 'null'
    - boolean
    doc: Count from dusk, although that is past at the time given
    default: false
    inputBinding:
      valueFrom: --whole_night=$(self)
  sun_least:
    type:
    - 'null'
    - double
    doc: 'INTEGRAL: least angle between pointing and Sun [deg], 0 to 180'
    default: 50.0
    inputBinding:
      prefix: --sun_least
  sun_most:
    type:
    - 'null'
    - double
    doc: 'INTEGRAL: largest angle between pointing and Sun [deg], 0 to 180'
    default: 130.0
    inputBinding:
      prefix: --sun_most
  earth_limb:
    type:
    - 'null'
    - double
    doc: 'INTEGRAL: least distance from the limb of the Earth [deg], 0 to 90'
    default: 15.0
    inputBinding:
      prefix: --earth_limb
  duration:
    type:
    - 'null'
    - double
    doc: 'INTEGRAL: length looked at [d], 0 to 400'
    default: 3.0
    inputBinding:
      prefix: --duration
  step:
    type:
    - 'null'
    - double
    doc: Time between two looks [min], 1 to 1440
    default: 10.0
    inputBinding:
      prefix: --step
  least:
    type:
    - 'null'
    - double
    doc: Shortest time that a place must be observable to count [min], at least 0
    default: 0.0
    inputBinding:
      prefix: --least
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
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for table and figure; that of the map when empty
    default: ''
    inputBinding:
      prefix: --name
outputs:
  table:
    type: File
    doc: Observable probability against time, with Sun and Moon
    outputBinding:
      glob: $(inputs.table_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  summary:
    type: File
    doc: Probability observable in all, span and limits
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  moc:
    type: File
    doc: The observable part of the sky (MOC 2.0)
    outputBinding:
      glob: $(inputs.moc_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Probability against time, and the sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
