"""Finished jobs are kept, and taken again bit for bit."""

import json
from functools import partial

import numpy as np
import pytest

import tautnet as tn
from tautnet.engine.jobs import Call, run_jobs
from tautnet.files.packing import Cannot
from tautnet.keeping import outcomes
from tautnet.keeping.digests import digest_of
from tautnet.keeping.kept import KeptJobs, resume
from tautnet.objective.penalties import Group
from tautnet.solving.settings import Settings

NAME = "a" * 40
QUICK = {"cv": 3, "hidden_layer_sizes": (4,), "random_state": 0}


def table(n_rows=60):
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    return X, X[:, 0] ** 2 + 0.1 * X[:, 1]


def without_times(value):
    """A result without what two runs never share."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key[-7:] != "seconds"}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def compared(directory, **options):
    result = tn.compare(
        *table(), penalties=["none", "l2", "adaptive_group"], resume=directory, **QUICK | options
    )
    return json.dumps(without_times(result.whole()))


@pytest.fixture(scope="module")
def alone():
    """The result of a comparison that keeps nothing."""
    return compared(None)


def test_a_comparison_goes_on_from_any_part_of_its_jobs(alone, tmp_path):
    assert compared(tmp_path) == alone
    files = sorted(tmp_path.iterdir())
    assert len(files) > 20 and {file.suffix for file in files} == {".job"}
    for file in files[::2]:
        file.unlink()
    times = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert compared(tmp_path) == alone
    # Those that were there were read, not made again.
    assert {file: file.stat().st_mtime_ns for file in times} == times
    assert sorted(tmp_path.iterdir()) == files


def test_a_damaged_job_is_made_again(alone, tmp_path):
    compared(tmp_path)
    for file in sorted(tmp_path.iterdir())[:4]:
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 255
        file.write_bytes(data)
    sorted(tmp_path.iterdir())[5].write_bytes(b"")
    (tmp_path / f"{'b' * 40}.draft").write_bytes(b"half")
    with resume(tmp_path) as kept:
        assert compared(None) == alone
    assert kept.n_made == 5
    assert not (tmp_path / f"{'b' * 40}.draft").exists()


@pytest.mark.parametrize(
    "other", [{"random_state": 1}, {"hidden_layer_sizes": (3,)}, {"alpha_min_ratio": 0.01}]
)
def test_jobs_of_other_settings_do_not_match(other, tmp_path):
    model = tn.TautNetRegressorCV("l2", **QUICK)
    with resume(tmp_path):
        model.fit(*table())
    with resume(tmp_path) as kept:
        model.set_params(**other).fit(*table())
    assert kept.n_taken == 0 < kept.n_made
    X, y = table()
    y[0] += 1e-12
    with resume(tmp_path) as kept:
        tn.TautNetRegressorCV("l2", **QUICK).fit(X, y)
    assert kept.n_taken == 0


def test_every_estimator_goes_on(tmp_path):
    X, y = table()
    labels = np.digitize(y, [0.2, 1])
    for model, target in (
        (tn.TautNetClassifierCV("group", adaptive=True, **QUICK), labels),
        (tn.TautNetRegressorCV("l1", relax=True, **QUICK), y),
        (tn.TautNetSurvivalCV("l2", **QUICK), np.abs(y) + 0.1),
        (tn.TautNetRegressorCV("dropout", **QUICK), y),
        (tn.TautNetClassifier("l2", 0.1, hidden_layer_sizes=(4,), random_state=0), labels),
    ):
        plain = model.fit(X, target).predict(X)
        for is_first in (True, False):
            with resume(tmp_path) as kept:
                again = model.fit(X, target).predict(X)
            np.testing.assert_array_equal(again, plain)
            assert (kept.n_taken == 0) == is_first and (kept.n_made > 0) == is_first


def test_selection_goes_on(tmp_path):
    options = dict(cv=3, hidden_layer_sizes=(4,), random_state=0)
    results = []
    for _ in range(2):
        with resume(tmp_path) as kept:
            result = tn.select_features(*table(150), **options).result
        results.append(json.dumps(without_times(result)))
    assert results[0] == results[1] and kept.n_taken > 10


def test_a_disk_that_takes_no_more_stops_the_keeping_and_not_the_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tautnet.keeping.kept.os.fsync", full)
    with resume(tmp_path) as kept:
        tn.TautNetRegressorCV("l2", **QUICK).fit(*table())
    assert kept.fault == "No space left on device" and kept.n_kept == 0
    assert list(tmp_path.iterdir()) == []


def double(value, ticker):
    return 2 * value


def test_a_user_s_own_code_is_never_kept(tmp_path):
    """Nothing tells two functions of one name apart."""
    with resume(tmp_path) as kept:
        assert run_jobs(None, [Call(partial(double, 3))]) == [6]
        tn.TautNetClassifier(
            "early_stopping", stopping=lambda *_: 0.0, hidden_layer_sizes=(2,), random_state=0
        ).fit(*[table()[0], table()[0][:, 0] > 0])
    assert kept.n_made == 2 and kept.n_kept == 0 and list(tmp_path.iterdir()) == []
    with pytest.raises(Cannot):
        digest_of(Settings(penalty="of_a_user"))


def test_digests_tell_alike_values_apart():
    a = np.arange(6.0)
    values = [
        1, 1.0, True, "1", None, np.float32(1), np.float64(1), (1,), [1], {"a": 1}, {"a": 1.0},
        a, a.astype("f4"), a.reshape(2, 3), a.reshape(2, 3).T, np.array(["1"], object),
        np.array([1], object), Settings(), Settings(seed=1), Group(0.1), Group(0.2),
        partial(digest_of, 1), partial(digest_of, 2),
    ]  # fmt: skip
    assert len({digest_of(value) for value in values}) == len(values)
    assert digest_of(Settings()) == digest_of(Settings())


def test_outcomes_come_back_as_they_were(tmp_path):
    array = np.arange(6.0).reshape(2, 3)
    value = {
        1: (array, array.T, [np.float32(0.1), -0.0, float("inf"), None]),
        "text": np.array(["a", "bc"]),
        "settings": Settings(penalty_factors=(1.0, 2.0)),
    }
    (tmp_path / "a").write_bytes(outcomes.to_bytes(value))
    back = outcomes.from_file(tmp_path / "a")
    assert back["settings"] == value["settings"] and list(back) == list(value)
    for one, other in zip(back[1][:2], value[1][:2], strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.flags.f_contiguous == other.flags.f_contiguous
    assert str(back[1][2]) == str(value[1][2]) and type(back[1][2][0]) is np.float32
    with pytest.raises(Cannot):
        outcomes.to_bytes(array[:, ::2])


@pytest.mark.parametrize("packed", [("record", "Popen", {}), ("what", 1), ("record", "Chain", {})])
def test_a_file_can_name_no_other_class(packed, tmp_path):
    from tautnet.files import sealed
    from tautnet.files.packing import Packer

    packer = Packer()
    manifest = {"format": outcomes.FORMAT, "outcome": packer.pack(packed)}
    kept = KeptJobs(tmp_path)
    (tmp_path / f"{NAME}.job").write_bytes(sealed.to_bytes(manifest, packer.arrays))
    kept = KeptJobs(tmp_path)
    assert kept.n_known == 1 and kept.take(NAME) is None
    assert list(tmp_path.iterdir()) == []
    assert KeptJobs(tmp_path, fresh=True).n_known == 0


def test_only_jobs_are_ours_to_remove(tmp_path):
    for name in ("essay.draft", "a.job", "notes.txt", f"{NAME}.draft", f"{NAME}.job"):
        (tmp_path / name).write_text("mine")
    kept = KeptJobs(tmp_path, fresh=True)
    kept.clear()
    kept.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.job", "essay.draft", "notes.txt"]


def test_a_kept_fit_can_be_followed_by_another(tmp_path):
    """Waiting for the disk ends nothing, and tables are forgotten at the end."""
    with resume(tmp_path) as kept:
        for seed in (0, 1):
            tn.TautNetRegressorCV("l2", **QUICK | {"random_state": seed}).fit(*table())
            kept.flush()
            assert kept.n_kept == kept.n_made
    assert not kept._tables


def test_what_changes_the_bits_of_a_program_changes_all_names(monkeypatch):
    from tautnet.keeping.digests import surroundings

    before = surroundings()
    surroundings.cache_clear()
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=AVX")
    assert surroundings() != before
    surroundings.cache_clear()
    monkeypatch.undo()
    assert surroundings() == before


@pytest.mark.parametrize("order", "CF")
def test_large_arrays_are_digested_in_parts(order, monkeypatch):
    a = np.asarray(np.random.default_rng(0).normal(size=(40, 30)), order=order)
    whole = digest_of(a)
    monkeypatch.setattr("tautnet.keeping.digests.NUMBERS_AT_ONCE", 7)
    assert digest_of(a) == whole != digest_of(np.asarray(a, order="FC"[order == "F"]))
