#!/usr/bin/env cwltool
# Generated from scripts/antares_limit.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: antares_limit
label: Count neutrinos around positions and set limits on sources there.
doc: |-
  Count neutrinos around positions and set limits on sources there.

  The background is the distribution of all events in declination. Limits are those of Feldman and Cousins;
  the sensitivity, the mean limit without a source, is a quantity of its own. Fluxes are of one flavour of
  neutrinos and antineutrinos, falling as a power of the energy.
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
- valueFrom: $(inputs.scripts.path)/antares_limit.py
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
  background_polynomial:
    type:
    - 'null'
    - File
    doc: 'Published cumulative number of events against declination: seven coefficients'
    inputBinding:
      prefix: --background_polynomial
  limits_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Events, background and limits of each position'
    default: limits.ecsv
    inputBinding:
      prefix: --limits
  limits_votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: limits.vot
    inputBinding:
      prefix: --limits_votable
  flux_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Flux limits of each position against the spectral index'
    default: flux.ecsv
    inputBinding:
      prefix: --flux
  flux_votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: flux.vot
    inputBinding:
      prefix: --flux_votable
  envelope_name:
    type:
    - 'null'
    - string
    doc: 'File name of: E^2 times flux against energy, the largest of all indices'
    default: envelope.ecsv
    inputBinding:
      prefix: --envelope
  inside_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Events in the cone of the first position'
    default: events.ecsv
    inputBinding:
      prefix: --inside
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Numbers of the first position'
    default: limits.json
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Limits of the first position, events around it'
    default: limits.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: limits.pdf
    inputBinding:
      prefix: --figure_pdf
  ra:
    type:
      type: array
      items: double
    doc: Right ascensions of the sources, ICRS [deg]
    inputBinding:
      prefix: --ra
  dec:
    type:
      type: array
      items: double
    doc: Their declinations, -80 to 50 [deg]
    inputBinding:
      prefix: --dec
  radius:
    type:
    - 'null'
    - double
    doc: Radius of the cone around each, up to 2.5 [deg]
    default: 1.0
    inputBinding:
      prefix: --radius
  index_min:
    type:
    - 'null'
    - double
    doc: Hardest spectral index, 1.5 to 3
    default: 1.5
    inputBinding:
      prefix: --index_min
  index_max:
    type:
    - 'null'
    - double
    doc: Softest spectral index, 1.5 to 3
    default: 3.0
    inputBinding:
      prefix: --index_max
  indices:
    type:
    - 'null'
    - int
    doc: Number of spectral indices, 2 to 1000
    default: 50
    inputBinding:
      prefix: --indices
  confidence:
    type:
    - 'null'
    - double
    doc: Confidence level of the limits [%], 50 to 99.9
    default: 90.0
    inputBinding:
      prefix: --confidence
  background:
    type:
    - 'null'
    - type: enum
      symbols:
      - fitted
      - polynomial
    doc: 'Distribution in declination: fitted to the events, or the published polynomial'
    default: fitted
    inputBinding:
      prefix: --background
  conventions:
    type:
    - 'null'
    - type: enum
      symbols:
      - tidings
      - service
    doc: 'service: as MMODA''s, which gives the sensitivity in place of a limit where few events are seen,
      and reads the acceptance at the edges of its bins'
    default: tidings
    inputBinding:
      prefix: --conventions
outputs:
  limits:
    type: File
    doc: Events, background and limits of each position
    outputBinding:
      glob: $(inputs.limits_name)
  limits_votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.limits_votable_name)
  flux:
    type: File
    doc: Flux limits of each position against the spectral index
    outputBinding:
      glob: $(inputs.flux_name)
  flux_votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.flux_votable_name)
  envelope:
    type: File
    doc: E^2 times flux against energy, the largest of all indices
    outputBinding:
      glob: $(inputs.envelope_name)
  inside:
    type: File
    doc: Events in the cone of the first position
    outputBinding:
      glob: $(inputs.inside_name)
  summary:
    type: File
    doc: Numbers of the first position
    outputBinding:
      glob: $(inputs.summary_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Limits of the first position, events around it
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
