"""The benchmark: what it times is the same network, and its arithmetic is right."""

import json
from datetime import UTC, datetime
from importlib.util import find_spec

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from cnn_explainer import bench, cli, machine, models, training
from cnn_explainer.architectures import parameters
from cnn_explainer.bench import turns
from cnn_explainer.bench.child import Task, store
from cnn_explainer.datasets import Split
from cnn_explainer.errors import DamagedRecord, ExplainerError, NotSaved, RecordNotFound
from cnn_explainer.experiments import CATALOGUE, get

WAYS = ["keras", "explainer", *["pytorch"] * bool(find_spec("torch"))]


def sample() -> dict:
    """A benchmark of one comparison, of two rounds, as JSON has it."""
    contenders = {
        "keras": {"threads": 2, "precision": "float32", "images_per_second": [10, 20]},
        "explainer": {"threads": 2, "precision": "mixed_bfloat16", "images_per_second": [20, 50]},
    }
    comparison = {
        "name": "base-plain",
        "images": 640,
        "whole_epoch": False,
        "epochs": 0,
        "contenders": contenders,
        "peak": {"float32": [4e11, 6e11], "bfloat16": [8e11, 9e11]},
    }
    return {
        "comparisons": [comparison],
        "processor": "Some CPU",
        "cores": 2,
        "versions": {"keras": "3.15.1"},
        "finished": datetime(2026, 11, 24, tzinfo=UTC).isoformat(),
    }


@pytest.fixture
def comparison():
    return bench.Benchmark.model_validate(sample()).of("base-plain")


def test_a_spread_is_the_median_and_the_ends(comparison):
    assert comparison.speed("keras") == (15, 10, 20)
    # Round by round: 20 / 10 and 50 / 20.
    assert comparison.ratio("explainer") == pytest.approx((2.25, 2, 2.5))
    assert comparison.ratio("keras") == (1, 1, 1)


def test_the_share_of_the_peak_is_that_of_its_own_precision(comparison):
    # By hand: each convolution has 9 weights for each pair of channels, at each place.
    places = {32: 32 * 32, 16: 16 * 16, 8: 8 * 8}
    forward = 9 * (3 * 32 + 32 * 32) * places[32] + 9 * (32 * 64 + 64 * 64) * places[16]
    forward += 9 * (64 * 128 + 128 * 128) * places[8] + 4 * 4 * 128 * 1024 + 1024 * 10
    assert comparison.share_of_peak("explainer") == pytest.approx(6 * forward * 35 / 8.5e11)
    assert comparison.share_of_peak("keras") == pytest.approx(6 * forward * 15 / 5e11)


def test_a_record_is_read_as_it_was_written(tmp_path):
    benchmark = bench.Benchmark.model_validate(sample())
    assert bench.load(bench.save(benchmark, tmp_path / "bench.json")) == benchmark


def test_comparisons_of_other_networks_stay_in_the_file(tmp_path):
    path = tmp_path / "bench.json"
    first = bench.Benchmark.model_validate(sample())
    bench.save(first, path)
    other = sample()
    other["comparisons"][0]["name"] = "lenet5-plain"
    bench.save(bench.Benchmark.model_validate(other), path)
    assert [each.name for each in bench.load(path).comparisons] == ["base-plain", "lenet5-plain"]
    again = sample()
    again["comparisons"][0]["images"] = 1280
    bench.save(bench.Benchmark.model_validate(again), path)
    assert bench.load(path).of("base-plain").images == 1280


@pytest.mark.parametrize(
    ("what", "value", "message"),
    [
        ("processor", "Another CPU", "Some CPU and Another CPU"),
        ("cores", 4, "2 and 4"),
        ("versions", {"keras": "4.0.0"}, r"3\.15\.1'} and {'keras': '4\.0\.0"),
    ],
)
def test_comparisons_made_elsewhere_are_not_put_beside(tmp_path, what, value, message):
    path = bench.save(bench.Benchmark.model_validate(sample()), tmp_path / "bench.json")
    kept = path.read_bytes()
    with pytest.raises(NotSaved, match=f"same `{what}`.*{message}"):
        bench.save(bench.Benchmark.model_validate(sample() | {what: value}), path)
    assert path.read_bytes() == kept


