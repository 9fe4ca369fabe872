#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: From shadowgrams of IBIS/ISGRI science windows to mosaic, light curves and spectra
doc: |
  The same steps as the rules in workflows/isgri.smk, from the rule isgri_response on, for one target.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  name: {type: string, doc: "Name of the target; the products are named after it"}
  batches: {type: "string[]", doc: "Names of the batches of science windows"}
  shadowgrams: {type: "File[]", doc: "Shadowgrams of each batch"}
  several: {type: boolean, doc: "Whether there are several windows, so that a first mosaic tells more sources"}
  catalogue: {type: "File?", doc: "Catalogue that single images are searched with"}
  catalogues: {type: "File[]?", doc: "Catalogues that name the sources of the mosaic"}
  bands: {type: "string?", doc: "Energy bands [keV]"}
  weights: {type: "string?", doc: "How the energies of a band are added up to a rate: counts or spectrum"}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  first:
    run: isgri_round.cwl
    when: $(inputs.several)
    in:
      {scripts: scripts, several: several, target: name, name: {source: name, valueFrom: $(self)_first},
       stage: {valueFrom: _first}, batches: batches, shadowgrams: shadowgrams, catalogue: catalogue,
       catalogues: catalogues, bands: bands}
    out: [mosaic_sources, products]
  final:
    run: isgri_round.cwl
    in:
      {scripts: scripts, target: name, name: name, stage: {valueFrom: ""}, batches: batches, shadowgrams: shadowgrams,
       catalogue: catalogue, catalogues: catalogues, sources: first/mosaic_sources, bands: bands}
    out: [response, mosaic_sources, products]
  isgri_rates:
    run: isgri_rates.cwl
    scatter: [shadowgrams, batch]
    scatterMethod: dotproduct
    in:
      {scripts: scripts, name: name, batch: batches, shadowgrams: shadowgrams, sources: final/mosaic_sources,
       response: final/response, bands: bands, weights: weights}
    out: [rates]
  isgri_lightcurve:
    run: tools/isgri_lightcurve.cwl
    in:
      {scripts: scripts, rates: isgri_rates/rates, name: name, lightcurves_name: {valueFrom: $(inputs.name)_lightcurves.fits},
       summary_name: {valueFrom: $(inputs.name)_lightcurves.ecsv}, figure_name: {valueFrom: $(inputs.name)_lightcurves.png},
       figure_pdf_name: {valueFrom: $(inputs.name)_lightcurves.pdf}}
    out: [lightcurves, summary, figure, figure_pdf]
  isgri_spectrum:
    run: tools/isgri_spectrum.cwl
    in:
      {scripts: scripts, rates: isgri_rates/rates, name: name, spectra_name: {valueFrom: $(inputs.name)_spectra.fits},
       figure_name: {valueFrom: $(inputs.name)_spectra.png}, figure_pdf_name: {valueFrom: $(inputs.name)_spectra.pdf}}
    out: [spectra, figure, figure_pdf]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - first/products
      - final/products
      - isgri_rates/rates
      - isgri_lightcurve/lightcurves
      - isgri_lightcurve/summary
      - isgri_lightcurve/figure
      - isgri_lightcurve/figure_pdf
      - isgri_spectrum/spectra
      - isgri_spectrum/figure
      - isgri_spectrum/figure_pdf
    linkMerge: merge_flattened
    pickValue: all_non_null
