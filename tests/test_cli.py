"""The command line: what it prints, and how it fails."""

import json
import subprocess
import sys

import numpy as np
import pytest
import samples
from building import REPOSITORY
from typer.testing import CliRunner

from cnn_explainer import checkpoints, cli, experiments, runs, speedrun, sweep
from cnn_explainer.errors import RecordNotFound
from cnn_explainer.experiments import CATALOGUE, get


@pytest.fixture
def record(home):
    """A complete and an incomplete record."""
    runs.save(samples.run("alexnet-plain", epochs_done=30))
    return runs.save(samples.run("alexnet-augmented"))


def call(*arguments):
    """Exit status and all that was printed."""
    result = CliRunner().invoke(cli.app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def command(*arguments, **environment):
    """The same in a process of its own."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "cnn_explainer", *map(str, arguments)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_list_names_all_ten_and_marks_what_is_not_complete(record):
    status, output = call("list")
    assert status == 0
    assert all(name in output for name in CATALOGUE)
    assert "42*" in output
    assert "fewer epochs" in output


def test_runs_as_json(record):
    status, output = call("runs", "--json")
    rows = {row["record"]: row for row in json.loads(output)}
    assert status == 0
    row = rows[f"{get('alexnet-plain').slug}.json"]
    assert (row["epochs_done"], row["epochs"]) == (30, 50)
    run = runs.load("alexnet-plain")
    assert row["accuracy"] == run.test.accuracy
    assert set(row) >= set(
        "name model variant seed epochs_done epochs accuracy loss fit_seconds images_per_second"
        " precision backend dataset_origin".split()
    )


def test_runs_as_a_table(record):
    runs.save(samples.run("alexnet-plain", learning_rate=0.001, train_share=0.5))
    status, output = call("runs")
    assert status == 0
    assert "alexnet-augmented" in output
    # Seeds of one name are told apart by what else is not as usual.
    assert "learning rate 0.001, 50\xa0% of the training images" in output
    assert f"{runs.load('alexnet-plain').test.accuracy:.4g}" in output


def test_show(record):
    status, output = call("show", "alexnet-plain")
    assert status == 0
    assert "30 of 50 epochs" in output
    status, output = call("show", "alexnet-plain", "--json")
    assert runs.Run.model_validate_json(output) == runs.load("alexnet-plain")


def test_import(record, tmp_path):
    path = runs.save(samples.run("vgg16-plain"), tmp_path / "from_elsewhere")
    assert call("import", path)[0] == 0
    assert runs.load("vgg16-plain")


def test_predict_a_drawn_picture_and_a_file(home, tmp_path):
    from PIL import Image

    from cnn_explainer import models, probes, weights

    experiment = get("lenet5-plain", seed=9)
    model = models.build("lenet5", seed=9)
    weights.save(model, experiment)
    Image.fromarray(probes.aeroplane(32)).save(tmp_path / "plane.png")
    answers = [
        json.loads(call("predict", "lenet5-plain", image, "--seed", 9, "--json")[1])
        for image in ("aeroplane", tmp_path / "plane.png")
    ]
    assert answers[0] == pytest.approx(answers[1])
    assert sum(answers[0].values()) == pytest.approx(1, abs=1e-5)
    assert list(answers[0].values()) == sorted(answers[0].values(), reverse=True)


def test_train_skips_what_is_recorded(record):
    status, output = call("train", "alexnet-augmented")
    assert status == 0
    assert "recorded already" in output


@pytest.fixture
def trained(home, monkeypatch):
    """What `train` would train, and whether once more; nothing is trained."""
    from cnn_explainer import machine, training

    asked = []

    def note(experiment, *, again, **_):
        asked.append((experiment, again))
        return samples.run(experiment, seed=experiment.seed)

    monkeypatch.setattr(training, "train", note)
    monkeypatch.setattr(machine, "limit_threads", lambda count: None)
    return asked


def test_train_keeps_the_experiments_own_seed(trained):
    fast = samples.FAST.model_copy(update={"seed": 7})
    experiments.keep(fast)
    assert "seed 7: accuracy" in call("train", "lenet5-fast")[1]
    call("train", "lenet5-fast", "--seed", 1, "--seed", 2)
    assert [experiment.seed for experiment, _ in trained] == [7, 1, 2]
    runs.save(samples.run(fast, seed=7))
    assert "lenet5-fast, seed 7" in call("show", "lenet5-fast")[1]


def test_what_again_has_begun_goes_on_where_it_is_named(trained):
    experiment = get("lenet5-plain")
    runs.save(samples.run())
    call("train", "lenet5-plain", "--again")
    assert trained == [(experiment, True)]
    checkpoints.save(experiment, checkpoints.Checkpoint("0" * 16, "float32"))
    for name in CATALOGUE:
        runs.save(samples.run(name))
    assert "lenet5-plain, seed 42: recorded already" in call("train", "--all")[1]
    call("train", "lenet5-plain")
    assert trained[1:] == [(experiment, False)]


def test_stopped_again_says_how_to_go_on(trained, monkeypatch):
    from cnn_explainer import training

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    status, output = call("train", "lenet5-plain", "--seed", 9, "--again")
    assert status == 1
    assert "`cnn-explainer train lenet5-plain --seed 9` goes on after the last epoch" in output


@pytest.mark.parametrize("command", ["show", "predict", "export", "ship"])
def test_the_same_options_name_an_experiment_everywhere(home, command):
    """As to `train`, which is what the advice is."""
    options = "--seed 9 --epochs 3 --precision float32 --learning-rate 0.5 --train-share 0.25"
    more = {"predict": ["rose"], "export": ["--to", home]}.get(command, [])
    with pytest.raises(RecordNotFound, match=f"`cnn-explainer train base-plain {options}` makes"):
        call(command, "base-plain", *more, *options.split())


def test_ship_takes_an_own_record_alone(home):
    with pytest.raises(RecordNotFound, match="no record of lenet5-plain, seed 42"):
        call("ship", "lenet5-plain")


def test_data_status(tiny, home):
    status, output = call("data", "status")
    assert status == 0
    assert "a copy" in output
    assert "data prepare" in output, "the flowers are not there"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "lenet"], "`name` must be one of"),
        (["train"], "give names of experiments, or --all"),
        (["train", "lenet5-plain", "--all"], "give names of experiments, or --all"),
        (["train", "lenet5-plain", "--epochs", "0"], "recipe.epochs"),
        (["train", "lenet5-plain", "--seed", "-1"], "seed"),
        (["train", "lenet5-plain", "--precision", "float8"], "precision"),
        (["train", "lenet5-plain", "--stop-after", "0"], "stop-after"),
        (["train", "lenet5-plain", "--learning-rate", "inf"], "learning_rate"),
        (["export", "lenet5-plain", "--to", "x", "--classes", "a,b"], "--classes is of files"),
        (["export", "a.keras", "--to", "x", "--epochs", "3"], "are of experiments, not of a.keras"),
        (["data", "prepare", "mnist"], "must be one of cifar10, tf_flowers"),
        (["sweep", "x.yaml", "--address", "10.0.0.1:6379"], "--address needs --storage"),
        (["fly"], "No such command"),
        (["predict", "lenet5-plain"], "Missing argument"),
    ],
)
def test_wrong_commands_end_in_2(home, arguments, message):
    status, output = call(*arguments)
    assert status == 2
    assert message in " ".join(output.replace("│", " ").split())


def test_what_cannot_be_done_ends_in_1_with_a_sentence(home, tmp_path):
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "text.png").write_text("no picture")
    offline = {"TFDS_DATA_DIR": str(tmp_path), "CNN_EXPLAINER_OFFLINE": "1"}
    for arguments, message in [
        (["show", "vgg16-plain", "--seed", "99"], "there is no record of vgg16-plain"),
        (["import", tmp_path / "bad.json"], "schema_version"),
        (["predict", "lenet5-plain", tmp_path / "text.png"], "is not an image"),
        (["train", "lenet5-plain", "--seed", "99"], "Set TFDS_DATA_DIR"),
        (["data", "prepare"], "CNN_EXPLAINER_OFFLINE is set"),
    ]:
        result = command(*arguments, **offline)
        assert result.returncode == 1, result.stderr
        assert message in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "lenet5-plain", "--seed", "99"],
        ["predict", "lenet5-plain", "rose"],
        ["export", "mine.keras", "--to", "x"],
        ["bench", "lenet5-plain"],
        ["sweep", REPOSITORY / "sweeps/lenet5.yaml"],
        ["speedrun", "lenet5"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_keras_a_sentence_says_what_to_install(home, arguments):
    code = "import sys; sys.modules['keras'] = None; from cnn_explainer import cli; cli.main()"
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert 'pip install "cnn-explainer[train]"' in result.stderr
    assert "Traceback" not in result.stderr


def test_a_terminal_without_a_letter_gets_another(home):
    result = command("list", PYTHONIOENCODING="ascii")
    assert result.returncode == 0, result.stderr
    assert "227?227" in result.stdout


def test_help_everywhere():
    for arguments in ([], ["train"], ["data"], ["data", "prepare"], ["predict"], ["ship"]):
        status, output = call(*arguments, "--help")
        assert status == 0
        assert "Usage" in output


def test_importing_the_package_is_quick_and_loads_nothing_heavy():
    code = (
        "import time; began = time.perf_counter(); import cnn_explainer, sys;"
        "print(time.perf_counter() - began);"
        "print(*{'tensorflow', 'keras', 'matplotlib', 'pandas', 'sklearn'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    seconds, heavy = output.splitlines()
    assert float(seconds) < 0.5
    assert heavy == ""


def test_a_record_is_read_without_tensorflow():
    code = (
        "import sys, cnn_explainer as cnn; cnn.runs.every();"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert output.stdout.split() == ["False", "False"], output.stderr


def test_ship_puts_record_and_small_weights_into_the_package(home, tmp_path, monkeypatch):
    from cnn_explainer import models, weights

    shipped = tmp_path / "recorded"
    for module in (runs, weights):
        monkeypatch.setattr(module, "SHIPPED", shipped)
    for name, seed in [("lenet5-plain", 42), ("lenet5-plain", 7), ("alexnet-plain", 42)]:
        runs.save(samples.run(name, seed=seed))
        if name == "lenet5-plain":
            weights.save(models.build("lenet5"), get(name, seed=seed))
        assert call("ship", name, "--seed", seed)[0] == 0
    slow = samples.run("lenet5-plain", learning_rate=0.001, epochs=20)
    runs.save(slow)
    assert call("ship", "lenet5-plain", "--learning-rate", 0.001, "--epochs", 20)[0] == 0
    other = runs.read(shipped / f"{slow.experiment.slug}.json")
    first, *_, last = slow.filters.epochs
    assert other.filters.epochs == (first, last)
    assert other.model_copy(update={"filters": slow.filters}) == slow
    assert sorted(path.name.rpartition("-")[0] + path.suffix for path in shipped.iterdir()) == [
        "alexnet-plain.json",
        *["lenet5-plain.json"] * 3,
        "lenet5-plain.npz",
    ]


def test_ship_leaves_out_other_seeds_large_kernels(home, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "SHIPPED", tmp_path)
    kernels = np.random.default_rng(0).normal(size=(2, 11, 11, 3, 96)).astype(np.float16)
    filters = runs.Filters.pack(dict(zip((0, 50), kernels, strict=True)))
    for seed, kept in ((42, [0, 50]), (7, [])):
        run = samples.run("alexnet-plain", seed=seed).model_copy(update={"filters": filters})
        runs.save(run)
        assert call("ship", "alexnet-plain", "--seed", seed)[0] == 0
        shipped = runs.read(tmp_path / f"{run.experiment.slug}.json")
        assert [*shipped.filters.epochs] == kept
        np.testing.assert_array_equal(shipped.filters.kernels, kernels[: len(kept)])
        assert shipped.model_copy(update={"filters": filters}) == run


def test_ship_puts_searches_and_what_they_found_into_the_package(home, tmp_path, monkeypatch):
    shipped = tmp_path / "recorded"
    monkeypatch.setattr(runs, "SHIPPED", shipped)
    search = samples.sweep()
    sweep.save(search)
    experiments.keep(search.winner)
    runs.save(samples.run(search.winner, seed=search.winner.seed))
    assert call("ship", search.space.name, "--as", "search")[0] == 0
    assert call("ship", search.winner.name, "--seed", search.winner.seed)[0] == 0
    fast = search.winner.model_copy(update={"variant": "fast"})
    speedrun.save(samples.speedrun(fast))
    assert call("ship", fast.model, "--as", "speedrun")[0] == 0
    names = sorted(path.relative_to(shipped).as_posix() for path in shipped.rglob("*.json"))
    assert names == [
        f"experiments/{fast.name}.json",
        f"experiments/{search.winner.name}.json",
        f"{search.winner.slug}.json",
        f"speedruns/{fast.model}.json",
        f"sweeps/{search.space.name}.json",
    ]
    with pytest.raises(RecordNotFound, match="no record of a search called 'nothing'"):
        call("ship", "nothing", "--as", "search")
