#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: POLAR light curve and properties of one burst
doc: |
  The same steps as the rules in workflows/polar.smk, for a burst whose light curve is at hand.

requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  name: {type: string, doc: Name of the burst; the products are named after it}
  counts: {type: File, doc: "Light curve: ROOT file, JSON of the service, or FITS"}
  catalogue: {type: "File?", doc: "Catalogue of bursts, in which the trigger is looked up"}
  trigger: {type: "string?", doc: Time that results count from; name of a burst of the catalogue}
  burst_start: {type: "double?", doc: "Start of the burst, which is left out of the background, from the trigger [s]"}
  burst_end: {type: "double?", doc: "End of the burst [s]"}
  background_order: {type: "int?", doc: Order of the polynomial of the background around the burst}
  least_background: {type: "double?", doc: "Background needed on either side of the burst [s]"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  polar_lightcurve:
    run: tools/polar_lightcurve.cwl
    in:
      {scripts: scripts, counts: counts, catalogue: catalogue, trigger: trigger, name: name, burst_start: burst_start,
       burst_end: burst_end,
       lightcurve_name: {valueFrom: $(inputs.name)_lightcurve.fits},
       figure_name: {valueFrom: $(inputs.name)_lightcurve.png},
       figure_pdf_name: {valueFrom: $(inputs.name)_lightcurve.pdf}}
    out: [lightcurve, figure, figure_pdf]
  polar_burst:
    run: tools/polar_burst.cwl
    in:
      {scripts: scripts, lightcurve: polar_lightcurve/lightcurve, name: name, burst_start: burst_start, burst_end: burst_end,
       background_order: background_order, least_background: least_background,
       burst_name: {valueFrom: $(inputs.name)_burst.ecsv}, summary_name: {valueFrom: $(inputs.name)_burst.json},
       figure_name: {valueFrom: $(inputs.name)_burst.png}, figure_pdf_name: {valueFrom: $(inputs.name)_burst.pdf}}
    out: [burst, summary, figure, figure_pdf]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - polar_lightcurve/lightcurve
      - polar_lightcurve/figure
      - polar_lightcurve/figure_pdf
      - polar_burst/burst
      - polar_burst/summary
      - polar_burst/figure
      - polar_burst/figure_pdf
    linkMerge: merge_flattened