def test_accuracies_can_be_added_on_another_machine(monkeypatch, tmp_path):
    path = tmp_path / "bench.json"
    both = sample()
    both["comparisons"] += [both["comparisons"][0] | {"name": "alexnet-plain"}]
    before = bench.Benchmark.model_validate(both)
    bench.save(before, path)
    monkeypatch.setattr(machine, "processor", lambda: "Another CPU")
    found = {
        "keras": bench.Judgement(0.5, "float32"),
        "explainer": bench.Judgement(0.6, "float32"),
    }
    monkeypatch.setattr(bench, "learn", lambda name, epochs, **_: found, raising=False)
    command = ["bench", "alexnet-plain", "--rounds", "0", "--epochs", "3", "--json", str(path)]
    result = CliRunner().invoke(cli.app, command)
    assert result.output == "alexnet-plain after 3 epochs: keras 0.5000, explainer 0.6000\n"

    after = bench.load(path)
    assert after.of("base-plain") == before.of("base-plain")
    judged = after.of("alexnet-plain")
    assert (judged.epochs, judged.judged_on) == (3, "Another CPU")
    assert {way: each.accuracy for way, each in judged.contenders.items()} == {
        "keras": 0.5,
        "explainer": 0.6,
    }
    assert judged.ratio("explainer") == before.of("alexnet-plain").ratio("explainer")
    caption = bench.table(after).caption
    assert "Another CPU: the accuracy of AlexNet (plain)." in caption
    # Timed in 16 bits, which a processor without them cannot judge.
    assert judged.contenders["keras"].judged_in is None
    assert judged.contenders["explainer"].judged_in == "float32"
    at_home = before.judged("alexnet-plain", 3, found, before.processor).of("alexnet-plain")
    assert at_home.judged_on is None
    assert "in float32 for the accuracy: AlexNet (plain) by cnn-explainer." in caption
    assert "for the accuracy" not in bench.table(before).caption

    result = CliRunner().invoke(cli.app, ["bench", "vgg16-plain", *command[2:]])
    assert isinstance(result.exception, ExplainerError)
    assert "must be one of base-plain, alexnet-plain. Received: 'vgg16-plain'" in str(
        result.exception
    )


def test_who_is_not_here_learns_nothing(monkeypatch):
    monkeypatch.setattr(turns, "find_spec", lambda name: None)
    with pytest.raises(ExplainerError, match="lenet5-plain: pytorch is to learn it, too"):
        turns.learn("lenet5-plain", 3, ways=["keras", "explainer", "pytorch"])


def test_no_record_and_a_damaged_one(tmp_path):
    path = tmp_path / "bench.json"
    with pytest.raises(RecordNotFound, match=r"cnn-explainer bench --json .*bench\.json"):
        bench.load(path)
    path.write_text('{"comparisons": []}')
    with pytest.raises(DamagedRecord, match=r"bench\.json .*processor: Field required"):
        bench.load(path)
    path.write_text("{")
    with pytest.raises(DamagedRecord, match="JSON"):
        bench.load(path)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["name"], "resnet", "name must be one of"),
        (["contenders", "explainer"], None, "keras and explainer at least"),
        (["peak", "float32"], None, "peak float32"),
        (["peak", "float32"], [1e11], "the same number of rounds"),
        (["contenders", "keras", "images_per_second"], [1], "the same number of rounds"),
        (["contenders", "keras", "images_per_second"], [0, 1], "greater than 0"),
        (["epochs"], 3, "every contender must have an accuracy"),
        (["contenders", "keras", "accuracy"], 0.5, "every contender must have an accuracy"),
        (["contenders", "keras", "precision"], "float8", "float32"),
    ],
)
def test_what_does_not_fit_together_is_refused(path, value, message):
    data = sample()
    place = data["comparisons"][0]
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    with pytest.raises(ValidationError, match=message):
        bench.Benchmark.model_validate(data)


