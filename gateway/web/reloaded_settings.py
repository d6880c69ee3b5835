"""The settings whose files are reloaded, and what each of them replaces."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.config.caller_keys import CallerKeys, read_caller_keys
from gateway.config.file_state import file_state
from gateway.config.manifest import Manifest, manifest_files, read_manifest
from gateway.config.secret_files import FileSecret, read_secret
from gateway.config.settings import Settings, env_name
from gateway.engine.preparation import Preparer
from gateway.engine.trusted_documents import TrustedDocuments, UnusableDocuments
from gateway.observability.metrics import Metrics
from gateway.upstream.credentials import CallerFactory
from gateway.web.authentication import CallerAuthenticator
from gateway.web.reloading import ReloadableFiles, UnusableFiles

_MAX_NAMED_DOCUMENTS = 10


def reloadable_documents(
    settings: Settings, documents: TrustedDocuments, preparer: Preparer, metrics: Metrics
) -> Iterator[ReloadableFiles[Manifest]]:
    """The files of the trusted documents, where they are used."""
    manifest = settings.trusted_documents_path
    if manifest is None or settings.trusted_documents == "off":
        return

    async def replace(found: Manifest) -> bool:
        try:
            is_changed = await documents.replace(found.text_by_id, preparer)
        except UnusableDocuments as error:
            raise UnusableFiles(_problem(error.code_by_id)) from error
        metrics.trusted_documents.set(len(documents))
        return is_changed

    metrics.trusted_documents.set(len(documents))
    yield ReloadableFiles(
        env_name("trusted_documents_path"),
        state=partial(file_state, partial(manifest_files, manifest.path)),
        read=partial(read_manifest, manifest.path),
        replace=replace,
        count_outcome=metrics.count_reload,
    )


def reloadable_secrets(
    settings: Settings, caller_factory: CallerFactory, authenticator: CallerAuthenticator
) -> Iterator[ReloadableFiles[Any]]:
    """The files of the service credentials, all of which are replaced together, and of the caller keys."""
    if settings.file_secrets:
        yield _service_credentials(settings, caller_factory)
    keys = settings.caller_keys_file
    if keys is not None and keys.path is not None:
        yield _caller_keys(keys.path, authenticator)


def _service_credentials(
    settings: Settings, caller_factory: CallerFactory
) -> ReloadableFiles[Mapping[str, FileSecret]]:
    file_by_name = {name: secret.file for name, secret in settings.file_secrets.items()}

    def read() -> Mapping[str, FileSecret]:
        return {name: read_secret(file) for name, file in file_by_name.items()}

    async def replace(found: Mapping[str, FileSecret]) -> bool:
        return caller_factory.replace_service_credentials(settings.model_copy(update=found))

    files = file_by_name.values()
    return ReloadableFiles(
        ", ".join(each.variable for each in files),
        state=partial(file_state, lambda: [each.path for each in files]),
        read=read,
        replace=replace,
    )


def _caller_keys(path: Path, authenticator: CallerAuthenticator) -> ReloadableFiles[CallerKeys]:
    async def replace(found: CallerKeys) -> bool:
        return authenticator.replace_keys(found.name_by_digest)

    return ReloadableFiles(
        env_name("caller_keys_file"),
        state=partial(file_state, lambda: [path]),
        read=partial(read_caller_keys, path),
        replace=replace,
    )


def _problem(code_by_id: Mapping[str, str]) -> str:
    """What is wrong with documents, without their texts: messages of errors quote these."""
    named = [f"{key}: {code}" for key, code in islice(code_by_id.items(), _MAX_NAMED_DOCUMENTS)]
    if len(code_by_id) > _MAX_NAMED_DOCUMENTS:
        named.append("…")
    return f"{len(code_by_id)} documents can never run: {', '.join(named)}"
