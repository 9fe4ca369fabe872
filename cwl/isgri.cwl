#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Mosaic of IBIS/ISGRI sky images and its sources
doc: |
  The same step as the rule isgri_mosaic in workflows/isgri.smk, for one target.

requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  name: {type: string, doc: Name of the target; the products are named after it}
  images: {type: "File[]", doc: Sky images of science windows (isgri_sky_ima)}
  catalogues: {type: "File[]?", doc: Catalogues that name the sources}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  isgri_mosaic:
    run: tools/isgri_mosaic.cwl
    in:
      {scripts: scripts, images: images, catalogues: catalogues, bands: bands, name: name,
       mosaic_name: {valueFrom: $(inputs.name)_mosa_ima.fits}, sources_name: {valueFrom: $(inputs.name)_srcl_res.fits},
       sources_table_name: {valueFrom: $(inputs.name)_sources.ecsv},
       sources_votable_name: {valueFrom: $(inputs.name)_sources.vot},
       region_name: {valueFrom: $(inputs.name)_sources.reg}, coverage_name: {valueFrom: $(inputs.name)_coverage.moc.fits},
       summary_name: {valueFrom: $(inputs.name)_mosaic.json}, figure_name: {valueFrom: $(inputs.name)_mosaic.png},
       figure_pdf_name: {valueFrom: $(inputs.name)_mosaic.pdf}, checks_name: {valueFrom: $(inputs.name)_mosaic_checks.png},
       checks_pdf_name: {valueFrom: $(inputs.name)_mosaic_checks.pdf}}
    out: [mosaic, sources, sources_table, sources_votable, region, coverage, summary, figure, figure_pdf, checks, checks_pdf]

outputs:
  sources: {type: File, outputSource: isgri_mosaic/sources}
  products:
    type: {type: array, items: File}
    outputSource:
      - isgri_mosaic/mosaic
      - isgri_mosaic/sources
      - isgri_mosaic/sources_table
      - isgri_mosaic/sources_votable
      - isgri_mosaic/region
      - isgri_mosaic/coverage
      - isgri_mosaic/summary
      - isgri_mosaic/figure
      - isgri_mosaic/figure_pdf
      - isgri_mosaic/checks
      - isgri_mosaic/checks_pdf
    linkMerge: merge_flattened