def test_a_network_that_was_not_compared():
    with pytest.raises(ValueError, match=r"`name` must be one of base-plain. Received: 'lenet5'"):
        bench.Benchmark.model_validate(sample()).of("lenet5")


def test_the_table_shows_every_way():
    table = bench.table(bench.Benchmark.model_validate(sample()))
    first, second = table.frame.to_dict("records")
    assert first["Images a second"] == "15.0 (10.0\u00a0to\u00a020.0)"
    assert first["Times Keras"] == "1"
    assert second["Times Keras"] == "2.25 (2.00\u00a0to\u00a02.50)"
    assert second["Training with"] == "cnn-explainer, mixed bfloat16"
    assert "median of 2 rounds" in table.caption
    alike = sample()
    alike["comparisons"][0]["contenders"]["explainer"]["precision"] = "float32"
    table_of_one = bench.table(bench.Benchmark.model_validate(alike))
    assert table_of_one.frame["Training with"].iloc[1] == "cnn-explainer"
    assert "All computed in float32." in table_of_one.caption
    assert "A dash: the accuracy was not compared." in table.caption
    assert "Some CPU, 2 cores" in table.source
    assert "Accuracy" in table._repr_html_()


def test_three_digits():
    from cnn_explainer.bench.tables import _three_digits

    values = [9712.3, 9540.8, 100.4, 99.96, 12.345, 1.0, 0.98765]
    assert [*map(_three_digits, values)] == [
        "9,710",
        "9,540",
        "100",
        "100",
        "12.3",
        "1.00",
        "0.988",
    ]


@pytest.fixture
def task(tmp_path):
    """For a child of 64 random pictures."""

    def make(name: str, way: str = "keras") -> Task:
        experiment = get(name)
        rng = np.random.default_rng(0)
        side, classes = experiment.image_size, 10 if experiment.dataset == "cifar10" else 5
        images = rng.integers(256, size=(64, side, side, 3), dtype=np.uint8)
        for part in ("train", "test"):
            store(Split(images, rng.integers(classes, size=64)), tmp_path, part)
        return Task(
            way=way,
            experiment=experiment,
            images=64,
            whole_epoch=True,
            threads=None,
            bfloat16=False,
            folder=tmp_path,
        )

    return make


@pytest.mark.parametrize("name", ["base-plain", "lenet5-augmented_dropout"])
def test_keras_way_has_the_same_network_of_keras_own_layers(task, name):
    import keras

    from cnn_explainer.bench.keras_fit import network

    theirs = network(task(name))
    experiment = get(name)
    ours = models.build(experiment.model, experiment.variant, seed=experiment.seed)
    images = task(name).part("test").images[:8].astype("float32")
    np.testing.assert_allclose(
        theirs.predict(images / np.float32(255), verbose=0),
        ours.predict(images, verbose=0),
        rtol=1e-4,
        atol=1e-6,
    )
    assert all(type(layer).__module__.startswith("keras.") for layer in theirs.layers)
    assert type(theirs.optimizer) is keras.optimizers.SGD
    assert theirs.count_params() == parameters(experiment.model)
    dropouts = [layer for layer in theirs.layers if isinstance(layer, keras.layers.Dropout)]
    assert len(dropouts) == sum("dropout" in layer.name for layer in ours.layers)
    randoms = [type(layer).__name__ for layer in theirs.layers if "Random" in type(layer).__name__]
    assert randoms == (["RandomFlip", "RandomRotation", "RandomZoom"] if "aug" in name else [])


@pytest.mark.parametrize(("whole_epoch", "expected"), [(True, 9), (False, 3)])
def test_the_pause_after_a_part_of_an_epoch_is_not_counted(monkeypatch, whole_epoch, expected):
    from cnn_explainer.bench import keras_fit

    moments = iter([1, 2, 4, 10])
    monkeypatch.setattr(keras_fit, "awake_seconds", lambda: next(moments))
    watch = keras_fit.Stopwatch(whole_epoch)
    watch.on_train_begin()
    for batch in range(2):
        watch.on_train_batch_end(batch)
    watch.on_epoch_end(0)
    assert watch.seconds == expected


