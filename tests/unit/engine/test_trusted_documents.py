import asyncio
import gc
import hashlib
import json
import weakref
from collections.abc import Mapping
from pathlib import Path

import pytest
from graphql import DocumentNode, OperationDefinitionNode, build_schema
from structlog.testing import capture_logs

from gateway import schema
from gateway.engine.fair_scheduler import FairScheduler
from gateway.engine.preparation import Preparer, build_preparer
from gateway.engine.request import Request
from gateway.engine.trusted_documents import Document, TrustedDocuments, UnusableDocuments
from gateway.errors import (
    BadRequest,
    DocumentNotTrusted,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from tests.support.clock import Clock

KNOWN = "{ known }"
OTHER = "{ other }"
MODES = ("off", "log", "enforce")


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


IDS = [sha1(KNOWN), sha256(KNOWN), f"sha256:{sha256(KNOWN)}", "Known"]


def documents(mode, text_by_id=None):
    return TrustedDocuments(mode, text_by_id or dict.fromkeys(IDS, KNOWN))


def request_for(text=None, document_id=None):
    return Request(text, None, {}, document_id)


# An id


@pytest.mark.parametrize("mode", ["log", "enforce"])
@pytest.mark.parametrize("document_id", IDS)
def test_an_id_of_the_manifest_stands_for_its_text(mode, document_id):
    found = documents(mode).resolve(request_for(document_id=document_id))
    assert found == Document(KNOWN, is_trusted=True)


NEARLY = [
    *(sha256(KNOWN).upper(), f"SHA256:{sha256(KNOWN)}", f"sha1:{sha1(KNOWN)}"),
    *("known", "Known ", sha256(OTHER), KNOWN),
]


@pytest.mark.parametrize("mode", ["log", "enforce"])
@pytest.mark.parametrize("document_id", NEARLY)
def test_an_id_is_matched_as_it_is_written(mode, document_id):
    with pytest.raises(PersistedQueryNotFound, match=r"^PersistedQueryNotFound$"):
        documents(mode).resolve(request_for(document_id=document_id))


@pytest.mark.parametrize("document_id", [*IDS, *NEARLY])
def test_where_documents_have_no_ids_that_is_told_in_words_that_clients_know(document_id):
    with pytest.raises(PersistedQueryNotSupported, match=r"^PersistedQueryNotSupported$"):
        documents("off").resolve(request_for(document_id=document_id))


# A text


@pytest.mark.parametrize(("mode", "trusted"), [("off", False), ("log", True), ("enforce", True)])
def test_a_text_of_the_manifest_is_run(mode, trusted):
    with capture_logs() as entries:
        assert documents(mode).resolve(request_for(KNOWN)) == Document(KNOWN, trusted)
    assert entries == []


def test_any_other_text_is_run_where_documents_need_no_trust():
    with capture_logs() as entries:
        assert documents("off").resolve(request_for(OTHER)) == Document(OTHER, is_trusted=False)
    assert entries == []


OTHERS = [OTHER, "", " ", f"{KNOWN} ", KNOWN.replace(" ", ""), KNOWN.upper(), sha256(KNOWN), "é"]


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_text_is_run_and_logged_by_its_hash_alone(text):
    with capture_logs() as entries:
        assert documents("log").resolve(request_for(text)) == Document(text, is_trusted=False)
    assert entries == [{"event": "document.untrusted", "log_level": "info", "sha256": sha256(text)}]


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_text_is_refused_where_only_trusted_ones_are_run(text):
    with pytest.raises(DocumentNotTrusted) as refused:
        documents("enforce").resolve(request_for(text))
    assert OTHER not in str(refused.value)


# Both


@pytest.mark.parametrize("mode", ["log", "enforce"])
@pytest.mark.parametrize("document_id", IDS)
def test_an_id_and_its_text_are_the_text(mode, document_id):
    found = documents(mode).resolve(request_for(KNOWN, document_id))
    assert found == Document(KNOWN, is_trusted=True)


@pytest.mark.parametrize("mode", ["log", "enforce"])
@pytest.mark.parametrize("document_id", IDS)
@pytest.mark.parametrize("text", [OTHER, f"{KNOWN} ", ""])
def test_an_id_of_the_manifest_and_another_text_are_refused(mode, document_id, text):
    with pytest.raises(BadRequest):
        documents(mode).resolve(request_for(text, document_id))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prefix", ["", "sha256:"])
@pytest.mark.parametrize("write", [str, str.upper])
def test_a_text_that_does_not_match_its_hash_is_refused(mode, prefix, write):
    with pytest.raises(BadRequest):
        documents(mode).resolve(request_for(KNOWN, prefix + write(sha256(OTHER))))


@pytest.mark.parametrize("prefix", ["", "sha256:"])
@pytest.mark.parametrize("write", [str, str.upper])
@pytest.mark.parametrize("mode", ["off", "log"])
def test_a_text_that_matches_its_hash_is_a_text_like_any_other(mode, prefix, write):
    document_id = prefix + write(sha256(OTHER))
    found = documents(mode).resolve(request_for(OTHER, document_id))
    assert found == Document(OTHER, is_trusted=False)


def test_a_text_is_not_trusted_for_the_hash_beside_it():
    with pytest.raises(DocumentNotTrusted):
        documents("enforce").resolve(request_for(OTHER, sha256(OTHER)))


def test_a_trusted_text_may_come_with_its_hash_where_its_id_is_another():
    trusting = documents("enforce", {sha1(KNOWN): KNOWN})
    assert trusting.resolve(request_for(KNOWN, sha256(KNOWN))) == Document(KNOWN, is_trusted=True)


@pytest.mark.parametrize("document_id", [sha1(KNOWN), "x", "sha512:0", "0" * 63, "g" * 64])
def test_an_id_that_is_unknown_and_no_sha256_says_nothing_of_the_text_beside_it(document_id):
    found = documents("log", {"y": KNOWN}).resolve(request_for(OTHER, document_id))
    assert found == Document(OTHER, is_trusted=False)


@pytest.mark.parametrize("mode", ["log", "enforce"])
def test_nothing_that_is_sent_is_registered(mode):
    trusting = documents(mode)
    if mode == "log":
        trusting.resolve(request_for(OTHER, sha256(OTHER)))
    else:
        with pytest.raises(DocumentNotTrusted):
            trusting.resolve(request_for(OTHER, sha256(OTHER)))
    with pytest.raises(PersistedQueryNotFound):
        trusting.resolve(request_for(document_id=sha256(OTHER)))


# Manifests

PREPARE = build_preparer(build_schema("type Query { known: Int other: Int }"))

WRONG = {
    "{": "Syntax Error: Expected Name, found <EOF>.",
    "": "Syntax Error: Unexpected <EOF>.",
    "{ unknown }": "Cannot query field 'unknown' on type 'Query'. Did you mean 'known'?",
    "fragment F on Query { known }": "Fragment 'F' is never used.",
}


@pytest.mark.parametrize("mode", ["log", "enforce"])
def test_what_is_wrong_with_documents_is_told_by_their_ids(mode):
    of_the_manifest = {"fine": KNOWN, **{f"id of {text}": text for text in WRONG}}
    assert documents(mode, of_the_manifest).validate_all(PREPARE) == {
        f"id of {text}": problem for text, problem in WRONG.items()
    }


def test_a_document_may_have_several_operations():
    several = "query A { known } query B { other }"
    assert documents("enforce", {"x": several}).validate_all(PREPARE) == {}


def test_documents_that_nobody_can_ask_for_have_no_problems():
    assert documents("off", {"x": "{"}).validate_all(PREPARE) == {}


MANIFESTS = Path(__file__).parent / "manifests"


def manifest(name: str) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads((MANIFESTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("sha1", sha1),
        ("sha256", sha256),
        ("sha256-prefixed", lambda text: f"sha256:{sha256(text)}"),
    ],
)
def test_the_manifests_of_graphql_codegen_are_understood(name, written):
    """Written by client-preset 5.2.2 (sha1 by default, sha256 by option) and 6.2.0 (its default)."""
    text_by_id = manifest(name)
    assert len(text_by_id) == 2
    trusting = documents("enforce", text_by_id)
    assert trusting.validate_all(build_preparer(schema.build_schema())) == {}
    for document_id, text in text_by_id.items():
        assert document_id == written(text)
        for request in (
            request_for(document_id=document_id),
            request_for(text),
            request_for(text, document_id),
        ):
            assert trusting.resolve(request) == Document(text, is_trusted=True)


# Another manifest in place of the former one


def counting_preparer() -> tuple[Preparer, list[str]]:
    """A preparer, and the operations that it has compiled so far."""
    compiled: list[str] = []

    def compile_query(_: DocumentNode, operation: OperationDefinitionNode) -> None:
        compiled.append(operation.name.value if operation.name else "")

    preparer = build_preparer(
        build_schema("type Query { known: Int other: Int }"), compile_query=compile_query
    )
    return preparer, compiled


async def test_the_documents_of_another_manifest_replace_the_former_ones():
    trusting = documents("enforce", {"a": KNOWN})
    assert await trusting.replace({"b": OTHER}, PREPARE) is True
    assert trusting.resolve(request_for(document_id="b")) == Document(OTHER, is_trusted=True)
    for request in (request_for(document_id="a"), request_for(KNOWN)):
        with pytest.raises((PersistedQueryNotFound, DocumentNotTrusted)):
            trusting.resolve(request)
    assert await trusting.replace({"b": OTHER}, PREPARE) is False


async def test_one_document_that_can_never_run_keeps_all_former_ones():
    trusting = documents("enforce", {"a": KNOWN})
    with pytest.raises(UnusableDocuments) as refused:
        await trusting.replace({"b": OTHER, "c": "{ secret }", "d": "{"}, PREPARE)
    assert refused.value.code_by_id == {
        "c": "GRAPHQL_VALIDATION_FAILED",
        "d": "GRAPHQL_PARSE_FAILED",
    }
    assert "secret" not in str(refused.value)
    assert len(trusting) == 1
    assert trusting.resolve(request_for(document_id="a")) == Document(KNOWN, is_trusted=True)


async def test_documents_are_compiled_before_they_are_trusted_and_only_new_ones():
    preparer, compiled = counting_preparer()
    trusting = documents("enforce", {"a": "query A { known }"})
    both = {"a": "query A { known }", "b": "query B { known }", "c": "query B { known }"}
    assert await trusting.replace(both, preparer)
    assert await trusting.replace({**both, "d": "query D { known } query E { other }"}, preparer)
    assert compiled == ["B", "D", "E"]
    for name in (None, "B"):
        await preparer.prepare("query B { known }", name, {}, expect_reuse=True)
    assert compiled == ["B", "D", "E"]


async def test_what_is_cached_of_removed_documents_is_freed():
    preparer, _ = counting_preparer()
    trusting = documents("enforce", {"a": KNOWN})
    text = "query B { known } query C { other }"
    assert await trusting.replace({"a": KNOWN, "b": text}, preparer)
    cached = [weakref.ref(preparer.prepare_now(text, name).document) for name in ("B", "C")]
    assert await trusting.replace({"a": KNOWN}, preparer)
    gc.collect()
    assert [each() for each in cached] == [None, None]


async def test_what_was_compiled_for_a_refused_manifest_is_freed():
    preparer, compiled = counting_preparer()
    trusting = documents("enforce", {"a": KNOWN})
    for _ in range(2):
        with pytest.raises(UnusableDocuments):
            await trusting.replace({"b": "query B { known }", "c": "{"}, preparer)
    assert compiled == ["B", "B"]


async def test_a_request_that_waits_runs_the_document_that_it_began_with():
    preparer, compiled = counting_preparer()
    clock, pause = Clock(), asyncio.Event()

    async def sleep(_: float) -> None:
        await pause.wait()

    preparer.scheduler = FairScheduler(clock=clock, sleep=sleep)
    await preparer.scheduler.run(lambda: clock.work(10.0))
    trusting = documents("enforce", {"a": "query A { known }"})
    replacing = asyncio.create_task(trusting.replace({"a": "query B { known }"}, preparer))
    await asyncio.sleep(0)  # until it waits to prepare B
    text = trusting.resolve(request_for(document_id="a")).text
    preparing = asyncio.create_task(preparer.prepare(text, None, {}, expect_reuse=True))
    await asyncio.sleep(0)
    pause.set()
    assert (await preparing).name == "A"
    assert await replacing
    preparer.prepare_now(text, None, expect_reuse=True)
    assert compiled == ["B", "A", "A"], "nothing of A stayed in the cache"
