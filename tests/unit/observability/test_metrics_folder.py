"""Where the folder of metrics is made, and which folders are cleared: never one that somebody holds."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.observability import metrics_folder

ROOT = Path(__file__).parents[3]
HOLDING = """
import sys, time
from pathlib import Path
from gateway.observability import metrics_folder
with getattr(metrics_folder, sys.argv[1])({"create": [Path(sys.argv[2])], "join": Path(sys.argv[2])}[sys.argv[1]]) as folder:
    if folder:
        (folder / "counter_17.db").write_bytes(b"")
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(how, place):
    """Another process, which makes a folder or joins one, until its standard input ends or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, how, str(place)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def left_by_a_killed_process(place):
    with another("create", place) as (process, folder):
        process.kill()
    assert [each.name for each in folder.iterdir()] == ["counter_17.db"]
    return folder


def test_it_is_made_in_the_first_place_that_takes_it_and_gone_at_the_end(tmp_path):
    with metrics_folder.create([tmp_path / "missing", tmp_path, Path("/proc")]) as folder:
        assert folder is not None
        assert folder.parent == tmp_path
        (folder / "gauge_livesum_1.db").write_bytes(b"")
    assert not folder.exists()


def test_there_is_none_where_no_place_takes_it(tmp_path):
    with metrics_folder.create([tmp_path / "missing", Path("/proc")]) as folder:
        assert folder is None


def test_temporary_files_come_before_shared_memory(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert metrics_folder.candidate_parents() == [Path("/var/tmp"), Path("/dev/shm")]
    monkeypatch.delenv("TMPDIR")
    assert metrics_folder.candidate_parents() == [Path("/tmp"), Path("/dev/shm")]


def test_what_a_killed_process_left_is_cleared_by_the_next_in_every_place(tmp_path):
    (second := tmp_path / "second").mkdir()
    left = [left_by_a_killed_process(place) for place in (tmp_path, second)]
    with metrics_folder.create([tmp_path, second]) as folder:
        assert folder is not None
        assert not [each for each in left if each.exists()]


def test_a_neighbours_is_left_alone(tmp_path):
    with another("create", tmp_path) as (_, theirs):
        with metrics_folder.create([tmp_path]) as folder:
            assert folder != theirs
        assert (theirs / "counter_17.db").exists()


def test_it_stays_for_those_who_joined_and_goes_with_the_last_of_them(tmp_path):
    with another("create", tmp_path) as (process, folder):
        with another("join", folder) as (joined, _):
            process.kill()
            process.wait()
            with metrics_folder.create([tmp_path]):
                assert folder.exists()
            joined.communicate("")
            assert joined.returncode == 0
        assert not folder.exists()


def test_who_leaves_while_others_hold_it_clears_nothing(tmp_path):
    with metrics_folder.create([tmp_path]) as folder:
        assert folder is not None
        with metrics_folder.join(folder):
            pass
        assert folder.exists()


def test_to_join_what_is_not_there_any_more_is_no_error(tmp_path):
    with metrics_folder.join(tmp_path / "gateway-metrics-abcdefgh"):
        assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("gateway-metrics-abcdefgh", "readings.csv"),
        ("gateway-metrics-daily", "counter_17.db"),
        ("other-metrics-abcdefgh", "counter_17.db"),
    ],
)
def test_what_only_looks_like_one_of_ours_is_left_alone(tmp_path, name, file):
    (tmp_path / name).mkdir()
    (tmp_path / name / file).write_bytes(b"")
    with metrics_folder.create([tmp_path]):
        assert (tmp_path / name / file).exists()


def test_a_link_is_not_followed(tmp_path):
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (elsewhere / "counter_17.db").write_bytes(b"")
    (tmp_path / "gateway-metrics-abcdefgh").symlink_to(elsewhere)
    with metrics_folder.create([tmp_path]):
        assert (elsewhere / "counter_17.db").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_another_users_is_left_alone(tmp_path):
    left = left_by_a_killed_process(tmp_path)
    os.chown(left, 10001, 10001)
    with metrics_folder.create([tmp_path]):
        assert left.exists()
