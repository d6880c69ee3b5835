import os

from gateway.config.file_state import file_state


def test_what_was_not_touched_has_the_same_state(tmp_path):
    file = tmp_path / "a"
    file.write_text("1", encoding="utf-8")
    assert file_state(lambda: [file]) == file_state(lambda: [file])


def test_a_written_file_has_another_state(tmp_path):
    file = tmp_path / "a"
    file.write_text("1", encoding="utf-8")
    before = file_state(lambda: [file])
    file.write_text("12", encoding="utf-8")
    assert file_state(lambda: [file]) != before


def test_a_replaced_file_of_the_same_size_and_time_has_another_state(tmp_path):
    file, successor = tmp_path / "a", tmp_path / "b"
    for each in (file, successor):
        each.write_text("1", encoding="utf-8")
        os.utime(each, ns=(0, 0))
    before = file_state(lambda: [file])
    successor.replace(file)
    assert file_state(lambda: [file]) != before


def test_a_link_to_another_folder_on_the_way_is_another_state(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("1", encoding="utf-8")
        os.utime(tmp_path / name / "a", ns=(0, 0))
    link = tmp_path / "..data"
    link.symlink_to("one")
    before = file_state(lambda: [link / "a"])
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(link)
    assert file_state(lambda: [link / "a"]) != before


def test_a_file_that_is_gone_or_comes_back_has_another_state(tmp_path):
    file = tmp_path / "a"
    file.write_text("1", encoding="utf-8")
    before = file_state(lambda: [file])
    file.rename(tmp_path / "b")
    gone = file_state(lambda: [file])
    (tmp_path / "b").rename(file)
    assert before != gone
    assert file_state(lambda: [file]) == before


def test_a_folder_that_cannot_be_listed_has_a_state(tmp_path):
    def missing():
        return (tmp_path / "missing").iterdir()

    assert file_state(missing) == file_state(missing) != file_state(tmp_path.iterdir)
