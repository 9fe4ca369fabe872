#!/usr/bin/env cwltool
cwlVersion: v1.2
class: Workflow
label: Sky localisations, their regions, distances, galaxies, coverage, visibility and catalogues
doc: |
  The same steps as the rules in workflows/skymap.smk. Each list has the targets for which one step is done;
  ranked galaxies get their interactive view of themselves.

requirements:
  ScatterFeatureRequirement: {}
  MultipleInputFeatureRequirement: {}
  StepInputExpressionRequirement: {}
  SchemaDefRequirement:
    types:
      - $import: skymap_types.yml

inputs:
  regions: {type: {type: array, items: "skymap_types.yml#region_target"}, default: [], doc: Credible regions wanted}
  positions: {type: {type: array, items: "skymap_types.yml#position_target"}, default: [], doc: Positions to be looked up}
  distances: {type: {type: array, items: "skymap_types.yml#distance_target"}, default: [], doc: Distances wanted}
  galaxies: {type: {type: array, items: "skymap_types.yml#galaxies_target"}, default: [], doc: Galaxies to be ranked}
  overlaps: {type: {type: array, items: "skymap_types.yml#overlap_target"}, default: [], doc: Localisations to be compared}
  views: {type: {type: array, items: "skymap_types.yml#view_target"}, default: [], doc: Interactive views of maps without galaxies}
  coverages: {type: {type: array, items: "skymap_types.yml#coverage_target"}, default: [], doc: Coverage by fields}
  visibilities: {type: {type: array, items: "skymap_types.yml#visibility_target"}, default: [], doc: Visibilities wanted}
  catalogues: {type: {type: array, items: "skymap_types.yml#catalogue_target"}, default: [], doc: Catalogues of events}
  scripts: {type: "Directory?", doc: "The scripts folder of Tidings, if it is not the one beside the folder of this file"}

