#!/usr/bin/env cwltool
# Generated from scripts/legacy_stamps.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: legacy_stamps
label: Show the first candidate hosts of an event, and match them with the surveys' sources.
doc: |-
  Show the first candidate hosts of an event, and match them with the surveys' sources.

  North is up and east to the left in each stamp, or as its arrows say. Candidates without a stamp are
  outside of the footprint.
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
- valueFrom: $(inputs.scripts.path)/legacy_stamps.py
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
  galaxies:
    type: File
    doc: Galaxies, as skymap_galaxies ranks them
    inputBinding:
      prefix: --galaxies
  stamps:
    type: Directory
    doc: 'Folder of images named after the ranks: 001.fits, ...'
    inputBinding:
      prefix: --stamps
  hosts_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Candidates with the source that each is'
    default: hosts.ecsv
    inputBinding:
      prefix: --hosts
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: hosts.vot
    inputBinding:
      prefix: --votable
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Sheet of stamps'
    default: stamps.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: stamps.pdf
    inputBinding:
      prefix: --figure_pdf
  catalogue:
    type:
    - 'null'
    - File
    doc: 'Tractor catalogue: ECSV, VOTable, FITS, or JSON of MMODA''s service; any may be gzipped'
    inputBinding:
      prefix: --catalogue
  number:
    type:
    - 'null'
    - int
    doc: Number of candidates, the best first, 1 to 100
    default: 12
    inputBinding:
      prefix: --number
  radius:
    type:
    - 'null'
    - double
    doc: Largest distance of a source from the galaxy's position [arcsec], 0.1 to 60
    default: 3.0
    inputBinding:
      prefix: --radius
  name:
    type:
    - 'null'
    - string
    doc: Name of the event; that in the galaxies when empty
    default: ''
    inputBinding:
      prefix: --name
outputs:
  hosts:
    type: File
    doc: Candidates with the source that each is
    outputBinding:
      glob: $(inputs.hosts_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
  figure:
    type: File
    doc: Sheet of stamps
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
