#!/usr/bin/env cwltool
# Generated from scripts/acs_search.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_search
label: Search SPI-ACS counts on many time scales for excesses over the background.
doc: |-
  Search SPI-ACS counts on many time scales for excesses over the background.

  128 time scales from 0.05 to 30 s, windows half a window apart, signal-to-noise ratios in units of the
  scatter measured at each scale; close excesses are merged. With a trigger each excess has a probability
  to be background, by its significance and its time from the trigger. Without one, all of the records are
  searched, however long, in pieces of three hours.
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
- valueFrom: $(inputs.scripts.path)/acs_search.py
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
    type:
      type: array
      items: File
    doc: SPI-ACS counts in any form, or light curves; several records in order of time are one search
    inputBinding:
      prefix: --counts
  excesses_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Excesses with their false-alarm rates'
    default: excesses.ecsv
    inputBinding:
      prefix: --excesses
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Best excess, scatter at every time scale, records'
    default: search.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Significance against time scale; the first light curve'
    default: search.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: search.pdf
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
    doc: Length searched before the trigger [s], 0 to 100000
    default: 300.0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Length searched after the trigger [s], 0 to 100000
    default: 300.0
    inputBinding:
      prefix: --after
  shortest:
    type:
    - 'null'
    - double
    doc: Shortest time scale [s], 0.05 to 100
    default: 0.05
    inputBinding:
      prefix: --shortest
  longest:
    type:
    - 'null'
    - double
    doc: Longest time scale [s], 0.05 to 100
    default: 30.0
    inputBinding:
      prefix: --longest
  min_snr:
    type:
    - 'null'
    - double
    doc: Least signal-to-noise ratio of an excess; a year of noise has ten million above 3, at least 2
    default: 3.0
    inputBinding:
      prefix: --min_snr
  spikes:
    type:
    - 'null'
    - boolean
    doc: Count the rate of cosmic-ray spikes as false alarms
    default: true
    inputBinding:
      valueFrom: --spikes=$(self)
  veto:
    type:
    - 'null'
    - boolean
    doc: Drop excesses whose counts are all in one sample, as spikes are
    default: false
    inputBinding:
      valueFrom: --veto=$(self)
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
  excesses:
    type: File
    doc: Excesses with their false-alarm rates
    outputBinding:
      glob: $(inputs.excesses_name)
  summary:
    type: File
    doc: Best excess, scatter at every time scale, records
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Significance against time scale; the first light curve
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
