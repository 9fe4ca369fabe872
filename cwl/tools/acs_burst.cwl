#!/usr/bin/env cwltool
# Generated from scripts/acs_burst.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_burst
label: Measure T90, T50, peak rates, counts and fluence of the burst in a light curve.
doc: |-
  Measure T90, T50, peak rates, counts and fluence of the burst in a light curve.

  T90 is the time between 5 % and 95 % of the counts above background; its error is the time that the
  cumulative curve takes to cross these levels plus and minus their noise. Twenty seconds of background on
  either side are needed. Counts become a fluence for an assumed spectrum; dead time is not corrected for.
  What limits the result is told in the flags. Times count from the trigger, or from the light curve's own
  zero.
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
- valueFrom: $(inputs.scripts.path)/acs_burst.py
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
  lightcurve:
    type: File
    doc: Light curve, as acs_lightcurve writes it
    inputBinding:
      prefix: --lightcurve
  burst_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Durations, rates, counts and fluence with errors, one row'
    default: burst.ecsv
    inputBinding:
      prefix: --burst
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same with fluences for all conversions and caveats'
    default: burst.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Light curve, durations, cumulative counts'
    default: burst.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: burst.pdf
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
    doc: Name of the burst, for table and figure
    default: ''
    inputBinding:
      prefix: --name
  burst_start:
    type:
    - 'null'
    - double
    doc: Start of the interval that holds the burst, from the trigger; sought if not given [s]
    inputBinding:
      prefix: --burst_start
  burst_end:
    type:
    - 'null'
    - double
    doc: End of that interval [s]
    inputBinding:
      prefix: --burst_end
  background_order:
    type:
    - 'null'
    - int
    doc: Order of the polynomial fitted to the background around the burst, 0 to 3
    default: 1
    inputBinding:
      prefix: --background_order
  threshold:
    type:
    - 'null'
    - double
    doc: Least signal-to-noise ratio of a burst that is sought, 3 to 100
    default: 5.0
    inputBinding:
      prefix: --threshold
  spectrum:
    type:
    - 'null'
    - type: enum
      symbols:
      - short
      - long
      - typical
    doc: 'Spectrum assumed for the fluence: typical of short or of long bursts, or the mean conversion'
    default: long
    inputBinding:
      prefix: --spectrum
  response:
    type:
    - 'null'
    - double
    doc: Effective area in the direction of the burst, over that in the best one, 0.01 to 1
    default: 1.0
    inputBinding:
      prefix: --response
  bootstrap:
    type:
    - 'null'
    - int
    doc: Light curves with noise added that durations are measured in again; 0 for none, 0 to 10000
    default: 0
    inputBinding:
      prefix: --bootstrap
  seed:
    type:
    - 'null'
    - int
    doc: Of that noise, at least 0
    default: 0
    inputBinding:
      prefix: --seed
outputs:
  burst:
    type: File
    doc: Durations, rates, counts and fluence with errors, one row
    outputBinding:
      glob: $(inputs.burst_name)
  summary:
    type: File
    doc: The same with fluences for all conversions and caveats
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Light curve, durations, cumulative counts
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
