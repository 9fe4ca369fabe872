"""Metadata of records: InvenioRDM's fields, which are what is stored, and Zenodo's older ones, to and fro."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from servers.zenodo.errors import unlisted

MISSING = "Missing data for required field."
REQUIRED = ("resource_type", "creators", "title", "publication_date")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIELDS = _words(
    "resource_type creators title additional_titles publisher publication_date subjects contributors "
    "dates languages identifiers related_identifiers sizes formats version rights copyright "
    "description additional_descriptions locations funding references"
)
TYPES = _words(
    "publication poster presentation dataset image video software lesson physicalobject other "
    "workflow model event"
)
SUBTYPES = {
    "publication": _words(
        "annotationcollection book section conferencepaper datamanagementplan article patent preprint "
        "deliverable milestone proposal report softwaredocumentation taxonomictreatment technicalnote "
        "thesis workingpaper other"
    ),
    "image": _words("figure plot drawing diagram photo other"),
}
RELATIONS = _words(
    "isCitedBy cites isSupplementTo isSupplementedBy isContinuedBy continues isDescribedBy describes "
    "hasMetadata isMetadataFor isNewVersionOf isPreviousVersionOf isPartOf hasPart isReferencedBy "
    "references isDocumentedBy documents isCompiledBy compiles isVariantFormOf isOriginalFormOf "
    "isIdenticalTo isReviewedBy reviews isDerivedFrom isSourceOf requires isRequiredBy isObsoletedBy "
    "obsoletes isPublishedIn isVersionOf hasVersion"
)
RELATION = {one.lower(): one for one in RELATIONS}
# Older fields that are kept and given back as they came.
KEPT = _words(
    "communities grants access_conditions embargo_date journal_title journal_volume journal_issue "
    "journal_pages conference_title conference_acronym conference_dates conference_place "
    "conference_url imprint_isbn imprint_place partof_title partof_pages thesis_supervisors "
    "thesis_university locations dates contributors"
)


def today() -> str:
    """Return the date in UTC."""
    return datetime.now(UTC).date().isoformat()


def minimal() -> dict:
    """Return the least that can be published."""
    person = {"type": "personal", "family_name": "Doe", "given_name": "Jane", "name": "Doe, Jane"}
    return {
        "title": "Record",
        "resource_type": {"id": "dataset"},
        "creators": [{"person_or_org": person}],
        "publication_date": "2026-01-31",
        "publisher": "Zenodo",
    }


def is_licence(name: str) -> bool:
    """Tell whether Zenodo's list, which holds SPDX's names in small letters, has a licence."""
    try:
        return name == canonicalize_license_expression(name).lower() and " " not in name
    except InvalidLicenseExpression:
        return False


def is_type(name: str) -> bool:
    """Tell whether a resource type exists: `dataset`, `publication-article`, ..."""
    kind, _, sub = name.partition("-")
    return kind in TYPES and (not sub or sub in SUBTYPES.get(kind, ()))


# InvenioRDM's fields


def accept(said: object) -> tuple[dict, list[dict]]:
    """Take the metadata of a draft, which need not be complete.

    Returns
    -------
    What is kept of it, and what is wrong with it: the answer lists that, and publication fails of it.

    Raises
    ------
    ApiError
        A word is in none of Zenodo's lists; then nothing is taken.
    """
    if not isinstance(said, dict):
        return {}, [{"field": "metadata._schema", "messages": ["Invalid input type."]}]
    kept = {key: copy.deepcopy(value) for key, value in said.items() if key in FIELDS}
    for creator in kept.get("creators") or []:
        _complete_name(creator.get("person_or_org", {}))
    for subject in kept.get("subjects") or []:
        # Of words that are free, only these are kept; there is no place for an address.
        for name in set(subject) - {"id", "subject"}:
            del subject[name]
    _look_up(kept)
    strange = [
        {"field": f"metadata.{key}", "messages": ["Unknown field."]} for key in said if key not in FIELDS
    ]
    wrong = problems(kept)
    for name in ("title", "publication_date"):
        if any(one["field"] == f"metadata.{name}" for one in wrong):
            kept.pop(name, None)
    return kept, strange + wrong


def _complete_name(who: dict) -> None:
    """A person's whole name is made of the parts."""
    if who.get("type") == "personal" and who.get("family_name"):
        who["name"] = ", ".join(part for part in (who["family_name"], who.get("given_name")) if part)


