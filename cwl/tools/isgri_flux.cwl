#!/usr/bin/env cwltool
# Generated from scripts/isgri_flux.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_flux
label: Measure the rates of sources, fitted together on the detector in each window, time bin and band.
doc: |-
  Measure the rates of sources, fitted together on the detector in each window, time bin and band.

  Rates are those of a source as if it were fully coded, per second of live time. Positions are those of
  the list; background and the other sources of the list are fitted along, so the list must have whatever is
  bright in the field. Weights by the spectrum have less noise where a source keeps its spectrum.
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
- valueFrom: $(inputs.scripts.path)/isgri_flux.py
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
  shadowgrams:
    type:
      type: array
      items: File
    doc: Shadowgrams of science windows, in time bins if wanted
    inputBinding:
      prefix: --shadowgrams
  sources:
    type: File
    doc: 'Sources: list of a mosaic, GNRL-REFR-CAT, or any table with name, RA, Dec'
    inputBinding:
      prefix: --sources
  response:
    type:
    - 'null'
    - File
    doc: Pixel response of isgri_response; without it all pixels of a module are alike
    inputBinding:
      prefix: --response
  rates_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Rate of each source in each window, time bin and band'
    default: rates.ecsv
    inputBinding:
      prefix: --rates
  bands:
    type:
    - 'null'
    - string
    doc: Energy bands in keV, such as 20-40,40-60
    default: 28-80
    inputBinding:
      prefix: --bands
  names:
    type:
    - 'null'
    - string
    doc: Names of the sources wanted, separated by commas; all when empty
    default: ''
    inputBinding:
      prefix: --names
  weights:
    type:
    - 'null'
    - type: enum
      symbols:
      - counts
      - spectrum
    doc: Add the energies of a band by their counts, or weighted by the source's mean spectrum
    default: counts
    inputBinding:
      prefix: --weights
  least_coded:
    type:
    - 'null'
    - double
    doc: Coded fraction below which a source is left out, 0.02 to 1
    default: 0.05
    inputBinding:
      prefix: --least_coded
  require:
    type:
    - 'null'
    - boolean
    doc: Refuse a list with a source that is in the field of view of none of the windows
    default: true
    inputBinding:
      valueFrom: --require=$(self)
outputs:
  rates:
    type: File
    doc: Rate of each source in each window, time bin and band
    outputBinding:
      glob: $(inputs.rates_name)
