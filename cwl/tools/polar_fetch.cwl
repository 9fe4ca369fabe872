#!/usr/bin/env cwltool
# Generated from scripts/polar_fetch.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: polar_fetch
label: Fetch a light curve of POLAR, and check its numbers against the record.
doc: |-
  Fetch a light curve of POLAR, and check its numbers against the record.

  The service has no public address: TIDINGS_POLAR_HOST names it. Its answers hold a ROOT file with the date
  of its making; what is kept and recorded are the numbers. What it says instead of rates is told.
$namespaces:
  edam: http://edamontology.org/
requirements:
  NetworkAccess:
    networkAccess: true
  InitialWorkDirRequirement:
    listing:
    - entryname: remote.lock.json
      entry: $(inputs.lock)
      writable: true
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
- valueFrom: $(inputs.scripts.path)/polar_fetch.py
  position: -1
- prefix: --lock
  valueFrom: remote.lock.json
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
  counts_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Rates and bins of the service''s answer, and nothing else'
    default: counts.json
    inputBinding:
      prefix: --counts
  catalogue:
    type:
    - 'null'
    - File
    doc: Catalogue of bursts, for a trigger that is a name
    inputBinding:
      prefix: --catalogue
  trigger:
    type: string
    doc: 'Time wanted: name of a burst, GPS seconds, ISO, MJD or JD with its scale (UTC unless given)'
    inputBinding:
      prefix: --trigger
  before:
    type:
    - 'null'
    - double
    doc: Length before it [s], 0.1 to 10000
    default: 50.0
    inputBinding:
      prefix: --before
  after:
    type:
    - 'null'
    - double
    doc: Length after it [s], 0.1 to 10000
    default: 150.0
    inputBinding:
      prefix: --after
  time_bin:
    type:
    - 'null'
    - double
    doc: Bin width [s], 0.001 to 1000
    default: 0.5
    inputBinding:
      prefix: --time_bin
  energy_min:
    type:
    - 'null'
    - double
    doc: Lowest energy [keV], 0 to 1000
    default: 50.0
    inputBinding:
      prefix: --energy_min
  energy_max:
    type:
    - 'null'
    - double
    doc: Highest energy [keV], 1 to 10000
    default: 500.0
    inputBinding:
      prefix: --energy_max
  store:
    type:
    - 'null'
    - Directory
    doc: Folder with answers that need not be downloaded again
    inputBinding:
      prefix: --store
  lock:
    type:
    - 'null'
    - File
    doc: 'Checksums of remote files: new files are recorded, known ones compared'
outputs:
  counts:
    type: File
    doc: Rates and bins of the service's answer, and nothing else
    outputBinding:
      glob: $(inputs.counts_name)
    format: edam:format_3464
  lock_updated:
    type: File
    doc: 'Checksums of remote files: new files are recorded, known ones compared, updated'
    outputBinding:
      glob: remote.lock.json
