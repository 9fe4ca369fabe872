#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: IBIS/ISGRI sky images, mosaic, light curves and spectra from event lists
doc: |
  The same steps as the rules in workflows/isgri.smk for one target, whose science windows are worked on in batches.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  name: {type: string, doc: "Name of the target; the products are named after it"}
  batches: {type: "string[]", doc: "Names of the batches of science windows"}
  events:
    type: {type: array, items: {type: array, items: [File, Directory]}}
    doc: Event files of each batch
  several: {type: boolean, doc: "Whether there are several windows"}
  pixel_gains: {type: "File?", doc: "Gains of the pixels, if the events do not show them"}
  time_bin: {type: "double?", doc: "Length of a time bin [s]"}
  catalogue: {type: "File?", doc: "Catalogue that single images are searched with"}
  catalogues: {type: "File[]?", doc: "Catalogues that name the sources of the mosaic"}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  weights: {type: "string?", doc: "How the energies of a band are added up to a rate: counts or spectrum"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  isgri_shadowgram:
    run: tools/isgri_shadowgram.cwl
    scatter: [events, batch]
    scatterMethod: dotproduct
    in:
      {scripts: scripts, name: name, events: events, batch: batches, pixel_gains: pixel_gains, time_bin: time_bin,
       shadowgrams_name: {valueFrom: $(inputs.name)_$(inputs.batch)_shadowgrams.fits},
       summary_name: {valueFrom: $(inputs.name)_$(inputs.batch)_shadowgrams.json},
       figure_name: {valueFrom: $(inputs.name)_$(inputs.batch)_shadowgrams.png}}
    out: [shadowgrams, summary, figure]
  isgri_windows:
    run: isgri_windows.cwl
    in:
      {scripts: scripts, name: name, batches: batches, shadowgrams: isgri_shadowgram/shadowgrams, several: several,
       catalogue: catalogue, catalogues: catalogues, bands: bands, weights: weights}
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
