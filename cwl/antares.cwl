#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Limits on neutrino sources, and neutrinos around events, from ANTARES
doc: |
  The same steps as the rules in workflows/antares.smk. Each list has the targets for which one step is done.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SchemaDefRequirement:
    types:
      - $import: antares_types.yml

inputs:
  limits: {type: {type: array, items: "antares_types.yml#antares_limit_target"}, default: [], doc: Positions of sources}
  searches: {type: {type: array, items: "antares_types.yml#antares_search_target"}, default: [], doc: Times and regions}
  events: {type: "File?", doc: Events as ANTARES publishes them}
  acceptance: {type: "File?", doc: Acceptance table}
  background_polynomial: {type: "File?", doc: Published cumulative number of events against declination}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  antares_limit:
    run: tools/antares_limit.cwl
    scatter: target
    in:
      scripts: scripts
      target: limits
      events: {source: events, valueFrom: $(self)}
      acceptance: {source: acceptance, valueFrom: $(self)}
      background_polynomial: background_polynomial
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      limits_name: {valueFrom: $(inputs.target.name)_limits.ecsv}
      limits_votable_name: {valueFrom: $(inputs.target.name)_limits.vot}
      flux_name: {valueFrom: $(inputs.target.name)_flux.ecsv}
      flux_votable_name: {valueFrom: $(inputs.target.name)_flux.vot}
      envelope_name: {valueFrom: $(inputs.target.name)_envelope.ecsv}
      inside_name: {valueFrom: $(inputs.target.name)_events.ecsv}
      summary_name: {valueFrom: $(inputs.target.name)_limits.json}
      figure_name: {valueFrom: $(inputs.target.name)_limits.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_limits.pdf}
    out: [limits, limits_votable, flux, flux_votable, envelope, inside, summary, figure, figure_pdf]
  antares_search:
    run: tools/antares_search.cwl
    scatter: target
    in:
      scripts: scripts
      target: searches
      events: {source: events, valueFrom: $(self)}
      acceptance: {source: acceptance, valueFrom: $(self)}
      name: {valueFrom: $(inputs.target.name)}
      time: {valueFrom: $(inputs.target.time)}
      skymap: {valueFrom: $(inputs.target.skymap)}
      moc: {valueFrom: $(inputs.target.moc)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      found_name: {valueFrom: $(inputs.target.name)_neutrinos.ecsv}
      found_votable_name: {valueFrom: $(inputs.target.name)_neutrinos.vot}
      summary_name: {valueFrom: $(inputs.target.name)_neutrinos.json}
      figure_name: {valueFrom: $(inputs.target.name)_neutrinos.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_neutrinos.pdf}
    out: [found, found_votable, summary, figure, figure_pdf]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - antares_limit/limits
      - antares_limit/limits_votable
      - antares_limit/flux
      - antares_limit/flux_votable
      - antares_limit/envelope
      - antares_limit/inside
      - antares_limit/summary
      - antares_limit/figure
      - antares_limit/figure_pdf
      - antares_search/found
      - antares_search/found_votable
      - antares_search/summary
      - antares_search/figure
      - antares_search/figure_pdf
    linkMerge: merge_flattened
