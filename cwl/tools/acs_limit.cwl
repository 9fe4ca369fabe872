#!/usr/bin/env cwltool
# Generated from scripts/acs_limit.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_limit
label: Give upper limits from the scatter of the light curve, for durations and spectra.
doc: |-
  Give upper limits from the scatter of the light curve, for durations and spectra.

  The limit in counts is three times the standard deviation of the counts in windows of the duration; a
  fluence follows for an assumed spectrum. Bins that the light curve marks as excluded are left out.
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
- valueFrom: $(inputs.scripts.path)/acs_limit.py
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
  limits_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Limits in counts, rate, fluence and flux, one row a case'
    default: limits.ecsv
    inputBinding:
      prefix: --limits
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as JSON'
    default: limits.json
    inputBinding:
      prefix: --summary
  durations:
    type:
    - 'null'
    - type: array
      items: double
    doc: Durations of the burst [s], 0.05 to 100
    default:
    - 1.0
    - 8.0
    inputBinding:
      prefix: --durations
  spectra:
    type:
    - 'null'
    - type: array
      items: string
    doc: 'Spectra assumed: typical of short bursts, of long ones, or the mean conversion'
    default:
    - short
    - long
    inputBinding:
      prefix: --spectra
  response:
    type:
    - 'null'
    - double
    doc: Effective area in the direction of the source, over that in the best one, 0.01 to 1
    default: 1.0
    inputBinding:
      prefix: --response
  sigma:
    type:
    - 'null'
    - double
    doc: Significance of the limits, 1 to 10
    default: 3.0
    inputBinding:
      prefix: --sigma
  trigger:
    type:
    - 'null'
    - string
    doc: 'Time that results count from: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)'
    inputBinding:
      prefix: --trigger
  exclude_start:
    type:
    - 'null'
    - double
    doc: Start of an interval to leave out, from the trigger [s]
    inputBinding:
      prefix: --exclude_start
  exclude_end:
    type:
    - 'null'
    - double
    doc: End of it [s]
    inputBinding:
      prefix: --exclude_end
  background_order:
    type:
    - 'null'
    - int
    doc: Order of the polynomial fitted to the background, 0 to 3
    default: 1
    inputBinding:
      prefix: --background_order
outputs:
  limits:
    type: File
    doc: Limits in counts, rate, fluence and flux, one row a case
    outputBinding:
      glob: $(inputs.limits_name)
  summary:
    type: File
    doc: The same as JSON
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
