"""The JSON-LD of a crate: RO-Crate 1.1, Workflow RO-Crate 1.0, and the three profiles of WRROC 0.5."""

from __future__ import annotations

import shlex
from collections import defaultdict
from typing import Any
from urllib.parse import quote

from tidings.crate import parameters
from tidings.crate.citation import Citation
from tidings.crate.entities import (
    BIOSCHEMAS,
    CONTEXT,
    CRATE,
    RUN_PROFILES,
    RUN_TERMS,
    WORKFLOW_CRATE,
    Entity,
    author_id,
    clock,
    common,
    encoding,
    file_id,
    job_id,
    named_information,
    ref,
    refs,
    tool_id,
)
from tidings.crate.model import Crate, CrateFile, Job

_ENGINES = {
    "snakemake": ("Snakemake", "https://snakemake.github.io"),
    "cwltool": ("cwltool", "https://github.com/common-workflow-language/cwltool"),
    "toil": ("Toil", "https://toil.readthedocs.io"),
}
_SNAKEMAKE = (
    "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
    "Snakemake",
    "https://snakemake.github.io",
)
_CWL = (
    "https://w3id.org/workflowhub/workflow-ro-crate#cwl",
    "Common Workflow Language",
    "https://www.commonwl.org",
)
_LANGUAGES = {"snakemake": _SNAKEMAKE, "cwltool": _CWL, "toil": _CWL}
# As text: the profiles compare it so.
_DONE = "http://schema.org/CompletedActionStatus"


def metadata(crate: Crate, citation: Citation, extra: dict[str, str]) -> Entity:
    """Return the content of ``ro-crate-metadata.json``.

    Parameters
    ----------
    crate : Crate
        The run.
    citation : Citation
        Authors, licence and words of the suite.
    extra : dict
        Other files of the crate to describe, by path, and what they are.
    """
    entities = [
        *_heading(crate, citation, extra),
        *_workflow(crate, citation),
        *_steps(crate),
        *parameters.entities(crate),
        *_actions(crate, citation),
        *_environment(crate),
        *(_file(crate, file) for file in crate.files.values()),
        *(_plain_file(path, about) for path, about in extra.items()),
    ]
    return {"@context": CONTEXT, "@graph": entities}


def _heading(crate: Crate, citation: Citation, extra: dict[str, str]) -> list[Entity]:
    used = _used(crate)
    parts = [
        *(name for name in map(file_id, crate.files.values()) if not name.startswith("#")),
        *(quote(path) for path in extra),
        *(tool_id(step) for step in used),
        f"source/{crate.engine.workflow}",
        *(f"source/{name}" for name in crate.locks),
        "source/",
    ]
    actions = [
        "#organize",
        "#run",
        *(job_id(job) for job in crate.jobs),
        *(f"#control/{step}" for step in used),
    ]
    root, *others = common(crate, citation)
    root |= {
        "description": f"A run of {len(crate.jobs)} jobs of Tidings {crate.version}, with its products, "
        f"data and code. {citation.abstract}",
        "conformsTo": refs([*RUN_PROFILES, WORKFLOW_CRATE]),
        "mainEntity": ref(f"source/{crate.engine.workflow}"),
        "hasPart": refs(parts),
        "mentions": refs([*actions, "#image"]),
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": ref("./"),
        "conformsTo": refs([CRATE, WORKFLOW_CRATE]),
    }
    source = {
        "@id": "source/",
        "@type": "Dataset",
        "name": "Tidings, the suite",
        "description": "All files of the suite; their checksums are in manifest-sha256.txt",
        "version": crate.version,
    }
    if crate.commit:
        source["identifier"] = f"git:{crate.commit}"
    return [descriptor, root, source, *others]


# ---- what was run ---------------------------------------------------------------------------------------


def _used(crate: Crate) -> list[str]:
    """Return the steps that were run, in the order of the DAG."""
    return list(dict.fromkeys(job.step for job in crate.jobs))


