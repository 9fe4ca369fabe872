#!/usr/bin/env cwltool
# Generated from scripts/isgri_spectrum.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: isgri_spectrum
label: Make the mean spectra of sources over science windows, as OGIP PHA files of type I.
doc: |-
  Make the mean spectra of sources over science windows, as OGIP PHA files of type I.

  The channels are the bands in which the rates were measured; rates are those of a source as if fully
  coded. XSPEC reads spectrum n of the file as spectra.fits{n}.
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
- valueFrom: $(inputs.scripts.path)/isgri_spectrum.py
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
  spectra_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Mean spectra as OGIP PHA, one extension for each source'
    default: spectra.fits
    inputBinding:
      prefix: --spectra
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of the spectra, in counts and Crab units'
    default: spectra.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: spectra.pdf
    inputBinding:
      prefix: --figure_pdf
  response:
    type:
    - 'null'
    - File
    doc: Redistribution matrix with the same channels, whose name goes into RESPFILE
    inputBinding:
      prefix: --response
  ancillary:
    type:
    - 'null'
    - File
    doc: Ancillary response (effective areas), whose name goes into ANCRFILE
    inputBinding:
      prefix: --ancillary
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
  systematic:
    type:
    - 'null'
    - double
    doc: Systematic error as a part of the rate, in SYS_ERR, 0 to 1
    default: 0.01
    inputBinding:
      prefix: --systematic
outputs:
  spectra:
    type: File
    doc: Mean spectra as OGIP PHA, one extension for each source
    outputBinding:
      glob: $(inputs.spectra_name)
    format: edam:format_2333
  figure:
    type: File
    doc: Figure of the spectra, in counts and Crab units
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
