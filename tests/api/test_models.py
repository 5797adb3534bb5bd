"""Versions over HTTP: a choice reaches the next answer, and can be taken back."""

import shutil
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from ml import artefacts
from ml.tasks import TASKS


def test_the_next_answer_comes_from_the_version_that_was_chosen(
    configured: Callable[..., FlaskClient], tmp_path: Path, database_uri: str
) -> None:
    served = artefacts.active("genre")
    own = tmp_path / "models" / "genre" / "mine"
    shutil.copytree(served, own)
    settings = own / "genre.json"
    settings.write_text(settings.read_text().replace(f'"version": "{served.name}"', '"version": "mine"'))
    artefacts.register("genre", "mine", own.iterdir(), tmp_path / "models", activate=False)
    taxonomy, models = artefacts.active("taxonomy"), tmp_path / "models"
    copies = artefacts.copy_version(taxonomy, models)
    artefacts.register("taxonomy", taxonomy.name, copies, models, activate=False)
    client = configured(tmp_path, database_uri)

    def version() -> str:
        answer = client.get("/genre-predict", query_string={"q": "Metallica One"}).get_json()
        return str(answer["model"]["version"])

    assert version() == served.name
    answer = client.put("/api/models/genre/active", json={"version": "mine"}).get_json()
    genre = next(task for task in answer["tasks"] if task["task"] == "genre")
    assert {version["version"]: (version["active"], version["own"]) for version in genre["versions"]} == {
        served.name: (False, False),
        "mine": (True, True),
    }
    assert genre["before"] == [served.name]
    assert version() == "mine"
    assert client.post("/api/models/genre/rollback").status_code == 200
    assert version() == served.name
    again = client.post("/api/models/genre/rollback")
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "nothing_before")


def test_what_answers_most_questions_is_listed_first(client: FlaskClient) -> None:
    listed = [versions["task"] for versions in client.get("/api/models").get_json()["tasks"]]
    assert listed == [task for task in TASKS if task in listed]
    assert listed[0] == "genre"


def test_cards_are_read_and_what_is_not_there_is_said(client: FlaskClient) -> None:
    served = artefacts.active("artists")
    card = client.get(f"/api/models/artists/{served.name}/card").get_json()
    assert card["markdown"].startswith("# ")
    for path in ("/api/models/artists/9/card", "/api/models/nothing/1/card"):
        assert client.get(path).status_code == 404
    assert client.put("/api/models/genre/active", json={"version": "9"}).status_code == 404
    assert client.put("/api/models/genre/active", json={}).status_code == 422
