import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.config.manifest import Manifest, read_manifest

MANIFESTS = {
    "one document": (b'{"sha256:00": "{ a }"}', {"sha256:00": "{ a }"}),
    "ids of any form": (b'{"": "", "\xc3\xa9 1": "{ a }"}', {"": "", "é 1": "{ a }"}),
    "two ids of one text": (b'{"a": "{ a }", "b": "{ a }"}', {"a": "{ a }", "b": "{ a }"}),
}


@pytest.mark.parametrize(("written", "text_by_id"), MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_is_texts_by_their_ids_as_they_are_written(tmp_path, written, text_by_id):
    file = tmp_path / "manifest.json"
    file.write_bytes(written)
    assert read_manifest(file) == Manifest(file, text_by_id)


NO_MANIFESTS = {
    "nothing": b"",
    "no JSON": b"{",
    "another encoding": b'{"a": "\xe9"}',
    "a list": b'["{ a }"]',
    "a text": b'"{ a }"',
    "null": b"null",
    "a text that is a number": b'{"a": 5}',
    "a text that is null": b'{"a": "{ a }", "b": null}',
    "an Apollo manifest": b'{"format": "apollo-persisted-query-manifest", "operations": []}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("written", NO_MANIFESTS.values(), ids=NO_MANIFESTS)
def test_a_file_that_is_no_manifest_is_refused(tmp_path, written):
    file = tmp_path / "manifest.json"
    file.write_bytes(written)
    with pytest.raises(ValueError, match="must contain a JSON object of strings: "):
        read_manifest(file)


def test_a_manifest_without_documents_is_refused(tmp_path):
    file = tmp_path / "manifest.json"
    file.write_bytes(b"{}")
    with pytest.raises(ValueError, match="contains no documents"):
        read_manifest(file)


def test_a_manifest_that_cannot_be_read_is_refused_with_the_reason(tmp_path):
    with pytest.raises(ValueError, match=r"^cannot be read: No such file or directory$"):
        read_manifest(tmp_path / "missing")


def test_a_manifest_is_shown_without_its_documents():
    assert repr(Manifest(Path("m.json"), {"a": "{ a }"})) == f"Manifest(path={Path('m.json')!r})"


# Folders


def write(file: Path, text_by_id: Mapping[str, str]) -> None:
    file.write_text(json.dumps(text_by_id), encoding="utf-8")


def test_all_manifests_of_a_folder_are_one(tmp_path):
    write(tmp_path / "web.json", {"a": "{ a }"})
    write(tmp_path / "app.json", {"b": "{ b }", "c": "{ a }"})
    assert read_manifest(tmp_path) == Manifest(tmp_path, {"b": "{ b }", "c": "{ a }", "a": "{ a }"})


def test_other_files_of_the_folder_are_ignored(tmp_path):
    write(tmp_path / "web.json", {"a": "{ a }"})
    for name in ("README.md", ".web.json", "web.json~", "web.JSON"):
        (tmp_path / name).write_text("no manifest", encoding="utf-8")
    (tmp_path / "old").mkdir()
    write(tmp_path / "old" / "web.json", {"a": "{ old }"})
    assert read_manifest(tmp_path).text_by_id == {"a": "{ a }"}


def test_two_files_may_have_the_same_document(tmp_path):
    write(tmp_path / "app.json", {"a": "{ a }"})
    write(tmp_path / "web.json", {"a": "{ a }", "b": "{ b }"})
    assert read_manifest(tmp_path).text_by_id == {"a": "{ a }", "b": "{ b }"}


def test_an_id_with_two_texts_is_refused_and_names_both_files(tmp_path):
    write(tmp_path / "app.json", {"a": "{ a }"})
    write(tmp_path / "mobile.json", {"a": "{ a }"})
    write(tmp_path / "web.json", {"a": "{ other }"})
    with pytest.raises(
        ValueError, match=r"^app\.json and web\.json have different texts"
    ) as refused:
        read_manifest(tmp_path)
    assert "{" not in str(refused.value)


@pytest.mark.parametrize("written", [None, "{}"], ids=["no file", "files without documents"])
def test_a_folder_without_documents_is_refused(tmp_path, written):
    if written:
        (tmp_path / "web.json").write_text(written, encoding="utf-8")
    with pytest.raises(ValueError, match="contains no documents"):
        read_manifest(tmp_path)


def test_a_faulty_file_of_a_folder_is_named(tmp_path):
    write(tmp_path / "app.json", {"a": "{ a }"})
    (tmp_path / "web.json").write_text('{"b": "{ secret }', encoding="utf-8")
    with pytest.raises(ValueError, match=r"^web\.json must contain a JSON object") as refused:
        read_manifest(tmp_path)
    assert "secret" not in str(refused.value)


def test_an_unreadable_file_of_a_folder_is_named(tmp_path):
    (tmp_path / "web.json").symlink_to("missing")
    with pytest.raises(ValueError, match=r"^web\.json cannot be read: No such file or directory$"):
        read_manifest(tmp_path)


def test_a_folder_may_be_a_link_as_in_kubernetes(tmp_path):
    version = tmp_path / "..2026_01_05"
    version.mkdir()
    write(version / "web.json", {"a": "{ a }"})
    (tmp_path / "..data").symlink_to(version.name)
    (tmp_path / "web.json").symlink_to("..data/web.json")
    assert read_manifest(tmp_path).text_by_id == {"a": "{ a }"}
