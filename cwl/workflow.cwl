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
        name: acs_target
        fields:
          name: {type: string, doc: Name of the event}
          counts: {type: File, doc: Counts in any of the forms in use}
          trigger: {type: "string?", doc: Time that results count from}
          ra: {type: double, doc: "Right ascension of the source [deg]"}
          dec: {type: double, doc: "Declination of the source [deg]"}
          bin_size: {type: "double?", doc: "Bin width of the light curve [s]"}
          burst_start: {type: "double?", doc: "Start of what is left out of the background [s]"}
          burst_end: {type: "double?", doc: "End of that interval [s]"}
          response: {type: "double?", doc: Effective area over that in the best direction}
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
      - type: record
        name: isgri_target
        fields:
          name: {type: string, doc: Name of the target}
          images: {type: "File[]", doc: Sky images of science windows}
          catalogues: {type: "File[]?", doc: Catalogues that name the sources}
      - type: record
        name: isgri_events_target
        fields:
          name: {type: string, doc: Name of the target}
          batches: {type: "string[]", doc: Names of the batches of science windows}
          events:
            doc: Event files of each batch
            type: {type: array, items: {type: array, items: [File, Directory]}}
          several: {type: boolean, doc: Whether there are several windows}
          pixel_gains: {type: "File?", doc: Gains of the pixels}
          time_bin: {type: "double?", doc: "Length of a time bin [s]"}
          bands: {type: "string?", doc: "Energy bands [keV]"}
          weights: {type: "string?", doc: "How the energies of a band are added up: counts or spectrum"}
          catalogue: {type: "File?", doc: Catalogue that single images are searched with}
          catalogues: {type: "File[]?", doc: Catalogues that name the sources}
      - type: record
        name: isgri_simulated_target
        fields:
          name: {type: string, doc: Name of the target}
          table: {type: File, doc: Table of the sources to simulate}
          ra: {type: double, doc: "Right ascension of the centre [deg]"}
          dec: {type: double, doc: "Declination of the centre [deg]"}
          pattern: {type: "string?", doc: Dither pattern}
          windows: {type: "int?", doc: Number of science windows}
          duration: {type: "double?", doc: "Length of a window [s]"}
          bands: {type: "string?", doc: "Energy bands [keV]"}
          catalogue: {type: "File?", doc: Catalogue that single images are searched with}
          catalogues: {type: "File[]?", doc: Catalogues that name the sources}
      - $import: antares_types.yml
      - $import: event_types.yml
      - type: record
        name: polar_target
        fields:
          name: {type: string, doc: Name of the burst}
          counts: {type: File, doc: "Light curve: ROOT file, JSON of the service, or FITS"}
          catalogue: {type: "File?", doc: Catalogue of bursts in which the trigger is looked up}
          trigger: {type: "string?", doc: Time that results count from}
          burst_start: {type: "double?", doc: "Start of the burst, from the trigger [s]"}
          burst_end: {type: "double?", doc: "End of the burst [s]"}
          background_order: {type: "int?", doc: Order of the background's polynomial}
          least_background: {type: "double?", doc: "Background needed on either side [s]"}
      - type: record
        name: polar_list
        fields:
          name: {type: string, doc: Name of the list}
          bursts: {type: File, doc: Catalogue of bursts}
      - $import: legacy_types.yml
      - $import: skymap_types.yml
  StepInputExpressionRequirement: {}
  SubworkflowFeatureRequirement: {}

inputs:
  acs_targets:
    doc: Bursts and the counts of SPI-ACS around them
    type: {type: array, items: "#acs_target"}
    default: []
  event_targets:
    doc: Events whose messengers are shown together
    type: {type: array, items: "event_types.yml#event_target"}
    default: []
  antares_limits:
    doc: Positions of neutrino sources
    type: {type: array, items: "antares_types.yml#antares_limit_target"}
    default: []
  antares_searches:
    doc: Events around which neutrinos are looked for
    type: {type: array, items: "antares_types.yml#antares_search_target"}
    default: []
  antares_events:
    doc: Events as ANTARES publishes them
    type: File?
  antares_acceptance:
    doc: Acceptance table of ANTARES
    type: File?
  antares_polynomial:
    doc: Published cumulative number of ANTARES's events against declination
    type: File?
  gw_targets:
    doc: Gravitational-wave events and their strain files
    type: {type: array, items: "#gw_target"}
    default: []
  isgri_targets:
    doc: Sky images of IBIS/ISGRI to be added up
    type: {type: array, items: "#isgri_target"}
    default: []
  isgri_events_targets:
    doc: Event lists of IBIS/ISGRI
    type: {type: array, items: "#isgri_events_target"}
    default: []
  isgri_simulated_targets:
    doc: Fields of IBIS/ISGRI to be simulated
    type: {type: array, items: "#isgri_simulated_target"}
    default: []
  legacy_images:
    doc: Images of the Legacy Surveys
    type: {type: array, items: "legacy_types.yml#image_target"}
    default: []
  legacy_photometries:
    doc: Catalogues of the Legacy Surveys, and positions
    type: {type: array, items: "legacy_types.yml#photometry_target"}
    default: []
  legacy_hosts:
    doc: Ranked galaxies and their stamps
    type: {type: array, items: "legacy_types.yml#hosts_target"}
    default: []
  polar_targets:
    doc: Bursts and their light curves in POLAR
    type: {type: array, items: "#polar_target"}
    default: []
  polar_catalogues:
    doc: Catalogues of bursts to be listed
    type: {type: array, items: "#polar_list"}
    default: []
  skymap_regions:
    doc: Sky maps whose credible regions are wanted
    type: {type: array, items: "skymap_types.yml#region_target"}
    default: []
  skymap_positions:
    doc: Sky maps and positions to be looked up in them
    type: {type: array, items: "skymap_types.yml#position_target"}
    default: []
  skymap_distances:
    doc: Sky maps whose distances are wanted
    type: {type: array, items: "skymap_types.yml#distance_target"}
    default: []
  skymap_galaxies:
    doc: Sky maps and the galaxies to be ranked
    type: {type: array, items: "skymap_types.yml#galaxies_target"}
    default: []
  skymap_overlaps:
    doc: Sky maps to be compared, two by two
    type: {type: array, items: "skymap_types.yml#overlap_target"}
    default: []
  skymap_views:
    doc: Sky maps to be shown in a browser; those with galaxies are, without this
    type: {type: array, items: "skymap_types.yml#view_target"}
    default: []
  skymap_coverages:
    doc: Sky maps and the fields that cover them
    type: {type: array, items: "skymap_types.yml#coverage_target"}
    default: []
  skymap_visibilities:
    doc: Sky maps and the sites to observe them from
    type: {type: array, items: "skymap_types.yml#visibility_target"}
    default: []
  skymap_catalogues:
    doc: Catalogues of events and their sky maps
    type: {type: array, items: "skymap_types.yml#catalogue_target"}
    default: []
  scripts:
    doc: The scripts folder of Tidings, if it is not the one beside the folder of this file
    type: Directory?

steps:
  acs:
    run: acs.cwl
    scatter: target
    in:
      scripts: scripts
      target: acs_targets
      name: {valueFrom: $(inputs.target.name)}
      counts: {valueFrom: $(inputs.target.counts)}
      trigger: {valueFrom: $(inputs.target.trigger)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      bin_size: {valueFrom: $(inputs.target.bin_size)}
      burst_start: {valueFrom: $(inputs.target.burst_start)}
      burst_end: {valueFrom: $(inputs.target.burst_end)}
      response: {valueFrom: $(inputs.target.response)}
    out: [products]
  event:
    run: event.cwl
    scatter: target
    in:
      scripts: scripts
      target: event_targets
      name: {valueFrom: $(inputs.target.name)}
      detectors: {valueFrom: $(inputs.target.detectors)}
      strain: {valueFrom: $(inputs.target.strain)}
      before: {valueFrom: $(inputs.target.before)}
      after: {valueFrom: $(inputs.target.after)}
      counts: {valueFrom: $(inputs.target.counts)}
      trigger: {valueFrom: $(inputs.target.trigger)}
      bin_size: {valueFrom: $(inputs.target.bin_size)}
      burst_start: {valueFrom: $(inputs.target.burst_start)}
      burst_end: {valueFrom: $(inputs.target.burst_end)}
      response: {valueFrom: $(inputs.target.response)}
      skymap: {valueFrom: $(inputs.target.skymap)}
      time: {valueFrom: $(inputs.target.time)}
      time_error: {valueFrom: $(inputs.target.time_error)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      place: {valueFrom: $(inputs.target.place)}
      start: {valueFrom: $(inputs.target.start)}
      end: {valueFrom: $(inputs.target.end)}
      published: {valueFrom: $(inputs.target.published)}
      missing: {valueFrom: $(inputs.target.missing)}
    out: [products]
  antares:
    run: antares.cwl
    in:
      scripts: scripts
      limits: antares_limits
      searches: antares_searches
      events: antares_events
      acceptance: antares_acceptance
      background_polynomial: antares_polynomial
    out: [products]
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
  isgri:
    run: isgri.cwl
    scatter: target
    in:
      scripts: scripts
      target: isgri_targets
      name: {valueFrom: $(inputs.target.name)}
      images: {valueFrom: $(inputs.target.images)}
      catalogues: {valueFrom: $(inputs.target.catalogues)}
    out: [products]
  isgri_events:
    run: isgri_events.cwl
    scatter: target
    in:
      scripts: scripts
      target: isgri_events_targets
      name: {valueFrom: $(inputs.target.name)}
      batches: {valueFrom: $(inputs.target.batches)}
      events: {valueFrom: $(inputs.target.events)}
      several: {valueFrom: $(inputs.target.several)}
      pixel_gains: {valueFrom: $(inputs.target.pixel_gains)}
      time_bin: {valueFrom: $(inputs.target.time_bin)}
      bands: {valueFrom: $(inputs.target.bands)}
      weights: {valueFrom: $(inputs.target.weights)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      catalogues: {valueFrom: $(inputs.target.catalogues)}
    out: [products]
  isgri_simulated:
    run: isgri_simulated.cwl
    scatter: target
    in:
      scripts: scripts
      target: isgri_simulated_targets
      name: {valueFrom: $(inputs.target.name)}
      table: {valueFrom: $(inputs.target.table)}
      ra: {valueFrom: $(inputs.target.ra)}
      dec: {valueFrom: $(inputs.target.dec)}
      pattern: {valueFrom: $(inputs.target.pattern)}
      windows: {valueFrom: $(inputs.target.windows)}
      duration: {valueFrom: $(inputs.target.duration)}
      bands: {valueFrom: $(inputs.target.bands)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      catalogues: {valueFrom: $(inputs.target.catalogues)}
    out: [products]
  legacy:
    run: legacy.cwl
    in:
      scripts: scripts
      images: legacy_images
      photometries: legacy_photometries
      hosts: legacy_hosts
    out: [products]
  polar:
    run: polar.cwl
    scatter: target
    in:
      scripts: scripts
      target: polar_targets
      name: {valueFrom: $(inputs.target.name)}
      counts: {valueFrom: $(inputs.target.counts)}
      catalogue: {valueFrom: $(inputs.target.catalogue)}
      trigger: {valueFrom: $(inputs.target.trigger)}
      burst_start: {valueFrom: $(inputs.target.burst_start)}
      burst_end: {valueFrom: $(inputs.target.burst_end)}
      background_order: {valueFrom: $(inputs.target.background_order)}
      least_background: {valueFrom: $(inputs.target.least_background)}
    out: [products]
  polar_catalogue:
    run: tools/polar_catalogue.cwl
    scatter: target
    in:
      scripts: scripts
      target: polar_catalogues
      catalogue: {valueFrom: $(inputs.target.bursts)}
      bursts_name: {valueFrom: $(inputs.target.name)_bursts.ecsv}
      votable_name: {valueFrom: $(inputs.target.name)_bursts.vot}
    out: [bursts, votable]
  skymap:
    run: skymap.cwl
    in:
      scripts: scripts
      regions: skymap_regions
      positions: skymap_positions
      distances: skymap_distances
      galaxies: skymap_galaxies
      overlaps: skymap_overlaps
      views: skymap_views
      coverages: skymap_coverages
      visibilities: skymap_visibilities
      catalogues: skymap_catalogues
    out: [products]

outputs:
  acs_products:
    doc: Products of the bursts
    type: {type: array, items: {type: array, items: File}}
    outputSource: acs/products
  event_products:
    doc: All messengers of the events
    type: {type: array, items: {type: array, items: File}}
    outputSource: event/products
  antares_products:
    doc: Limits and neutrinos
    type: {type: array, items: File}
    outputSource: antares/products
  gw_products:
    doc: Products of the gravitational-wave events
    type: {type: array, items: {type: array, items: File}}
    outputSource: [gw/strain_products, gw/spectrogram_products, gw/network_products]
    linkMerge: merge_flattened
  skymap_products:
    doc: Products of the sky localisations
    type: {type: array, items: [File, Directory]}
    outputSource: skymap/products
  isgri_products:
    doc: Sky images, mosaics, light curves and spectra
    type: {type: array, items: {type: array, items: File}}
    outputSource: [isgri/products, isgri_events/products, isgri_simulated/products]
    linkMerge: merge_flattened
  legacy_products:
    doc: Products of the Legacy Surveys
    type: {type: array, items: File}
    outputSource: legacy/products
  polar_products:
    doc: Products of the bursts in POLAR
    type: {type: array, items: {type: array, items: File}}
    outputSource: polar/products
  polar_lists:
    doc: Catalogues of bursts
    type: {type: array, items: File}
    outputSource: [polar_catalogue/bursts, polar_catalogue/votable]
    linkMerge: merge_flattened
