"""Write the catalogue as Turtle beside its JSON-LD: python turtle.py catalogue.jsonld."""

import sys
from pathlib import Path

import rdflib

source = Path(sys.argv[1])
graph = rdflib.Graph().parse(source, format="json-ld")
graph.bind("schema", "https://schema.org/")
graph.bind("oda", "http://odahub.io/ontology#")
graph.bind("bioschemas", "https://bioschemas.org/types/")
source.with_suffix(".ttl").write_text(graph.serialize(format="turtle"), encoding="utf-8")
