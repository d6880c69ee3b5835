"""The settings whose files are reloaded, and what each of them replaces."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from gateway.config.file_state import file_state
from gateway.config.manifest import Manifest, manifest_files, read_manifest
from gateway.config.settings import Settings, env_name
from gateway.engine.preparation import Preparer
from gateway.engine.trusted_documents import TrustedDocuments, UnusableDocuments
from gateway.observability.metrics import Metrics
from gateway.web.reloading import ReloadableFiles, UnusableFiles

_MAX_NAMED_DOCUMENTS = 10


def reloadable_files(
    settings: Settings, documents: TrustedDocuments, preparer: Preparer, metrics: Metrics
) -> Iterator[ReloadableFiles[Any]]:
    """The files that the settings name, each with what it replaces."""
    manifest = settings.trusted_documents_path
    if manifest is not None and settings.trusted_documents != "off":
        yield _manifest(manifest, documents, preparer, metrics)


def _manifest(
    manifest: Manifest, documents: TrustedDocuments, preparer: Preparer, metrics: Metrics
) -> ReloadableFiles[Manifest]:
    async def replace(found: Manifest) -> bool:
        try:
            is_changed = await documents.replace(found.text_by_id, preparer)
        except UnusableDocuments as error:
            raise UnusableFiles(_problem(error.code_by_id)) from error
        metrics.trusted_documents.set(len(documents))
        return is_changed

    metrics.trusted_documents.set(len(documents))
    return ReloadableFiles(
        env_name("trusted_documents_path"),
        state=partial(file_state, partial(manifest_files, manifest.path)),
        read=partial(read_manifest, manifest.path),
        replace=replace,
        count_outcome=metrics.count_reload,
    )


def _problem(code_by_id: Mapping[str, str]) -> str:
    """What is wrong with documents, without their texts: messages of errors quote these."""
    named = [f"{key}: {code}" for key, code in islice(code_by_id.items(), _MAX_NAMED_DOCUMENTS)]
    if len(code_by_id) > _MAX_NAMED_DOCUMENTS:
        named.append("…")
    return f"{len(code_by_id)} documents can never run: {', '.join(named)}"
