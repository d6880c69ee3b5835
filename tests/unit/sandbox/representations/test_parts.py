import re

from gateway.sandbox.representations import parts


def test_what_is_made_of_an_id_is_always_the_same():
    assert parts.color("101") == parts.color("101") != parts.color("102")
    assert re.fullmatch("#[0-9A-F]{6}", parts.color("101"))
    assert parts.cipher_id("101") == parts.cipher_id("101") != parts.cipher_id("102")
    assert parts.sequence_number("411100000004") == 4
    assert parts.picture("staff", "7")["url"].endswith("/staff/7.png")


def test_an_id_is_a_number_in_its_turn():
    assert parts.json_id("9007199254740993", as_number=True) == 9007199254740993
    assert parts.json_id("7", as_number=False) == "7"


def test_nulls_are_left_out_and_nothing_else():
    assert parts.without_nulls({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}
