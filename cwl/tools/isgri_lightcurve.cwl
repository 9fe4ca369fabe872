#!/usr/bin/env cwltool
# Generated from scripts/isgri_lightcurve.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_lightcurve
label: Make light curves of sources, with their mean and variability, also in Crab units.
doc: |-
  Make light curves of sources, with their mean and variability, also in Crab units.

  Rates are those of a source as if fully coded. The summary has the weighted mean, the chi-square of a
  constant rate and the normalised excess variance of every source and band.
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
- valueFrom: $(inputs.scripts.path)/isgri_lightcurve.py
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
  rates:
    type:
      type: array
      items: File
    doc: Rates of sources, as isgri_flux writes them
    inputBinding:
      prefix: --rates
  lightcurves_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Light curves as OSA has them: ISGR-SRC.-LCR and their index'
    default: lightcurves.fits
    inputBinding:
      prefix: --lightcurves
  summary_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Mean, significance and variability of each light curve'
    default: lightcurves.ecsv
    inputBinding:
      prefix: --summary
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the light curves'
    default: lightcurves.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: lightcurves.pdf
    inputBinding:
      prefix: --figure_pdf
  crab:
    type:
    - 'null'
    - File
    doc: Rates of the Crab in the same bands, as isgri_flux writes them, for Crab units; the reference
      catalogue's when not given
    inputBinding:
      prefix: --crab
  sources:
    type:
    - 'null'
    - string
    doc: Names of the sources wanted, separated by commas; all when empty
    default: ''
    inputBinding:
      prefix: --sources
  bin_size:
    type:
    - 'null'
    - double
    doc: Width to which time bins are put together; as they are when not given [d], at least 1e-05
    inputBinding:
      prefix: --bin_size
outputs:
  lightcurves:
    type: File
    doc: 'Light curves as OSA has them: ISGR-SRC.-LCR and their index'
    outputBinding:
      glob: $(inputs.lightcurves_name)
    format: edam:format_2333
  summary:
    type: File
    doc: Mean, significance and variability of each light curve
    outputBinding:
      glob: $(inputs.summary_name)
  figure:
    type: File
    doc: Figure of the light curves
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
