"""Runs in InvenioRDM's own Python, among its settings: makes what it needs, prints a token, serves.

Arguments: the port to serve at.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml
from flask_security.utils import hash_password
from invenio_access.permissions import system_identity
from invenio_accounts.proxies import current_datastore
from invenio_app.factory import create_api, create_app
from invenio_db import db
from invenio_files_rest.models import Location
from invenio_oauth2server.models import Token
from invenio_rdm_records.fixtures import vocabularies
from werkzeug.serving import run_simple

# The lists of words that records use; of the long ones only what the tests say.
LISTS = (
    "creatorsroles",
    "contributorsroles",
    "languages",
    "licenses",
    "resourcetypes",
    "descriptiontypes",
    "datetypes",
    "relationtypes",
    "removalreasons",
    "titletypes",
)
FEW = {"languages": ("eng", "deu"), "licenses": ("cc-by-4.0", "bsd-3-clause")}


def load_words(folder: Path) -> None:
    """Load the lists of words."""
    source = Path(vocabularies.__file__).parent / "data"
    every = yaml.safe_load((source / "vocabularies.yaml").read_text())
    wanted = {}
    for name in LISTS:
        rows = list(vocabularies.create_iterator(source / every[name]["data-file"]))
        rows = [row for row in rows if name not in FEW or row["id"] in FEW[name]]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(rows))
        wanted[name] = {"pid-type": every[name]["pid-type"], "data-file": f"{name}.yaml"}
    (folder / "vocabularies.yaml").write_text(yaml.safe_dump(wanted))
    vocabularies.VocabulariesFixture(system_identity, folder / "vocabularies.yaml", delay=False).load()


def make_user() -> str:
    """Make a user and return a token of his."""
    words = hash_password("not used")
    user = current_datastore.create_user(email="user@example.org", password=words, active=True)
    user.confirmed_at = user.verified_at = datetime.now(UTC).replace(tzinfo=None)
    db.session.commit()
    return Token.create_personal("tests", user.id, scopes=["user:email"], is_internal=False).access_token


def prepare(folder: Path) -> str:
    """Fill an empty database; return a token of the one user."""
    logging.disable(logging.INFO)
    with create_api().app_context():
        db.create_all()
        (folder / "files").mkdir()
        (folder / "words").mkdir()
        db.session.add(Location(name="default", uri=str(folder / "files"), default=True))
        token = make_user()
        db.session.commit()
        load_words(folder / "words")
        db.session.commit()
    return token


if __name__ == "__main__":
    print(prepare(Path.cwd()), flush=True)
    run_simple("127.0.0.1", int(sys.argv[1]), create_app(), threaded=True)
