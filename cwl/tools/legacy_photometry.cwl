#!/usr/bin/env cwltool
# Generated from scripts/legacy_photometry.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_photometry
label: Turn fluxes into AB magnitudes and nu F_nu with errors, and list the bands at a position.
doc: |-
  Turn fluxes into AB magnitudes and nu F_nu with errors, and list the bands at a position.

  1 nanomaggy is 3.631e-6 Jy. Magnitudes are as observed; nu F_nu is corrected for the extinction of the
  Milky Way by the catalogue's transmission, which is stated. Where no source lies within the radius, the
  depth of the images gives limits.
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
      photutils:
        version:
        - 3.0.0
      pyarrow:
        version:
        - 26.0.1
      pyvo:
        version:
        - 1.9.1
      requests:
        version:
        - 2.34.2
      scipy:
        version:
        - 1.17.1
baseCommand: python
arguments:
- valueFrom: $(inputs.scripts.path)/legacy_photometry.py
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
  catalogue:
    type: File
    doc: 'Tractor catalogue: ECSV, VOTable, FITS, or JSON of MMODA''s service; any may be gzipped'
    inputBinding:
      prefix: --catalogue
  photometry_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Magnitudes and nu F_nu of all sources'
    default: photometry.ecsv
    inputBinding:
      prefix: --photometry
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: photometry.vot
    inputBinding:
      prefix: --votable
  sed_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Spectral energy distribution at the position, a row per band'
    default: sed.ecsv
    inputBinding:
      prefix: --sed
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Figure of it'
    default: sed.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: sed.pdf
    inputBinding:
      prefix: --figure_pdf
  ra:
    type: double
    doc: Right ascension, in degrees and not in hours [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type: double
    doc: Declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  radius:
    type:
    - 'null'
    - double
    doc: Radius within which sources belong to the position [arcsec], 0.1 to 60
    default: 3.0
    inputBinding:
      prefix: --radius
  combine:
    type:
    - 'null'
    - type: enum
      symbols:
      - nearest
      - sum
    doc: The nearest source within the radius, or the sum of all
    default: nearest
    inputBinding:
      prefix: --combine
  wavelengths:
    type:
    - 'null'
    - type: enum
      symbols:
      - pivot
      - mmoda
    doc: 'Wavelengths of the bands: pivots of the filters of each camera, or those of MMODA''s service'
    default: pivot
    inputBinding:
      prefix: --wavelengths
  limit_sigma:
    type:
    - 'null'
    - double
    doc: Signal-to-noise ratio of a detection; limits below, 1 to 20
    default: 5.0
    inputBinding:
      prefix: --limit_sigma
  name:
    type:
    - 'null'
    - string
    doc: Name of the target, for the figure
    default: ''
    inputBinding:
      prefix: --name
outputs:
  photometry:
    type: File
    doc: Magnitudes and nu F_nu of all sources
    outputBinding:
      glob: $(inputs.photometry_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  sed:
    type: File
    doc: Spectral energy distribution at the position, a row per band
    outputBinding:
      glob: $(inputs.sed_name)
  figure:
    type: File
    doc: Figure of it
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
