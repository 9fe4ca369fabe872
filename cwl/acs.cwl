#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: SPI-ACS light curve, search, burst, limits and times of one target
doc: |
  The same steps as the rules in workflows/acs.smk, for a target whose direction is known.

requirements:
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  name: {type: string, doc: Name of the event; the products are named after it}
  counts: {type: File, doc: Counts in any of the forms in use}
  trigger: {type: "string?", doc: Time that results count from}
  ra: {type: double, doc: "Right ascension of the source [deg]"}
  dec: {type: double, doc: "Declination of the source [deg]"}
  bin_size: {type: "double?", doc: "Bin width of the light curve [s]"}
  burst_start: {type: "double?", doc: "Start of what is left out of the background, from the trigger [s]"}
  burst_end: {type: "double?", doc: "End of that interval [s]"}
  response: {type: "double?", doc: Effective area in the direction of the burst over that in the best one}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  acs_lightcurve:
    run: tools/acs_lightcurve.cwl
    in:
      {scripts: scripts, counts: counts, trigger: trigger, name: name, bin_size: bin_size, burst_start: burst_start,
       burst_end: burst_end,
       lightcurve_name: {valueFrom: $(inputs.name)_lightcurve.fits},
       figure_name: {valueFrom: $(inputs.name)_lightcurve.png},
       figure_pdf_name: {valueFrom: $(inputs.name)_lightcurve.pdf}}
    out: [lightcurve, figure, figure_pdf]
  acs_search:
    run: tools/acs_search.cwl
    in:
      {scripts: scripts, counts: {source: [counts], linkMerge: merge_nested}, trigger: trigger, name: name,
       burst_start: burst_start, burst_end: burst_end,
       excesses_name: {valueFrom: $(inputs.name)_excesses.ecsv}, summary_name: {valueFrom: $(inputs.name)_search.json},
       figure_name: {valueFrom: $(inputs.name)_search.png}, figure_pdf_name: {valueFrom: $(inputs.name)_search.pdf}}
    out: [excesses, summary, figure, figure_pdf]
  acs_burst:
    run: tools/acs_burst.cwl
    in:
      {scripts: scripts, lightcurve: acs_lightcurve/lightcurve, trigger: trigger, name: name, response: response,
       burst_name: {valueFrom: $(inputs.name)_burst.ecsv}, summary_name: {valueFrom: $(inputs.name)_burst.json},
       figure_name: {valueFrom: $(inputs.name)_burst.png}, figure_pdf_name: {valueFrom: $(inputs.name)_burst.pdf}}
    out: [burst, summary, figure, figure_pdf]
  acs_limit:
    run: tools/acs_limit.cwl
    in:
      {scripts: scripts, lightcurve: acs_lightcurve/lightcurve, trigger: trigger, exclude_start: burst_start,
       exclude_end: burst_end, name: name,
       limits_name: {valueFrom: $(inputs.name)_limits.ecsv}, summary_name: {valueFrom: $(inputs.name)_limits.json}}
    out: [limits, summary]
  acs_timing:
    run: tools/acs_timing.cwl
    in:
      {scripts: scripts, lightcurve: acs_lightcurve/lightcurve, table: acs_burst/burst, ra: ra, dec: dec, name: name,
       timing_name: {valueFrom: $(inputs.name)_timing.ecsv}}
    out: [timing]

outputs:
  products:
    type: {type: array, items: File}
    outputSource:
      - acs_lightcurve/lightcurve
      - acs_lightcurve/figure
      - acs_lightcurve/figure_pdf
      - acs_search/excesses
      - acs_search/summary
      - acs_search/figure
      - acs_search/figure_pdf
      - acs_burst/burst
      - acs_burst/summary
      - acs_burst/figure
      - acs_burst/figure_pdf
      - acs_limit/limits
      - acs_limit/summary
      - acs_timing/timing
    linkMerge: merge_flattened