def test_a_turn_is_an_epoch_but_for_the_largest_network():
    images = {name: turns._enough(experiment) for name, experiment in CATALOGUE.items()}
    assert images["lenet5-plain"] > 50_000 and images["base-plain"] > 50_000
    assert images["alexnet-plain"] > 2_569
    assert 64 <= images["vgg16-plain"] < 2_569
    assert all(count % 32 == 0 for count in images.values())


def test_each_round_begins_with_another():
    children = dict.fromkeys("abc")
    begun = ["".join(name for name, _ in turns._rotated(children, count)) for count in range(4)]
    assert begun == ["abc", "bca", "cab", "abc"]


def test_the_smaller_a_network_the_fewer_threads(monkeypatch):
    monkeypatch.setattr(machine, "cores", lambda: 8)
    threads = {name: training.threads(experiment) for name, experiment in CATALOGUE.items()}
    assert threads["lenet5-plain"] == 1
    assert threads["base-plain"] == 4
    assert threads["alexnet-plain"] == threads["vgg16-plain"] == 8


def test_a_process_that_ends_too_early_says_why(task):
    broken = task("lenet5-plain").model_copy(update={"way": "fly"})
    with (
        pytest.raises(ExplainerError, match="ended with status 1: KeyError: 'fly'"),
        turns._child(broken),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet"], "`name` must be one of"),
        # What a search found is none of the catalogue's.
        (["lenet5-plain", "lenet5-tuned"], "Received: 'lenet5-tuned'"),
        (["lenet5-tuned", "--rounds", "0", "--json", "a.json"], "Received: 'lenet5-tuned'"),
        (["lenet5-plain", "--rounds", "-1"], "rounds"),
        (["lenet5-plain", "--rounds", "0"], "--json"),
        (["lenet5-plain", "--rounds", "0", "--epochs", "0", "--json", "a.json"], "epochs"),
        (["lenet5-plain", "--images", "31"], "images"),
        (["lenet5-plain", "--epochs", "-1"], "epochs"),
        (["lenet5-plain", "--threads", "0"], "threads"),
    ],
)
def test_wrong_commands_end_in_2(arguments, message, monkeypatch):
    monkeypatch.setattr(turns, "_compare", None)
    result = CliRunner().invoke(cli.app, ["bench", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_a_benchmark_that_is_stopped_keeps_what_was_measured(monkeypatch, tmp_path):
    def run(names, **options):
        if names == ["alexnet-plain"]:
            raise ExplainerError("no more")
        comparisons = [sample()["comparisons"][0] | {"name": name} for name in names]
        return bench.Benchmark.model_validate(sample() | {"comparisons": comparisons})

    monkeypatch.setattr(bench, "run", run, raising=False)
    path = tmp_path / "bench.json"
    names = ["base-plain", "lenet5-plain", "alexnet-plain"]
    result = CliRunner().invoke(cli.app, ["bench", *names, "--json", str(path)])
    assert result.exit_code and "no more" in str(result.exception)
    assert [each.name for each in bench.load(path).comparisons] == names[:2]


@pytest.fixture(scope="module")
def measured(tiny_folder):
    """A real benchmark of two rounds on 64 pictures, and what it told meanwhile."""
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFDS_DATA_DIR", str(tiny_folder))
        result = bench.run(["lenet5-plain"], rounds=2, images=64, epochs=1, tell=told.append)
    return result, told


def test_all_ways_are_timed_in_turn(measured):
    result, told = measured
    comparison = result.of("lenet5-plain")
    assert list(comparison.contenders) == WAYS
    assert not comparison.whole_epoch
    for way in WAYS:
        assert len(comparison.contenders[way].images_per_second) == 2
        assert 0 <= comparison.contenders[way].accuracy <= 1
        assert 0 < comparison.share_of_peak(way) < 1
    turn_of = [line.rpartition(", ")[2] for line in told if "round" in line]
    assert turn_of == [*WAYS, "peak", *WAYS[1:], "peak", WAYS[0]]


def test_a_benchmark_says_where_it_comes_from(measured):
    result, _ = measured
    assert result.cores == machine.cores()
    assert {"python", "cnn-explainer", "keras"} <= result.versions.keys()
    assert json.loads(result.model_dump_json())["schema_version"] == 1


def test_accuracies_alone(monkeypatch, tiny_folder):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tiny_folder))
    told = []
    found = turns.learn("lenet5-plain", 1, tell=told.append)
    assert list(found) == WAYS and all(0 <= each.accuracy <= 1 for each in found.values())
    assert {each.precision for each in found.values()} <= {"float32", "mixed_bfloat16"}
    assert told == [f"lenet5-plain: {way} learns for 1 epochs" for way in WAYS]


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="no PyTorch: `pip install torch` runs this test")


