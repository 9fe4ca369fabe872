#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Images and photometry of the Legacy Surveys, and stamps of candidate hosts
doc: |
  The same steps as the rules in workflows/legacy.smk. Each list has the targets for which one step is done.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SchemaDefRequirement:
    types:
      - $import: legacy_types.yml

inputs:
  images: {type: {type: array, items: "legacy_types.yml#image_target"}, default: [], doc: Images}
  photometries: {type: {type: array, items: "legacy_types.yml#photometry_target"}, default: [], doc: Catalogues and positions}
  hosts: {type: {type: array, items: "legacy_types.yml#hosts_target"}, default: [], doc: Ranked galaxies and their stamps}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  legacy_image:
    run: tools/legacy_image.cwl
    scatter: target
    in:
      scripts: scripts
      target: images
      image: {valueFrom: $(inputs.target.image)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      name: {valueFrom: $(inputs.target.name)}
      stamp_name: {valueFrom: $(inputs.target.name)_image.fits}
      sources_name: {valueFrom: $(inputs.target.name)_sources.ecsv}
      summary_name: {valueFrom: $(inputs.target.name)_image.json}
      figure_name: {valueFrom: $(inputs.target.name)_image.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_image.pdf}
    out: [stamp, sources, summary, figure, figure_pdf]
  legacy_photometry:
    run: tools/legacy_photometry.cwl
    scatter: target
    in:
      scripts: scripts
      target: photometries
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      name: {valueFrom: $(inputs.target.name)}
      photometry_name: {valueFrom: $(inputs.target.name)_photometry.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_photometry.vot}
      sed_name: {valueFrom: $(inputs.target.name)_sed.ecsv}
      figure_name: {valueFrom: $(inputs.target.name)_sed.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_sed.pdf}
    out: [photometry, votable, sed, figure, figure_pdf]
  legacy_stamps:
    run: tools/legacy_stamps.cwl
    scatter: target
    in:
      scripts: scripts
      target: hosts
      galaxies: {valueFrom: $(inputs.target.galaxies)}
      stamps: {valueFrom: $(inputs.target.stamps)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      name: {valueFrom: $(inputs.target.name)}
      hosts_name: {valueFrom: $(inputs.target.name)_hosts.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_hosts.vot}
      figure_name: {valueFrom: $(inputs.target.name)_stamps.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_stamps.pdf}
    out: [hosts, votable, figure, figure_pdf]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - legacy_image/stamp
      - legacy_image/sources
      - legacy_image/summary
      - legacy_image/figure
      - legacy_image/figure_pdf
      - legacy_photometry/photometry
      - legacy_photometry/votable
      - legacy_photometry/sed
      - legacy_photometry/figure
      - legacy_photometry/figure_pdf
      - legacy_stamps/hosts
      - legacy_stamps/votable
      - legacy_stamps/figure
      - legacy_stamps/figure_pdf
    linkMerge: merge_flattened
