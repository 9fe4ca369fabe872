#!/usr/bin/env cwltool
# Generated from scripts/acs_annulus.py by scripts/export.py.
cwlVersion: v1.2
class: CommandLineTool
id: acs_annulus
label: Measure the time difference of a burst at two spacecraft, and the annulus of its possible directions.
doc: |-
  Measure the time difference of a burst at two spacecraft, and the annulus of its possible directions.

  The second light curve, shifted and scaled, is compared with the first; the lag is where chi-squared is
  least. To its error are added the bin over the square root of 12, the clocks' systematic error, and the
  errors of the positions.
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
- valueFrom: $(inputs.scripts.path)/acs_annulus.py
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
    doc: Light curve at the first spacecraft, as acs_lightcurve writes it
    inputBinding:
      prefix: --lightcurve
  other:
    type: File
    doc: Light curve at the second, in the same form
    inputBinding:
      prefix: --other
  annulus_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Time difference and annulus with errors, one row'
    default: annulus.ecsv
    inputBinding:
      prefix: --annulus
  moc_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The annulus as multi-order coverage map (IVOA MOC 2.0)'
    default: annulus.moc.fits
    inputBinding:
      prefix: --moc
  region_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The annulus as region of DS9'
    default: annulus.reg
    inputBinding:
      prefix: --region
  geojson_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Its three circles as GeoJSON'
    default: annulus.geojson
    inputBinding:
      prefix: --geojson
  figure_name:
    type:
    - 'null'
    - string
    doc: 'File name of: Light curves, lag and annulus on the sky'
    default: annulus.png
    inputBinding:
      prefix: --figure
  figure_pdf_name:
    type:
    - 'null'
    - string
    doc: 'File name of: The same figure for print'
    default: annulus.pdf
    inputBinding:
      prefix: --figure_pdf
  orbit:
    type:
    - 'null'
    - File
    doc: Orbit file of the first spacecraft, if it is INTEGRAL (INTL-ORBI-SCP)
    inputBinding:
      prefix: --orbit
  position:
    type:
    - 'null'
    - string
    doc: 'Position of the first: RA [deg], Dec [deg], distance [km]; that in the light curve if not given'
    inputBinding:
      prefix: --position
  other_position:
    type:
    - 'null'
    - string
    doc: Position of the second, or geocentre
    inputBinding:
      prefix: --other_position
  names:
    type:
    - 'null'
    - type: array
      items: string
    doc: Names of the two spacecraft
    default:
    - SPI-ACS
    - other
    inputBinding:
      prefix: --names
  trigger:
    type:
    - 'null'
    - string
    doc: 'Time that results count from: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)'
    inputBinding:
      prefix: --trigger
  burst_start:
    type:
    - 'null'
    - double
    doc: Start of the part compared, from the trigger, at the first; sought if not given [s]
    inputBinding:
      prefix: --burst_start
  burst_end:
    type:
    - 'null'
    - double
    doc: End of that part [s]
    inputBinding:
      prefix: --burst_end
  bin_size:
    type:
    - 'null'
    - double
    doc: Bins of the comparison; the wider of the two if not given [s], 0.001 to 100
    inputBinding:
      prefix: --bin_size
  systematic:
    type:
    - 'null'
    - double
    doc: Systematic error of the two clocks [s], 0 to 10
    default: 0.01
    inputBinding:
      prefix: --systematic
  sigma:
    type:
    - 'null'
    - double
    doc: Significance of the annulus, 1 to 10
    default: 3.0
    inputBinding:
      prefix: --sigma
  moc_order:
    type:
    - 'null'
    - int
    doc: Order of the coverage map; by the width if not given, 3 to 14
    inputBinding:
      prefix: --moc_order
  ra:
    type:
    - 'null'
    - double
    doc: Right ascension of a possible source, to be compared [deg], 0 to 360
    inputBinding:
      prefix: --ra
  dec:
    type:
    - 'null'
    - double
    doc: Its declination [deg], -90 to 90
    inputBinding:
      prefix: --dec
  name:
    type:
    - 'null'
    - string
    doc: Name of the burst, for table and figure
    default: ''
    inputBinding:
      prefix: --name
outputs:
  annulus:
    type: File
    doc: Time difference and annulus with errors, one row
    outputBinding:
      glob: $(inputs.annulus_name)
  moc:
    type: File
    doc: The annulus as multi-order coverage map (IVOA MOC 2.0)
    outputBinding:
      glob: $(inputs.moc_name)
    format: edam:format_2333
  region:
    type: File
    doc: The annulus as region of DS9
    outputBinding:
      glob: $(inputs.region_name)
  geojson:
    type: File
    doc: Its three circles as GeoJSON
    outputBinding:
      glob: $(inputs.geojson_name)
    format: edam:format_3464
  figure:
    type: File
    doc: Light curves, lag and annulus on the sky
    outputBinding:
      glob: $(inputs.figure_name)
    format: edam:format_3603
  figure_pdf:
    type: File
    doc: The same figure for print
    outputBinding:
      glob: $(inputs.figure_pdf_name)
    format: edam:format_3508