def _workflow(crate: Crate, citation: Citation) -> list[Entity]:
    language, name, url = _LANGUAGES[crate.engine.name]
    engine, home = _ENGINES[crate.engine.name]
    used = _used(crate)
    workflow = {
        "@id": f"source/{crate.engine.workflow}",
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": citation.title,
        "description": citation.abstract,
        "programmingLanguage": ref(language),
        "encodingFormat": encoding(crate.engine.workflow) if "." in crate.engine.workflow else "text/plain",
        "license": ref(citation.license_url),
        "creator": [ref(author_id(n, a)) for n, a in enumerate(citation.authors, 1)],
        "version": crate.version,
        "conformsTo": ref(BIOSCHEMAS),
        "url": ref(f"source/{crate.engine.workflow}"),
        "hasPart": refs(tool_id(step) for step in used),
        "step": refs(f"#step/{step}" for step in used),
        "input": refs(["#parameter/configuration", *parameters.whole(crate, "input")]),
        "output": refs(parameters.whole(crate, "product")),
        "buildInstructions": ref("source/envs/science.txt"),
    }
    return [
        workflow,
        {"@id": language, "@type": "ComputerLanguage", "name": name, "url": ref(url), "identifier": ref(url)},
        {
            "@id": home,
            "@type": "SoftwareApplication",
            "name": engine,
            "url": ref(home),
            "softwareVersion": crate.engine.version,
        },
    ]


def _steps(crate: Crate) -> list[Entity]:
    """Describe the steps, the tools that they are, and what flows between them."""
    made = []
    flows = _flows(crate)
    code = {job.step: job.code for job in crate.jobs}
    for position, step in enumerate(_used(crate), 1):
        names = parameters.declared(crate, step)
        tool = {
            "@id": tool_id(step),
            "@type": ["File", "SoftwareSourceCode"],
            "name": step,
            "description": parameters.tool_doc(step),
            "encodingFormat": "text/x-python",
            "version": crate.version,
            "url": ref(tool_id(step)),
            "identifier": f"code:{code[step]}",
            "programmingLanguage": "Python",
            "input": refs(names.inputs),
            "output": refs(names.outputs),
        }
        one = {
            "@id": f"#step/{step}",
            "@type": "HowToStep",
            "name": step,
            "position": str(position),
            "workExample": ref(tool_id(step)),
        }
        if flows[step]:
            one["connection"] = [ref(flow["@id"]) for flow in flows[step]]
        made += [tool, one, *flows[step]]
    return made


def _flows(crate: Crate) -> dict[str, list[Entity]]:
    """Return by step the connections from outputs of other steps to its inputs."""
    makers = {path: (job.step, name) for job in crate.jobs for name, path in job.outputs.items()}
    made: dict[str, dict[str, Entity]] = defaultdict(dict)
    for job in crate.jobs:
        for name, paths in job.inputs.items():
            for path in (path for path in paths if path in makers):
                step, output = makers[path]
                flow = f"#connection/{step}/{output}/{job.step}/{name}"
                made[job.step][flow] = {
                    "@id": flow,
                    "@type": "ParameterConnection",
                    "sourceParameter": ref(parameters.formal_id(step, output, path.endswith("/"))),
                    "targetParameter": ref(parameters.formal_id(job.step, name, path.endswith("/"))),
                }
    return defaultdict(list, {step: list(flows.values()) for step, flows in made.items()})


def _actions(crate: Crate, citation: Citation) -> list[Entity]:
    agent = [ref(author_id(n, a)) for n, a in enumerate(citation.authors, 1)]
    used = _used(crate)
    whole = {"startTime": clock(crate.start), "endTime": clock(crate.end), "actionStatus": _DONE}
    organize = {
        "@id": "#organize",
        "@type": "OrganizeAction",
        "name": f"{_ENGINES[crate.engine.name][0]} ran the workflow",
        "instrument": ref(_ENGINES[crate.engine.name][1]),
        "object": refs(f"#control/{step}" for step in used),
        "result": ref("#run"),
        "agent": agent,
        **whole,
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": crate.name,
        "description": f"All {len(crate.jobs)} jobs of {crate.engine.workflow}",
        "instrument": ref(f"source/{crate.engine.workflow}"),
        "object": refs(["run/configuration.json", *(file_id(f) for f in crate.inputs)]),
        "result": refs(file_id(f) for f in crate.products),
        "agent": agent,
        **whole,
    }
    controls = [
        {
            "@id": f"#control/{step}",
            "@type": "ControlAction",
            "name": f"Jobs of {step}",
            "instrument": ref(f"#step/{step}"),
            "object": refs(job_id(job) for job in crate.jobs if job.step == step),
        }
        for step in used
    ]
    jobs = [entity for job in crate.jobs for entity in _job(crate, job, agent)]
    return [organize, run, *controls, *jobs]