def problems(said: dict) -> list[dict]:
    """Return what keeps metadata from being published, a field each."""
    found = [(name, MISSING) for name in REQUIRED if not said.get(name)]
    if said.get("title") and len(said["title"]) < 3:
        found.append(("title", "Shorter than minimum length 3."))
    if not said.get("publisher"):
        found.append(("publisher", "Missing publisher field required for DOI registration."))
    if said.get("publication_date") and not _is_date(said["publication_date"]):
        found.append(("publication_date", "Please provide a valid date or interval."))
    found += _wrong_names(said)
    return [{"field": f"metadata.{name}", "messages": [message]} for name, message in found]


def _is_date(text: object) -> bool:
    """Tell whether a date has the form YYYY, YYYY-MM or YYYY-MM-DD and exists."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?(/\d{4}(-\d\d(-\d\d)?)?)?", text):
        return False
    try:
        [datetime.fromisoformat((part + "-01-01")[:10]) for part in text.split("/")]
    except ValueError:
        return False
    return True


def _wrong_names(said: dict) -> list[tuple[str, str]]:
    found = []
    for number, creator in enumerate(said.get("creators") or []):
        who = creator.get("person_or_org") or {}
        place = f"creators.{number}.person_or_org"
        if who.get("type") not in ("personal", "organizational"):
            words = "Invalid value. Choose one of ['organizational', 'personal']."
            found.append((f"{place}.type", words))
        elif who["type"] == "personal" and not who.get("family_name"):
            found.append((f"{place}.family_name", "Family name cannot be blank."))
        elif who["type"] == "organizational" and not who.get("name"):
            found.append((f"{place}.name", "Name cannot be blank."))
    return found


def _look_up(said: dict) -> None:
    """Refuse words that are in none of Zenodo's lists."""
    kind = (said.get("resource_type") or {}).get("id")
    if kind and not is_type(kind):
        raise unlisted(kind)
    for right in said.get("rights") or []:
        if "id" in right and not is_licence(right["id"]):
            raise unlisted(right["id"])
    for language in said.get("languages") or []:
        if not re.fullmatch("[a-z]{3}", language.get("id", "")):
            raise unlisted(language.get("id"))
    for one in said.get("related_identifiers") or []:
        relation = (one.get("relation_type") or {}).get("id")
        if relation not in RELATION:
            raise unlisted(relation)


# Zenodo's older fields


def from_legacy(said: dict) -> tuple[dict, dict, dict]:
    """Translate the older fields; those that do not exist are silently left out, as Zenodo does.

    Returns
    -------
    Metadata, access, and fields that are given back as they came.
    """
    made: dict = {"publisher": said.get("imprint_publisher") or "Zenodo"}
    for name in ("title", "description", "publication_date", "version"):
        if said.get(name):
            made[name] = said[name]
    made.setdefault("publication_date", today())
    if said.get("upload_type"):
        made["resource_type"] = {"id": _kind(said)}
    if said.get("creators"):
        made["creators"] = [_creator(one) for one in said["creators"]]
    if said.get("license"):
        made["rights"] = [{"id": _licence(said["license"])}]
    if said.get("language"):
        made["languages"] = [{"id": said["language"]}]
    if subjects := [{"subject": one} for one in said.get("keywords") or []] + _subjects(said):
        made["subjects"] = subjects
    if said.get("related_identifiers"):
        made["related_identifiers"] = [_related(one) for one in said["related_identifiers"]]
    if said.get("references"):
        made["references"] = [{"reference": one} for one in said["references"]]
    if more := [
        (kind, said[name]) for name, kind in (("notes", "notes"), ("method", "methods")) if said.get(name)
    ]:
        made["additional_descriptions"] = [{"description": text, "type": {"id": kind}} for kind, text in more]
    files = "public" if said.get("access_right", "open") == "open" else "restricted"
    kept = {key: said[key] for key in said if key in KEPT and said[key]}
    if said.get("access_right", "open") != "open":
        kept["access_right"] = said["access_right"]
    return made, {"record": "public", "files": files}, kept


