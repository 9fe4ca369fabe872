#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: All messengers of one event on one axis of time
doc: |
  The step event_joint with what it needs, as the rule in workflows/event.smk: spectrograms of the strain, light curve and
  durations of the burst in the counts (at most one file), and the sky map.

requirements:
  MultipleInputFeatureRequirement: {}
  ScatterFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  name: {type: string, doc: Name of the event; the products are named after it}
  detectors: {type: "string[]", doc: Detectors}
  strain:
    doc: Strain files of each detector, in the order of the detectors
    type:
      type: array
      items: {type: array, items: [File, Directory]}
  before: {type: "double?", doc: "Time shown before the event [s]"}
  after: {type: "double?", doc: "Time shown after the event [s]"}
  counts: {type: "File[]", doc: "SPI-ACS counts, one file or none"}
  trigger: {type: "string?", doc: Time that gamma-ray results count from}
  bin_size: {type: "double?", doc: "Bin width of the light curve [s]"}
  burst_start: {type: "double?", doc: "Start of what is left out of the background, from the trigger [s]"}
  burst_end: {type: "double?", doc: "End of that interval [s]"}
  response: {type: "double?", doc: Effective area in the direction of the burst over that in the best one}
  skymap: {type: "File?", doc: Sky map}
  time: {type: "string?", doc: Time at the geocentre}
  time_error: {type: "double?", doc: "Its error [s]"}
  ra: {type: "double?", doc: "Right ascension of the source [deg]"}
  dec: {type: "double?", doc: "Declination of the source [deg]"}
  place: {type: "string?", doc: Name of that position}
  start: {type: "double?", doc: "Start of the time shown [s]"}
  end: {type: "double?", doc: "End of the time shown [s]"}
  published: {type: "string[]?", doc: Times from elsewhere}
  missing: {type: "string[]?", doc: What is not in the figure}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  gw_spectrogram:
    run: tools/gw_spectrogram.cwl
    scatter: [detector, strain]
    scatterMethod: dotproduct
    in:
      {scripts: scripts, event: name, detector: detectors, strain: strain, before: before, after: after,
       spectrogram_name: {valueFrom: $(inputs.event)_$(inputs.detector)_spectrogram.hdf5}}
    out: [spectrogram]
  acs_lightcurve:
    run: tools/acs_lightcurve.cwl
    scatter: counts
    in:
      {scripts: scripts, counts: counts, trigger: trigger, name: name, bin_size: bin_size, burst_start: burst_start,
       burst_end: burst_end, lightcurve_name: {valueFrom: $(inputs.name)_lightcurve.fits}}
    out: [lightcurve]
  acs_burst:
    run: tools/acs_burst.cwl
    scatter: lightcurve
    in:
      {scripts: scripts, lightcurve: acs_lightcurve/lightcurve, trigger: trigger, name: name, response: response,
       burst_name: {valueFrom: $(inputs.name)_burst.ecsv}}
    out: [burst]
  event_joint:
    run: tools/event_joint.cwl
    in:
      {scripts: scripts, spectrograms: gw_spectrogram/spectrogram, lightcurves: acs_lightcurve/lightcurve,
       bursts: acs_burst/burst, skymap: skymap, name: name, time: time, time_error: time_error, ra: ra, dec: dec,
       place: place, start: start, end: end, published: published, missing: missing,
       figure_name: {valueFrom: $(inputs.name)_joint.png}, figure_pdf_name: {valueFrom: $(inputs.name)_joint.pdf},
       table_name: {valueFrom: $(inputs.name)_joint.ecsv}}
    out: [figure, figure_pdf, table]

outputs:
  products:
    type: {type: array, items: File}
    outputSource: [event_joint/figure, event_joint/figure_pdf, event_joint/table]
    linkMerge: merge_flattened
