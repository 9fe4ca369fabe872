#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Rates of sources in one batch of IBIS/ISGRI science windows
doc: |
  The step isgri_flux takes several files; here it gets the one of a batch.

requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  name: {type: string, doc: "Name of the target; the products are named after it"}
  batch: {type: string, doc: "Name of the batch"}
  shadowgrams: {type: File, doc: "Shadowgrams of the batch"}
  sources: {type: File, doc: "Sources to be measured"}
  response: {type: File, doc: "Pixel response"}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  weights: {type: "string?", doc: "How the energies of a band are added up: counts or spectrum"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  isgri_flux:
    run: tools/isgri_flux.cwl
    in:
      {scripts: scripts, name: name, batch: batch, shadowgrams: {source: [shadowgrams], linkMerge: merge_nested},
       sources: sources, response: response, bands: bands, weights: {source: weights, valueFrom: $(self)},
       rates_name: {valueFrom: $(inputs.name)_$(inputs.batch)_rates.ecsv}}
    out: [rates]

outputs:
  rates: {type: File, outputSource: isgri_flux/rates}