def _kind(said: dict) -> str:
    kind = said["upload_type"]
    sub = said.get(f"{kind}_type")
    if kind not in TYPES:
        raise unlisted(kind)
    if sub and sub not in SUBTYPES.get(kind, ()):
        raise unlisted(sub)
    return f"{kind}-{sub}" if sub else kind


def _licence(name: str | dict) -> str:
    name = (name["id"] if isinstance(name, dict) else name).lower()
    name = {"cc-zero": "cc0-1.0", "cc-by": "cc-by-4.0"}.get(name, name)
    if not is_licence(name):
        raise unlisted(name)
    return name


def _creator(one: dict) -> dict:
    family, _, given = (part.strip() for part in one.get("name", "").partition(","))
    who = {"type": "personal", "family_name": family, "given_name": given, "name": one.get("name", "")}
    who["identifiers"] = [{"scheme": k, "identifier": one[k]} for k in ("orcid", "gnd") if one.get(k)]
    made = {"person_or_org": {key: value for key, value in who.items() if value}}
    return {**made, "affiliations": [{"name": one["affiliation"]}]} if one.get("affiliation") else made


def _subjects(said: dict) -> list[dict]:
    """Subjects have a term and, what keywords have not, an identifier."""
    every = said.get("subjects") or []
    return [{"subject": one.get("term", ""), "identifier": one.get("identifier", "")} for one in every]


def _related(one: dict) -> dict:
    relation = str(one.get("relation", ""))
    if relation.lower() not in RELATION:
        raise unlisted(relation)
    made = {"identifier": one["identifier"], "relation_type": {"id": relation.lower()}}
    made["scheme"] = one.get("scheme") or ("doi" if one["identifier"].startswith("10.") else "url")
    if one.get("resource_type"):
        made["resource_type"] = {"id": one["resource_type"]}
    return made


def to_legacy(said: dict, access: dict, kept: dict) -> dict:
    """Translate metadata into the older fields that a deposit and a record have in common."""
    made = {
        name: said[name] for name in ("title", "description", "publication_date", "version") if name in said
    }
    made.setdefault("title", "")
    made["access_right"] = "open" if access["files"] == "public" else kept.get("access_right", "restricted")
    if said.get("creators"):
        made["creators"] = [_legacy_creator(one) for one in said["creators"]]
    if languages := said.get("languages"):
        made["language"] = languages[0]["id"]
    subjects = said.get("subjects") or []
    if keywords := [one["subject"] for one in subjects if "identifier" not in one and "subject" in one]:
        made["keywords"] = keywords
    if terms := [one for one in subjects if "identifier" in one]:
        made["subjects"] = [
            {"term": one["subject"], "identifier": one["identifier"], "scheme": "url"} for one in terms
        ]
    if said.get("related_identifiers"):
        made["related_identifiers"] = [_legacy_related(one) for one in said["related_identifiers"]]
    if said.get("references"):
        made["references"] = [one["reference"] for one in said["references"]]
    for one in said.get("additional_descriptions") or []:
        made[{"methods": "method"}.get(one["type"]["id"], one["type"]["id"])] = one["description"]
    if (publisher := said.get("publisher", "Zenodo")) != "Zenodo":
        made["imprint_publisher"] = publisher
    return {**made, **{key: value for key, value in kept.items() if key in KEPT}}


def legacy_kind(said: dict) -> tuple[str, str]:
    """Return a record's upload type and subtype, or empty texts."""
    kind, _, sub = (said.get("resource_type") or {}).get("id", "").partition("-")
    return kind, sub


def legacy_licence(said: dict) -> str:
    """Return a record's first licence, or an empty text."""
    return next((right["id"] for right in said.get("rights") or [] if "id" in right), "")


def _legacy_creator(one: dict) -> dict:
    who = one["person_or_org"]
    places = one.get("affiliations") or [{}]
    made = {"name": who.get("name", ""), "affiliation": places[0].get("name") or None}
    return {**made, **{each["scheme"]: each["identifier"] for each in who.get("identifiers") or []}}


def _legacy_related(one: dict) -> dict:
    made = {"identifier": one["identifier"], "relation": RELATION[one["relation_type"]["id"]]}
    if one.get("resource_type"):
        made["resource_type"] = one["resource_type"]["id"]
    return {**made, "scheme": one.get("scheme", "url")}
