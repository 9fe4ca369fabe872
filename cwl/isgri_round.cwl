#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Pixel response, sky images and mosaic of IBIS/ISGRI science windows
doc: |
  One round of workflows/isgri.smk: the first with the catalogue alone, the second with the sources of the first mosaic.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  name: {type: string, doc: "Name of the target and round; the products are named after it"}
  target: {type: string, doc: "Name of the target, which those of single batches are named after"}
  stage: {type: string, doc: "Name of the round in those of single batches: _first, or empty"}
  batches: {type: "string[]", doc: "Names of the batches of science windows"}
  shadowgrams: {type: "File[]", doc: "Shadowgrams of each batch"}
  catalogue: {type: "File?", doc: "Catalogue that single images are searched with"}
  catalogues: {type: "File[]?", doc: "Catalogues that name the sources of the mosaic"}
  sources: {type: "File?", doc: "Sources of an earlier mosaic"}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  isgri_response:
    run: tools/isgri_response.cwl
    in:
      {scripts: scripts, shadowgrams: shadowgrams, sources: sources, catalogue: catalogue, name: name,
       response_name: {valueFrom: $(inputs.name)_response.fits}, summary_name: {valueFrom: $(inputs.name)_response.json},
       figure_name: {valueFrom: $(inputs.name)_response.png}, figure_pdf_name: {valueFrom: $(inputs.name)_response.pdf}}
    out: [response, summary, figure, figure_pdf]
  isgri_image:
    run: tools/isgri_image.cwl
    scatter: [shadowgrams, batch]
    scatterMethod: dotproduct
    in:
      {scripts: scripts, shadowgrams: shadowgrams, batch: batches, response: isgri_response/response, catalogue: catalogue,
       sources: sources, bands: bands, target: target, stage: stage,
       images_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_ima.fits},
       results_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_res.fits},
       table_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_res.ecsv},
       summary_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_ima.json},
       figure_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_ima.png},
       figure_pdf_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_ima.pdf},
       checks_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_checks.png},
       checks_pdf_name: {valueFrom: $(inputs.target)_$(inputs.batch)$(inputs.stage)_sky_checks.pdf}}
    out: [images, results, table, summary, figure, figure_pdf, checks, checks_pdf]
  isgri_mosaic:
    run: isgri.cwl
    in: {scripts: scripts, name: name, images: isgri_image/images, catalogues: catalogues, bands: bands}
    out: [products, sources]

outputs:
  response: {type: File, outputSource: isgri_response/response}
  mosaic_sources: {type: File, outputSource: isgri_mosaic/sources}
  products:
    type: {type: array, items: File}
    outputSource:
      - isgri_response/response
      - isgri_response/summary
      - isgri_response/figure
      - isgri_response/figure_pdf
      - isgri_image/images
      - isgri_image/results
      - isgri_image/table
      - isgri_image/summary
      - isgri_image/figure
      - isgri_image/figure_pdf
      - isgri_image/checks
      - isgri_image/checks_pdf
      - isgri_mosaic/products
    linkMerge: merge_flattened
