"""docs/rest-mapping.md names the key of each field of an entity, and every request of the gateway."""

import re
from typing import Any

from msgspec import Struct, structs

from gateway.config.settings import Settings, env_name
from gateway.schema import build_schema
from gateway.upstream import endpoints
from gateway.upstream.records import resources
from tests.support.pages import page

OTHER_TYPE_NAMES = {"Client": "ClientProfile", "FormItem": "FormAnswer", "HistoryUser": "User"}
OTHER_VALUES = {
    "Conference.tags",
    "FormAnswer.value",
    "FormAnswer.values",
    "FormResult.form",
    "Service.price",
}
"""Fields whose key has the same name, but whose value has another form or a second key."""

_ROW = re.compile(r"^\| `(?P<field>[A-Z]\w+\.\w+)` \| (?:`(?P<key>[\w.]+)`)? ?\|", re.MULTILINE)
_REQUEST = re.compile(r"^\| `(?P<path>/[^`?]+)[^`]*` \|.*\| `(?P<setting>\w+)` \|$", re.MULTILINE)


def section(title):
    return page("rest-mapping").split(f"\n## {title}\n")[1].split("\n## ")[0]


def keys_by_type():
    """The keys that the gateway reads for each object type of an entity."""
    types = build_schema().type_map
    records = [each for each in vars(resources).values() if isinstance(each, type(Struct))]
    named = {OTHER_TYPE_NAMES.get(each.__name__, each.__name__): each for each in records}
    return {
        name: {field.encode_name for field in structs.fields(record)}
        for name, record in named.items()
        if record.__module__ == resources.__name__ and name in types
    }


def test_each_field_with_a_key_of_another_name_has_a_row():
    types: dict[str, Any] = build_schema().type_map
    renamed = {
        f"{name}.{field}"
        for name, keys in keys_by_type().items()
        for field in types[name].fields
        if field not in keys
    }
    assert {row["field"] for row in _ROW.finditer(section("Entities"))} == renamed | OTHER_VALUES


def test_each_key_of_a_row_is_read():
    keys = keys_by_type()
    rows = [row for row in _ROW.finditer(section("Entities")) if row["key"]]
    unread = [
        row["field"]
        for row in rows
        if row["key"].partition(".")[0] not in keys[row["field"].partition(".")[0]]
    ]
    assert rows != []
    assert unread == []


def test_the_page_has_every_request_of_the_gateway():
    all_endpoints = [each for each in vars(endpoints).values() if type(each) is endpoints.Endpoint]
    expected = {("activities_prefix", "/activities")}
    expected |= {(each.setting, each.path) for each in all_endpoints}
    requests = {
        (env_name(setting), Settings.model_fields[setting].default + path)
        for setting, path in expected
    }
    listed = [(row["setting"], row["path"]) for row in _REQUEST.finditer(section("Requests"))]
    assert len(listed) == len(all_endpoints) + 1
    assert set(listed) == requests