@pytest.mark.parametrize("name", ["lenet5-plain", "base-plain", "alexnet-plain"])
def test_pytorch_has_the_same_network(torch, name):
    """With Keras's weights it gives Keras's answers."""
    from cnn_explainer.bench import pytorch

    experiment = get(name)
    side = experiment.image_size
    keras_model = models.build(experiment.model)
    network = pytorch.network(experiment.model).eval()
    shape = None
    with torch.no_grad():
        theirs = (layer for layer in network if hasattr(layer, "weight"))
        for layer in keras_model.layers:
            if layer.name == "flatten":
                shape = layer.input.shape[1:]
            if not layer.weights:
                continue
            kernel, bias = layer.get_weights()
            if kernel.ndim == 4:
                kernel = kernel.transpose(3, 2, 0, 1)
            elif shape is not None:
                # Keras flattens (H, W, C), PyTorch (C, H, W).
                kernel = kernel.reshape(*shape, -1).transpose(3, 2, 0, 1)
                kernel, shape = kernel.reshape(len(kernel), -1), None
            else:
                kernel = kernel.T
            target = next(theirs)
            target.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
            target.bias.copy_(torch.from_numpy(bias))
        images = np.random.default_rng(0).integers(256, size=(2, side, side, 3))
        given = torch.from_numpy(images / np.float32(255)).float().permute(0, 3, 1, 2)
        answer = network(given).softmax(1).numpy()
    expected = keras_model.predict(images.astype("float32"), verbose=0)
    np.testing.assert_allclose(answer, expected, rtol=1e-3, atol=1e-5)
    assert sum(weight.numel() for weight in network.parameters()) == parameters(experiment.model)


def test_pytorch_augments_as_this_package_does(torch):
    from keras import ops

    from cnn_explainer.augmentation import output_to_input
    from cnn_explainer.bench.pytorch import moved

    images = np.random.default_rng(0).random((3, 12, 12, 3), np.float32)
    mirror, angle, zoom = [1, -1, -1], [0.0, 0.4, -0.3], [1.0, 0.95, 1.1]
    expected = ops.image.affine_transform(
        images, output_to_input(mirror, angle, zoom, (12, 12)), "bilinear", "reflect"
    )
    arguments = (torch.tensor(each).float() for each in (mirror, angle, zoom))
    answer = moved(torch.from_numpy(images).permute(0, 3, 1, 2), *arguments)
    np.testing.assert_allclose(
        answer.permute(0, 2, 3, 1).numpy(), ops.convert_to_numpy(expected), atol=1e-4
    )


def test_pytorch_keeps_the_weights_as_short_as_keras_does(torch, task):
    from cnn_explainer.bench.pytorch import PyTorch

    way = PyTorch(task("base-plain", "pytorch"))
    (limited,) = way._limited
    with torch.no_grad():
        limited.weight.mul_(100)
    way._step(torch.arange(8))
    assert limited.weight.norm(dim=1).max() <= 2 + 1e-4
    assert way.precision == "float32"


def test_pytorch_learns(torch, tiny):
    from cnn_explainer import datasets
    from cnn_explainer.bench.pytorch import PyTorch

    data = datasets.load("cifar10")
    store(data.train, tiny, "train")
    store(data.test, tiny, "test")
    task = Task(
        way="pytorch",
        experiment=get("lenet5-plain"),
        images=256,
        whole_epoch=True,
        threads=1,
        bfloat16=False,
        folder=tiny,
    )
    assert PyTorch(task).learn(12) > 0.5