steps:
  skymap_region:
    run: tools/skymap_region.cwl
    scatter: target
    in:
      scripts: scripts
      target: regions
      skymap: {valueFrom: $(inputs.target.skymap)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      name: {valueFrom: $(inputs.target.name)}
      areas_name: {valueFrom: $(inputs.target.name)_areas.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_areas.vot}
      summary_name: {valueFrom: $(inputs.target.name)_region.json}
      mocs_name: {valueFrom: $(inputs.target.name)_region_mocs}
      geojson_name: {valueFrom: $(inputs.target.name)_region.geojson}
      ds9_name: {valueFrom: $(inputs.target.name)_region.reg}
      multiorder_name: {valueFrom: $(inputs.target.name)_map.multiorder.fits}
      figure_name: {valueFrom: $(inputs.target.name)_allsky.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_allsky.pdf}
      zoom_name: {valueFrom: $(inputs.target.name)_zoom.png}
      zoom_pdf_name: {valueFrom: $(inputs.target.name)_zoom.pdf}
    out: [areas, votable, summary, mocs, geojson, ds9, multiorder, figure, figure_pdf, zoom, zoom_pdf]
  skymap_position:
    run: tools/skymap_position.cwl
    scatter: target
    in:
      scripts: scripts
      target: positions
      skymap: {valueFrom: $(inputs.target.skymap)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      distance: {valueFrom: $(inputs.target.distance)}
      table_name: {valueFrom: $(inputs.target.name)_positions.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_positions.vot}
    out: [table, votable]
  skymap_distance:
    run: tools/skymap_distance.cwl
    scatter: target
    in:
      scripts: scripts
      target: distances
      skymap: {valueFrom: $(inputs.target.skymap)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      name: {valueFrom: $(inputs.target.name)}
      distance_name: {valueFrom: $(inputs.target.name)_distance.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_distance.vot}
      summary_name: {valueFrom: $(inputs.target.name)_distance.json}
      figure_name: {valueFrom: $(inputs.target.name)_distance.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_distance.pdf}
    out: [distance, votable, summary, figure, figure_pdf]
  skymap_galaxies:
    run: tools/skymap_galaxies.cwl
    scatter: target
    in:
      scripts: scripts
      target: galaxies
      skymap: {valueFrom: $(inputs.target.skymap)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      name: {valueFrom: $(inputs.target.name)}
      galaxies_name: {valueFrom: $(inputs.target.name)_galaxies.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_galaxies.vot}
      parquet_name: {valueFrom: $(inputs.target.name)_galaxies.parquet}
      summary_name: {valueFrom: $(inputs.target.name)_galaxies.json}
      figure_name: {valueFrom: $(inputs.target.name)_galaxies.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_galaxies.pdf}
    out: [galaxies, votable, parquet, summary, figure, figure_pdf]
  skymap_view:
    run: tools/skymap_view.cwl
    scatter: target
    in:
      scripts: scripts
      target: views
      skymap: {valueFrom: $(inputs.target.skymap)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      mark: {valueFrom: $(inputs.target.mark)}
      name: {valueFrom: $(inputs.target.name)}
      view_name: {valueFrom: $(inputs.target.name)_view.html}
    out: [view]
  skymap_view_of_galaxies:
    run: tools/skymap_view.cwl
    scatter: [target, galaxies]
    scatterMethod: dotproduct
    in:
      scripts: scripts
      target: galaxies
      galaxies: skymap_galaxies/galaxies
      skymap: {valueFrom: $(inputs.target.skymap)}
      name: {valueFrom: $(inputs.target.name)}
      view_name: {valueFrom: $(inputs.target.name)_view.html}
    out: [view]
  skymap_coverage:
    run: tools/skymap_coverage.cwl
    scatter: target
    in:
      scripts: scripts
      target: coverages
      skymap: {valueFrom: $(inputs.target.skymap)}
      fields: {valueFrom: $(inputs.target.fields)}
      moc: {valueFrom: $(inputs.target.moc)}
      name: {valueFrom: $(inputs.target.name)}
      table_name: {valueFrom: $(inputs.target.name)_coverage.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_coverage.vot}
      summary_name: {valueFrom: $(inputs.target.name)_coverage.json}
      covered_name: {valueFrom: $(inputs.target.name)_covered.moc.fits}
      uncovered_name: {valueFrom: $(inputs.target.name)_uncovered.moc.fits}
      figure_name: {valueFrom: $(inputs.target.name)_coverage.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_coverage.pdf}
    out: [table, votable, summary, covered, uncovered, figure, figure_pdf]
  skymap_overlap:
    run: tools/skymap_overlap.cwl
    scatter: target
    in:
      scripts: scripts
      target: overlaps
      skymap: {valueFrom: $(inputs.target.skymap)}
      other: {valueFrom: $(inputs.target.other)}
      names: {valueFrom: $(inputs.target.names)}
      overlap_name: {valueFrom: $(inputs.target.name)_overlap.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_overlap.vot}
      product_name: {valueFrom: $(inputs.target.name)_product.multiorder.fits}
      figure_name: {valueFrom: $(inputs.target.name)_overlap.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_overlap.pdf}
    out: [overlap, votable, product, figure, figure_pdf]
  skymap_visibility:
    run: tools/skymap_visibility.cwl
    scatter: target
    in:
      scripts: scripts
      target: visibilities
      skymap: {valueFrom: $(inputs.target.skymap)}
      site: {valueFrom: $(inputs.target.site)}
      name: {valueFrom: $(inputs.target.name)}
      table_name: {valueFrom: $(inputs.target.name)_visibility.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_visibility.vot}
      summary_name: {valueFrom: $(inputs.target.name)_visibility.json}
      moc_name: {valueFrom: $(inputs.target.name)_observable.moc.fits}
      figure_name: {valueFrom: $(inputs.target.name)_visibility.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_visibility.pdf}
    out: [table, votable, summary, moc, figure, figure_pdf]
  skymap_catalogue:
    run: tools/skymap_catalogue.cwl
    scatter: target
    in:
      scripts: scripts
      target: catalogues
      skymaps: {valueFrom: $(inputs.target.skymaps)}
      table: {valueFrom: $(inputs.target.table)}
      title: {valueFrom: $(inputs.target.name)}
      catalogue_name: {valueFrom: $(inputs.target.name)_catalogue.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_catalogue.vot}
      parquet_name: {valueFrom: $(inputs.target.name)_catalogue.parquet}
      contours_name: {valueFrom: $(inputs.target.name)_contours.geojson}
      mocs_name: {valueFrom: $(inputs.target.name)_mocs}
      figure_name: {valueFrom: $(inputs.target.name)_catalogue.png}
      figure_pdf_name: {valueFrom: $(inputs.target.name)_catalogue.pdf}
    out: [catalogue, votable, parquet, contours, mocs, figure, figure_pdf]

outputs:
  products:
    type: {type: array, items: [File, Directory]}
    outputSource:
      - skymap_region/areas
      - skymap_region/votable
      - skymap_region/summary
      - skymap_region/mocs
      - skymap_region/geojson
      - skymap_region/ds9
      - skymap_region/multiorder
      - skymap_region/figure
      - skymap_region/figure_pdf
      - skymap_region/zoom
      - skymap_region/zoom_pdf
      - skymap_position/table
      - skymap_position/votable
      - skymap_distance/distance
      - skymap_distance/votable
      - skymap_distance/summary
      - skymap_distance/figure
      - skymap_distance/figure_pdf
      - skymap_galaxies/galaxies
      - skymap_galaxies/votable
      - skymap_galaxies/parquet
      - skymap_galaxies/summary
      - skymap_galaxies/figure
      - skymap_galaxies/figure_pdf
      - skymap_view/view
      - skymap_view_of_galaxies/view
      - skymap_coverage/table
      - skymap_coverage/votable
      - skymap_coverage/summary
      - skymap_coverage/covered
      - skymap_coverage/uncovered
      - skymap_coverage/figure
      - skymap_coverage/figure_pdf
      - skymap_overlap/overlap
      - skymap_overlap/votable
      - skymap_overlap/product
      - skymap_overlap/figure
      - skymap_overlap/figure_pdf
      - skymap_visibility/table
      - skymap_visibility/votable
      - skymap_visibility/summary
      - skymap_visibility/moc
      - skymap_visibility/figure
      - skymap_visibility/figure_pdf
      - skymap_catalogue/catalogue
      - skymap_catalogue/votable
      - skymap_catalogue/parquet
      - skymap_catalogue/contours
      - skymap_catalogue/mocs
      - skymap_catalogue/figure
      - skymap_catalogue/figure_pdf
    linkMerge: merge_flattened
