#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Simulated IBIS/ISGRI science windows, and what becomes of them
doc: |
  Science windows of a table of sources are simulated, and then reduced as isgri_events.cwl does it.

requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  name: {type: string, doc: "Name of the target; the products are named after it"}
  table: {type: File, doc: "Table of the sources to simulate"}
  ra: {type: double, doc: "Right ascension of the centre [deg]"}
  dec: {type: double, doc: "Declination of the centre [deg]"}
  pattern: {type: "string?", doc: "Dither pattern: staring, 5x5 or hexagon"}
  windows: {type: "int?", doc: "Number of science windows"}
  duration: {type: "double?", doc: "Length of a window [s]"}
  catalogue: {type: "File?", doc: "Catalogue that single images are searched with"}
  catalogues: {type: "File[]?", doc: "Catalogues that name the sources of the mosaic"}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  isgri_simulate:
    run: tools/isgri_simulate.cwl
    in:
      {scripts: scripts, sources: table, ra: ra, dec: dec, pattern: {source: pattern, valueFrom: $(self)}, windows: windows, duration: duration,
       events_name: {default: simulated}}
    out: [events]
  isgri_shadowgram:
    run: tools/isgri_shadowgram.cwl
    in:
      {scripts: scripts, name: name, events: {source: [isgri_simulate/events], linkMerge: merge_nested},
       shadowgrams_name: {valueFrom: $(inputs.name)_1_shadowgrams.fits},
       summary_name: {valueFrom: $(inputs.name)_1_shadowgrams.json},
       figure_name: {valueFrom: $(inputs.name)_1_shadowgrams.png}}
    out: [shadowgrams, summary, figure]
  isgri_windows:
    run: isgri_windows.cwl
    in:
      {scripts: scripts, name: name, batches: {default: ["1"]}, several: {default: true}, catalogue: catalogue,
       shadowgrams: {source: [isgri_shadowgram/shadowgrams], linkMerge: merge_nested}, catalogues: catalogues, bands: bands}
    out: [products]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - isgri_shadowgram/shadowgrams
      - isgri_shadowgram/summary
      - isgri_shadowgram/figure
      - isgri_windows/products
    linkMerge: merge_flattened
