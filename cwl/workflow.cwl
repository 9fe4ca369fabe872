#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Tidings, all reductions
doc: |
  Every reduction of every target in the job file, as the rule `all` of the Snakefile makes them.
  cwltool --outdir results_cwl cwl/workflow.cwl cwl/job.yml

requirements:
  MultipleInputFeatureRequirement: {}
  ScatterFeatureRequirement: {}
  SchemaDefRequirement:
    types:
      - type: record
        name: gw_target
        fields:
          event: {type: string, doc: Event name or time}
          detectors: {type: "string[]", doc: Detectors}
          strain:
            doc: Strain files of each detector, in the order of the detectors
            type:
              type: array
              items: {type: array, items: [File, Directory]}
          before: {type: "double?", doc: "Time shown before the event [s]"}
          after: {type: "double?", doc: "Time shown after the event [s]"}
          trim: {type: "double?", doc: "Length left out at either end of the data [s]"}
          fmax: {type: "double?", doc: "Upper end of the spectrogram [Hz]"}
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  gw_targets:
    doc: Gravitational-wave events and their strain files
    type: {type: array, items: "#gw_target"}
    default: []
  scripts:
    doc: The scripts folder of Tidings, if it is not the one beside the folder of this file
    type: Directory?

steps:
  gw:
    run: gw.cwl
    scatter: target
    in:
      scripts: scripts
      target: gw_targets
      event: {valueFrom: $(inputs.target.event)}
      detectors: {valueFrom: $(inputs.target.detectors)}
      strain: {valueFrom: $(inputs.target.strain)}
      before: {valueFrom: $(inputs.target.before)}
      after: {valueFrom: $(inputs.target.after)}
      trim: {valueFrom: $(inputs.target.trim)}
      fmax: {valueFrom: $(inputs.target.fmax)}
    out: [strain_products, spectrogram_products, network_products]

outputs:
  gw_products:
    doc: Products of the gravitational-wave events
    type: {type: array, items: {type: array, items: File}}
    outputSource: [gw/strain_products, gw/spectrogram_products, gw/network_products]
    linkMerge: merge_flattened