def _job(crate: Crate, job: Job, agent: Any) -> list[Entity]:
    bindings = [
        {
            "@id": f"#binding/{job.step}/{quote(job.name)}/{name}",
            "@type": "PropertyValue",
            "name": name,
            "value": refs(file_id(crate.files[path]) for path in paths),
        }
        for name, paths in job.inputs.items()
    ]
    read = [file_id(crate.files[path]) for paths in job.inputs.values() for path in paths]
    action = {
        "@id": job_id(job),
        "@type": "CreateAction",
        "name": f"{job.step}: {job.name}",
        "description": command(job),
        "instrument": ref(tool_id(job.step)),
        "object": refs([*read, *parameters.value_ids(job)]),
        "result": refs(file_id(crate.files[path]) for path in job.outputs.values()),
        "agent": agent,
        "startTime": clock(job.start),
        "endTime": clock(job.end),
        "actionStatus": _DONE,
        "environment": refs(f"#environment/{name}" for name in _pins(crate)),
    }
    if bindings:
        action["additionalProperty"] = [ref(binding["@id"]) for binding in bindings]
    if job.container:
        action["containerImage"] = ref("#image")
    return [action, *bindings]


def command(job: Job) -> str:
    """Return the command that does a job again, to be typed in the folder source/."""

    def place(path: str) -> str:
        return path.removeprefix("source/").rstrip("/") if path.startswith("source/") else path.rstrip("/")

    words = ["python", f"scripts/{job.step}.py"]
    for name, paths in job.inputs.items():
        words += [f"--{name}", *map(place, paths)]
    for name, path in job.outputs.items():
        words += [f"--{name}", place(path)]
    for name, value in job.parameters.items():
        values = value if isinstance(value, list) else [value]
        words += [f"--{name}", *map(_word, values)] if value not in (None, []) else []
    return shlex.join(words)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# ---- where it ran, and files ----------------------------------------------------------------------------


def _pins(crate: Crate) -> dict[str, str]:
    return crate.fingerprint.get("environment", {})


def _environment(crate: Crate) -> list[Entity]:
    """Describe environment variables, lock files and the container image."""
    name, _, tag = crate.image["name"].rpartition(":")
    image = {
        "@id": "#image",
        "@type": "ContainerImage",
        "additionalType": ref(f"{RUN_TERMS}DockerImage"),
        "name": name.rpartition("/")[2],
        "registry": name.partition("/")[0],
        "tag": tag,
        "description": "Image of the steps, built by envs/Containerfile; the tag tells of what",
    }
    if base := crate.image.get("base"):
        image["isBasedOn"] = base
        image["description"] += f". The sha256 is that of its base, {base.partition('@')[0]}"
        image["sha256"] = base.rpartition("sha256:")[2]
    locks = [
        {
            **_plain_file(f"source/{path}", "Versions and hashes of packages, for pip and uv"),
            "sha256": digest,
            "conformsTo": ref("https://pip.pypa.io/en/stable/reference/requirements-file-format/"),
        }
        for path, digest in crate.locks.items()
    ]
    pins = [
        {"@id": f"#environment/{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in _pins(crate).items()
    ]
    return [image, *locks, *pins]


def _file(crate: Crate, file: CrateFile) -> Entity:
    made: Entity = {
        "@id": file_id(file),
        "@type": "Dataset" if file.is_folder else "File",
        "name": file.name,
        "contentSize": str(file.size),
        "sha256": file.sha256,
        "additionalType": file.role,
    }
    if file.is_folder:
        inside = [f for path, f in crate.files.items() if path.startswith(file.path) and path != file.path]
        made["hasPart"] = refs(file_id(f) for f in inside)
    else:
        made["encodingFormat"] = encoding(file.path)
    if not file.included:
        made |= {"alternateName": file.path, "identifier": named_information(file.sha256)}
        made |= {"sdDatePublished": clock(crate.end)} if file.url else {}
    if file.url:
        made["contentUrl"] = file.url
    if examples := parameters.examples(crate, file):
        made["exampleOfWork"] = refs(examples)
    return made


def _plain_file(path: str, about: str) -> Entity:
    made = {
        "@id": quote(path),
        "@type": "File",
        "name": path.rpartition("/")[2],
        "description": about,
        "encodingFormat": encoding(path),
    }
    if path == "run/configuration.json":
        made["exampleOfWork"] = ref("#parameter/configuration")
    if path == "README.md":
        made["about"] = ref("./")
    return made
