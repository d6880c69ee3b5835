import pytest

from gateway.cli import reference


def test_a_page_needs_every_part_that_its_template_names():
    with pytest.raises(ValueError, match=r"errors\.md must have each of these markers once: code"):
        reference.render_page("errors.md", {"code": ""})


def test_a_bar_in_a_cell_does_not_end_it():
    table = reference.markdown_table(["a", "b"], [["x|y", "z"]])
    assert table.splitlines() == ["| a | b |", "| --- | --- |", r"| x\|y | z |"]
