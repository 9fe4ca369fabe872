"""The catalogue as linked data: Bioschemas for workflows and tools, the ODA ontology for their parameters.

Profiles: Bioschemas ComputationalWorkflow 1.0, ComputationalTool 1.0 and FormalParameter 1.0
(bioschemas.org). Terms of the MMODA ontology (http://odahub.io/ontology) are those that its file declares;
subjects are concepts of the Unified Astronomy Thesaurus. The context stands in the document, so that it is
read without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidings.catalogue.entries import Workflow
from tidings.crate.citation import Citation
from tidings.crate.subjects import label, subjects_of
from tidings.step.declaration import Field, In, Out, Param, Record, Step

CONTEXT = {
    "@vocab": "https://schema.org/",
    "dct": "http://purl.org/dc/terms/",
    "oda": "http://odahub.io/ontology#",
    "unit": "http://odahub.io/ontology/unit#",
    "ComputationalWorkflow": "https://bioschemas.org/types/ComputationalWorkflow",
    "ComputationalTool": "https://bioschemas.org/types/ComputationalTool",
    "FormalParameter": "https://bioschemas.org/types/FormalParameter",
    "input": {"@id": "https://bioschemas.org/properties/input", "@type": "@id"},
    "output": {"@id": "https://bioschemas.org/properties/output", "@type": "@id"},
}
PROFILE = "https://bioschemas.org/profiles/{0}/1.0-RELEASE"
BASE = "urn:tidings:"
# Parameters by name, where the ontology has a term of its own for them.
_BY_NAME = {
    "ra": "PointOfInterestRA",
    "dec": "PointOfInterestDEC",
    "trigger": "TimeInstant",
    "time": "TimeInstant",
    "T1": "StartTime",
    "T2": "EndTime",
}
_BY_UNIT = {
    "s": ("TimeIntervalSeconds", "Second"),
    "d": ("TimeIntervalDays", "Day"),
    "deg": ("AngleDegrees", "Degree"),
    "arcmin": ("AngleMinutes", "arcmin"),
    "arcsec": ("AngleSeconds", "arcsec"),
    "Hz": ("FrequencyHz", "Hz"),
    "keV": ("Energy_keV", "keV"),
    "GeV": ("Energy_GeV", "GeV"),
    "%": ("Percentage", None),
}
_BY_TYPE = {float: "Float", int: "Integer", str: "String", bool: "Boolean"}
_SCHEMA_TYPES = {float: "Float", int: "Integer", str: "Text", bool: "Boolean"}
# Products by step and output, then by format.
_PRODUCTS = {
    ("acs_lightcurve", "lightcurve"): "LightCurve",
    ("polar_lightcurve", "lightcurve"): "LightCurve",
    ("isgri_lightcurve", "lightcurves"): "LightCurve",
    ("isgri_spectrum", "spectra"): "Spectrum",
    ("isgri_image", "image"): "Image",
    ("isgri_mosaic", "mosaic"): "Image",
    ("legacy_image", "stamp"): "Image",
    ("skymap_region", "multiorder"): "Image",
    ("skymap_overlap", "product"): "Image",
}
_FORMATS = {
    "png": "ODAPictureProduct",
    "pdf": "ODAPictureProduct",
    "ecsv": "ODAAstropyTable",
    "votable": "ODAAstropyTable",
    "json": "ODATextProduct",
    "html": "ODATextProduct",
    "geojson": "ODATextProduct",
}


def document(workflows: Sequence[Workflow], citation: Citation) -> dict[str, Any]:
    """Return the catalogue as JSON-LD.

    Parameters
    ----------
    workflows : sequence of Workflow
        As `tidings.catalogue.entries.workflows` returns them.
    citation : Citation
        Authors, version, licence.
    """
    graph: list[dict[str, Any]] = [_catalogue(workflows, citation)]
    for workflow in workflows:
        graph.append(_workflow(workflow, citation))
        for step in workflow.steps:
            graph.append(_tool(step, workflow, citation))
            graph += [_parameter(step, field) for field in step.fields if not isinstance(field.kind, Record)]
    graph += [_term(subject) for subject in subjects_of(workflow.name for workflow in workflows)]
    return {"@context": CONTEXT, "@graph": graph}


def _catalogue(workflows: Sequence[Workflow], citation: Citation) -> dict[str, Any]:
    return {
        "@id": f"{BASE}catalogue",
        "@type": "DataCatalog",
        "name": citation.title,
        "description": " ".join(citation.abstract.split()),
        "license": {"@id": citation.license_url},
        "version": citation.version,
        "hasPart": [{"@id": f"{BASE}workflow:{workflow.name}"} for workflow in workflows],
    }


def _common(citation: Citation) -> dict[str, Any]:
    people = [
        {"@type": "Person" if author.is_person else "Organization", "name": author.listed}
        for author in citation.authors
    ]
    return {
        "creator": people,
        "sdPublisher": people[0],
        "dateCreated": {"@value": citation.released, "@type": "Date"},
        "license": {"@id": citation.license_url},
        "version": citation.version,
    }


def _workflow(workflow: Workflow, citation: Citation) -> dict[str, Any]:
    made = {
        "@id": f"{BASE}workflow:{workflow.name}",
        "@type": ["ComputationalWorkflow", "SoftwareSourceCode", "oda:Workflow"],
        "dct:conformsTo": {"@id": PROFILE.format("ComputationalWorkflow")},
        "name": workflow.title,
        "description": f"{workflow.inputs} {workflow.outputs}",
        "url": workflow.rules,
        "codeRepository": [workflow.rules, workflow.cwl],
        "softwareRequirements": workflow.environment,
        "programmingLanguage": ["Snakemake", "Common Workflow Language"],
        "about": [{"@id": subject} for subject in subjects_of([workflow.name])],
        "hasPart": [{"@id": f"{BASE}step:{step.name}"} for step in workflow.steps],
    }
    made["input"] = _ids(workflow.steps, In)
    made["output"] = _ids(workflow.steps, Out)
    return made | _common(citation)


def _tool(step: Step, workflow: Workflow, citation: Citation) -> dict[str, Any]:
    made = {
        "@id": f"{BASE}step:{step.name}",
        "@type": ["ComputationalTool", "SoftwareApplication", "oda:Workflow"],
        "dct:conformsTo": {"@id": PROFILE.format("ComputationalTool")},
        "name": step.name,
        "description": " ".join(step.doc.split()),
        "url": f"scripts/{step.name}.py",
        "codeRepository": [f"scripts/{step.name}.py", f"cwl/tools/{step.name}.cwl"],
        "softwareRequirements": workflow.environment,
        "isPartOf": {"@id": f"{BASE}workflow:{workflow.name}"},
        "input": [_id(step, field) for field in (*step.select(In), *step.select(Param))],
        "output": _ids([step], Out),
    }
    return made | _common(citation)


def _id(step: Step, field: Field) -> str:
    return f"{BASE}step:{step.name}:{field.name}"


def _ids(steps: Sequence[Step], kind: type) -> list[str]:
    return [_id(step, field) for step in steps for field in step.select(kind)]


def _parameter(step: Step, field: Field) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@id": _id(step, field),
        "dct:conformsTo": {"@id": PROFILE.format("FormalParameter")},
        "name": field.name,
        "description": field.kind.doc,
    }
    if isinstance(field.kind, Param):
        return made | _value(field)
    types = ["FormalParameter"] + ([f"oda:{_product(step, field)}"] if isinstance(field.kind, Out) else [])
    facts: dict[str, Any] = {"@type": types, "additionalType": "File", "multipleValues": field.many}
    facts["valueRequired"] = not field.optional
    return made | facts | ({"encodingFormat": field.kind.format} if field.kind.format else {})


def _product(step: Step, field: Field) -> str:
    known = _PRODUCTS.get((step.name, field.name))
    return known or _FORMATS.get(field.kind.format or "", "ODABinaryProduct")


def _value(field: Field) -> dict[str, Any]:
    """Describe a parameter: its term by name, else by unit, else by type; bounds, choices and default."""
    by_unit, unit = _BY_UNIT.get(field.kind.unit or "", (None, None))
    term = _BY_NAME.get(field.name) or (by_unit if field.type is float else None) or _BY_TYPE[field.type]
    made: dict[str, Any] = {
        "@type": ["FormalParameter", f"oda:{term}"],
        "additionalType": _SCHEMA_TYPES[field.type],
        "multipleValues": field.many,
        "valueRequired": field.required,
    }
    if field.kind.unit:
        made |= {"unitText": field.kind.unit, "oda:unit": field.kind.unit}
    if unit:
        made["oda:has_unit"] = {"@id": f"unit:{unit}"}
    if field.kind.min is not None:
        made |= {"minValue": field.kind.min, "oda:lower_limit": field.kind.min}
    if field.kind.max is not None:
        made |= {"maxValue": field.kind.max, "oda:upper_limit": field.kind.max}
    if field.choices:
        made["oda:allowed_value"] = list(field.choices)
    if field.default not in (None, "", (), []):
        made["defaultValue"] = list(field.default) if isinstance(field.default, tuple) else field.default
    return made


def _term(subject: str) -> dict[str, Any]:
    return {"@id": subject, "@type": "DefinedTerm", "name": label(subject)}
