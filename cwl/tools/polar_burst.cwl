#!/usr/bin/env cwltool
# Generated from scripts/polar_burst.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: polar_burst
label: Measure T90, T50, peak rates and counts of the burst in a light curve of POLAR.
doc: |-
  Measure T90, T50, peak rates and counts of the burst in a light curve of POLAR.

  As acs_burst does it, for the detector's own counts: their conversion into photons needs the response in
  the direction of the burst. POLAR's background changes within minutes: see what other orders of the
  polynomial make of the durations.
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
      uproot:
        version:
        - 5.7.7
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/polar_burst.py
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
    doc: Light curve, as polar_lightcurve writes it
    inputBinding:
      prefix: --lightcurve
  burst_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Durations, rates, counts with errors, one row'
    default: burst.ecsv
    inputBinding:
      prefix: --burst
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same with caveats'
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
    doc: Start of the interval that holds the burst, from the light curve's zero; sought if not given
      [s]
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
  least_background:
    type:
    - 'null'
    - double
    doc: Background needed on either side of the burst [s], 5 to 1000
    default: 20.0
    inputBinding:
      prefix: --least_background
  threshold:
    type:
    - 'null'
    - double
    doc: Least signal-to-noise ratio of a burst that is sought, 3 to 100
    default: 5.0
    inputBinding:
      prefix: --threshold
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
    doc: Durations, rates, counts with errors, one row
    outputBinding:
      glob: $(inputs.burst_name)
  summary:
    type: File
    doc: The same with caveats
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
