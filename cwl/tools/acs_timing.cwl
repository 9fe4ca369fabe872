#!/usr/bin/env cwltool
# Generated from scripts/acs_timing.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_timing
label: Convert times at INTEGRAL to the centre of the Earth and to the barycentre of the Solar System.
doc: |-
  Convert times at INTEGRAL to the centre of the Earth and to the barycentre of the Solar System.

  The position is taken from the orbit file, else as given, else from the light curve, else from two-line
  elements, whose error grows with their age by some 150 km, 0.5 ms, a day. A signal reaches the centre of
  the Earth by r·s/c later than the spacecraft.
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
- valueFrom: $(inputs.scripts.path)/acs_timing.py
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
  timing_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Times at spacecraft, geocentre and barycentre, one row each'
    default: timing.ecsv
    inputBinding:
      prefix: --timing
  orbit:
    type:
    - 'null'
    - File
    doc: Orbit file of the science window (INTL-ORBI-SCP)
    inputBinding:
      prefix: --orbit
  elements:
    type:
    - 'null'
    - File
    doc: Two-line elements of INTEGRAL, any number of them
    inputBinding:
      prefix: --elements
  lightcurve:
    type:
    - 'null'
    - File
    doc: Light curve that has the position of the spacecraft (EPHS)
    inputBinding:
      prefix: --lightcurve
  table:
    type:
    - 'null'
    - File
    doc: 'Table with times to be converted: its columns called gps or ending in _gps'
    inputBinding:
      prefix: --table
  times:
    type:
    - 'null'
    - type: array
      items: string
    doc: Times at the spacecraft, in any form
    default: []
    inputBinding:
      prefix: --times
  ra:
    type: double
    doc: Right ascension of the source [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type: double
    doc: Declination of the source [deg], -90 to 90
    inputBinding:
      prefix: --dec
  position:
    type:
    - 'null'
    - string
    doc: 'Position of the spacecraft instead: RA [deg], Dec [deg], distance [km]'
    inputBinding:
      prefix: --position
  clock_offset:
    type:
    - 'null'
    - double
    doc: 'To be added to the times first: 0.125 for raw stamps of the telemetry [s], -1 to 1'
    default: 0.0
    inputBinding:
      prefix: --clock_offset
  max_age:
    type:
    - 'null'
    - double
    doc: Greatest age of two-line elements [d], 0 to 3650
    default: 30.0
    inputBinding:
      prefix: --max_age
outputs:
  timing:
    type: File
    doc: Times at spacecraft, geocentre and barycentre, one row each
    outputBinding:
      glob: $(inputs.timing_name)
