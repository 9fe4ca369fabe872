#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Gravitational-wave spectrograms of one event
doc: |
  Conditioned strain, Q-transform spectrogram and loudest tiles for each detector, and the figure and
  table of the network. The same steps as the rules in workflows/gw.smk.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}

inputs:
  event:
    type: string
    doc: Event name or time; the products are named after it
  detectors:
    type: string[]
    doc: Detectors, such as H1 and L1
  strain:
    type:
      type: array
      items: {type: array, items: [File, Directory]}
    doc: Strain files of each detector, in the order of the detectors
  before:
    type: double?
    doc: Time shown before the event [s]
  after:
    type: double?
    doc: Time shown after the event [s]
  trim:
    type: double?
    doc: Length left out at either end of the data [s]
  fmax:
    type: double?
    doc: Upper end of the spectrogram [Hz]
  scripts:
    type: Directory?
    doc: The scripts folder of Tidings, if it is not the one beside the folder of this file

steps:
  gw_strain:
    run: tools/gw_strain.cwl
    scatter: [detector, strain]
    scatterMethod: dotproduct
    in:
      scripts: scripts
      event: event
      detector: detectors
      strain: strain
      before: before
      after: after
      trim: trim
      conditioned_name: {valueFrom: $(inputs.event)_$(inputs.detector)_strain.hdf5}
      figure_name: {valueFrom: $(inputs.event)_$(inputs.detector)_strain.png}
      figure_pdf_name: {valueFrom: $(inputs.event)_$(inputs.detector)_strain.pdf}
    out: [conditioned, figure, figure_pdf]

  gw_spectrogram:
    run: tools/gw_spectrogram.cwl
    scatter: [detector, strain]
    scatterMethod: dotproduct
    in:
      scripts: scripts
      event: event
      detector: detectors
      strain: strain
      before: before
      after: after
      trim: trim
      fmax: fmax
      spectrogram_name: {valueFrom: $(inputs.event)_$(inputs.detector)_spectrogram.hdf5}
      tiles_name: {valueFrom: $(inputs.event)_$(inputs.detector)_tiles.ecsv}
      figure_name: {valueFrom: $(inputs.event)_$(inputs.detector)_spectrogram.png}
      figure_pdf_name: {valueFrom: $(inputs.event)_$(inputs.detector)_spectrogram.pdf}
    out: [spectrogram, tiles, figure, figure_pdf]

  gw_network:
    run: tools/gw_network.cwl
    in:
      scripts: scripts
      event: event
      spectrograms: gw_spectrogram/spectrogram
      figure_name: {valueFrom: $(inputs.event)_network.png}
      figure_pdf_name: {valueFrom: $(inputs.event)_network.pdf}
      tiles_name: {valueFrom: $(inputs.event)_network.ecsv}
    out: [figure, figure_pdf, tiles]

outputs:
  strain_products:
    type: {type: array, items: File}
    outputSource: [gw_strain/conditioned, gw_strain/figure, gw_strain/figure_pdf]
    linkMerge: merge_flattened
  spectrogram_products:
    type: {type: array, items: File}
    outputSource: [gw_spectrogram/spectrogram, gw_spectrogram/tiles, gw_spectrogram/figure, gw_spectrogram/figure_pdf]
    linkMerge: merge_flattened
  network_products:
    type: {type: array, items: File}
    outputSource: [gw_network/figure, gw_network/figure_pdf, gw_network/tiles]
    linkMerge: merge_flattened
