#!/usr/bin/env cwltool
# Generated from scripts/polar_catalogue.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: polar_catalogue
label: List the bursts that POLAR saw, with their times in UTC, unix, GPS and TT.
doc: |-
  List the bursts that POLAR saw, with their times in UTC, unix, GPS and TT.

  The two times that the catalogue gives of each burst must agree within a millisecond.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: false
hints:
  ResourceRequirement:
    ramMin: 500
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
- valueFrom: $(inputs.scripts.path)/polar_catalogue.py
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
    doc: 'Catalogue of bursts: number, name, trigger time in UTC and unix time'
    inputBinding:
      prefix: --catalogue
  bursts_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Bursts in order of time'
    default: bursts.ecsv
    inputBinding:
      prefix: --bursts
  votable_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same as VOTable'
    default: bursts.vot
    inputBinding:
      prefix: --votable
outputs:
  bursts:
    type: File
    doc: Bursts in order of time
    outputBinding:
      glob: $(inputs.bursts_name)
  votable:
    type: File
    doc: The same as VOTable
    outputBinding:
      glob: $(inputs.votable_name)
