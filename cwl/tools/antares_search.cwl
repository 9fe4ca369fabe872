#!/usr/bin/env cwltool
# Generated from scripts/antares_search.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: antares_search
label: 'Look for neutrinos in a region around a time: a counterpart to a gravitational wave or a burst.'
doc: |-
  Look for neutrinos in a region around a time: a counterpart to a gravitational wave or a burst.

  The background is that of the days around the time, spread over the sky as all events are. The limit of
  the fluence holds for a source in the middle of the region, with the mean acceptance over a day.
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
- valueFrom: $(inputs.scripts.path)/antares_search.py
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
    type: File
    doc: 'Events as ANTARES publishes them: RA, Dec [deg], hits, angular error [deg], MJD, a line each'
    inputBinding:
      prefix: --events
  acceptance:
    type: File
    doc: 'Acceptance: a line for each spectral index from 1.5, 20 bins of sin(declination) [1e8 GeV cm2
      s]'
    inputBinding:
      prefix: --acceptance
  skymap:
    type:
    - 'null'
    - File
    doc: Sky map or alert, whose credible region is searched, in place of a position
    inputBinding:
      prefix: --skymap
  moc:
    type:
    - 'null'
    - File
    doc: Coverage map (MOC) to be searched
    inputBinding:
      prefix: --moc
  found_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Events in region and window'
    default: neutrinos.ecsv
    inputBinding:
      prefix: --found
  found_votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: neutrinos.vot
    inputBinding:
      prefix: --found_votable
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Counts, background, chance, limits of events and fluence'
    default: neutrinos.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Region and events on the sky'
    default: neutrinos.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: neutrinos.pdf
    inputBinding:
      prefix: --figure_pdf
  time:
    type: string
    doc: 'Time: ISO, MJD or JD with its scale, or GPS seconds'
    inputBinding:
      prefix: --time
  before:
    type:
    - 'null'
    - double
    doc: Window before the time [s], 0 to 1e+08
    default: 500.0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Window after the time [s], 0 to 1e+08
    default: 500.0
    inputBinding:
      prefix: --after
  ra:
    type:
    - 'null'
    - double
    doc: Right ascension of a position, ICRS [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - double
    doc: Its declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  radius:
    type:
    - 'null'
    - double
    doc: Radius around it [deg], 0.01 to 90
    default: 3.0
    inputBinding:
      prefix: --radius
  level:
    type:
    - 'null'
    - double
    doc: Credible level of the region of a sky map [%], 1 to 100
    default: 90.0
    inputBinding:
      prefix: --level
  background_days:
    type:
    - 'null'
    - double
    doc: Days on either side that the rate of background is taken from [d], at least 1
    default: 100.0
    inputBinding:
      prefix: --background_days
  index:
    type:
    - 'null'
    - double
    doc: Spectral index of the fluence, 1.5 to 3
    default: 2.0
    inputBinding:
      prefix: --index
  confidence:
    type:
    - 'null'
    - double
    doc: Confidence level of the limits [%], 50 to 99.9
    default: 90.0
    inputBinding:
      prefix: --confidence
  name:
    type:
    - 'null'
    - string
    doc: Name of the event, for the figure
    default: ''
    inputBinding:
      prefix: --name
outputs:
  found:
    type: File
    doc: Events in region and window
    outputBinding:
      glob: $(inputs.found_name)
  found_votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.found_votable_name)
  summary:
    type: File
    doc: Counts, background, chance, limits of events and fluence
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Region and events on the sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
