"""Exported networks: the numbers in the files, what is left out, and what is refused."""

import base64
import json
import subprocess
import sys
from types import SimpleNamespace
from typing import get_args

import keras
import networks
import numpy as np
import pytest
import samples
from building import REPOSITORY
from keras import layers
from test_cli import call

from cnn_explainer import models, runs, weights
from cnn_explainer.augmentation import RandomAffine
from cnn_explainer.cutout import Cutout
from cnn_explainer.dropout import Dropout
from cnn_explainer.errors import ExplainerError, RecordNotFound
from cnn_explainer.experiments import CATALOGUE, Changes, Experiment, get
from cnn_explainer.export import ACTIVATIONS, export


def content(path):
    """The object in a file."""
    text = path.read_text()
    assert text.startswith("cnn.receive(") and text.endswith(")\n")
    return json.loads(text[len("cnn.receive(") : -2])


def chain(*middle, shape=(8, 8, 3)):
    """A network with these layers in it."""
    return keras.Sequential([keras.Input(shape), *middle, layers.Flatten(), layers.Dense(2)])


# --- what is in a file --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lenet5():
    """LeNet-5 with random weights, of which none is 0."""
    network = models.build("lenet5", "augmented_dropout")
    networks.spread_weights(network, np.random.default_rng(0))
    return network


@pytest.mark.parametrize(("dtype", "error"), [("float32", 0), ("float16", 2**-11)])
def test_all_weights_are_in_the_file_in_their_order(lenet5, tmp_path, dtype, error):
    written = content(export(lenet5, tmp_path, dtype))
    found = np.frombuffer(base64.b64decode(written["weights"]), np.dtype(dtype).newbyteorder("<"))
    expected = np.concatenate([np.ravel(weight) for weight in lenet5.weights])
    np.testing.assert_allclose(found, expected, rtol=error, atol=2**-24)


def test_eight_bits_have_a_scale_for_each_channel(lenet5, tmp_path):
    written = content(export(lenet5, tmp_path, "int8"))
    data, place = base64.b64decode(written["weights"]), 0

    def take(dtype, count):
        nonlocal place
        begin, place = place, place + np.dtype(dtype).itemsize * count
        return np.frombuffer(data[begin:place], dtype)

    for kernel, bias in zip(lenet5.weights[::2], lenet5.weights[1::2], strict=True):
        scale = take("<f4", kernel.shape[-1])
        found = take("i1", np.size(kernel)).reshape(kernel.shape)
        assert np.abs(found).max(axis=tuple(range(found.ndim - 1))).tolist() == [127] * len(scale)
        assert (np.abs(found * scale - kernel) <= scale * 0.5001).all()
        np.testing.assert_array_equal(take("<f4", bias.shape[0]), bias)
    assert place == len(data)


def test_a_channel_of_zeros_stays_zero(tmp_path):
    network = chain(layers.Conv2D(3, 3, kernel_initializer="zeros"))
    data = base64.b64decode(content(export(network, tmp_path, "int8"))["weights"])
    assert np.isfinite(np.frombuffer(data[:12], "<f4")).all()
    assert data[12 : 12 + 81] == bytes(81)


@pytest.mark.parametrize("name", ["lenet5-augmented_dropout", "base-plain"])
def test_an_experiment_is_written_as_its_keras_network_is(home, tmp_path, name):
    experiment = get(name)
    network = models.build(experiment.model, experiment.variant)
    networks.spread_weights(network, np.random.default_rng(1))
    weights.save(network, experiment)
    by_record = content(export(experiment, tmp_path / "record", "float32"))
    said = {key: by_record[key] for key in ("title", "classes")}
    path = export(weights.restore(experiment), tmp_path / "keras", "float32", **said)
    assert content(path) == by_record | {"record": None}


def searched(**changes):
    """LeNet-5 as a search might leave it, trained: its experiment and its network."""
    experiment = Experiment(
        model="lenet5",
        variant="tuned",
        dataset="cifar10",
        image_size=32,
        changes=Changes(dropout=0.1, hidden_units=60, **changes),
    )
    network = models.build("lenet5", "tuned", **experiment.changes.model_dump())
    networks.spread_weights(network, np.random.default_rng(2))
    weights.save(network, experiment)
    return experiment, network


def test_a_changed_network_is_written_as_it_was_trained(home, tmp_path):
    experiment, network = searched(activation="silu")
    by_record = content(export(experiment, tmp_path / "record", "float16"))
    path = export(network, tmp_path / "keras", "float16", title="")
    of_keras = content(path)
    for key in ("layers", "weights", "input"):
        assert by_record[key] == of_keras[key]
    found = [layer["activation"] for layer in by_record["layers"] if "activation" in layer]
    assert found == ["silu"] * 4 + ["softmax"]


def test_a_page_knows_every_activation_that_an_experiment_can_have():
    (chosen, _) = get_args(Changes.model_fields["activation"].annotation)
    assert {*get_args(chosen)} < {*ACTIVATIONS}


@pytest.mark.parametrize("activation", ["silu", "tanh"])
def test_a_changed_network_answers_after_restoring_as_before(home, activation):
    experiment, network = searched(activation=activation)
    images = np.random.default_rng(3).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    before, after = (
        model.predict(images, verbose=0) for model in (network, weights.restore(experiment))
    )
    np.testing.assert_allclose(after, before, atol=5e-3)


def test_the_record_goes_along(home, tmp_path):
    experiment = get("lenet5-plain", seed=9, epochs=20)
    # What was really used, whatever the recipe asks for.
    used = "mixed_bfloat16"
    run = samples.run("lenet5-plain", seed=9, epochs=20, epochs_done=12, precision=used)
    kernels = {epoch: np.full((5, 5, 3, 6), epoch) for epoch in (0, 3, 10, 12)}
    run = run.model_copy(update={"filters": runs.Filters.pack(kernels)})
    runs.save(run)
    weights.save(models.build("lenet5"), experiment)
    with pytest.raises(RecordNotFound):
        export(get("lenet5-plain", seed=8), tmp_path)

    record = content(export(experiment, tmp_path))["record"]
    assert record["accuracy"] == run.test.accuracy and record["loss"] == run.test.loss
    assert (record["seed"], record["epochs_done"], record["epochs"]) == (9, 12, 20)
    assert record["fingerprint"] == run.provenance.dataset_fingerprint
    assert record["precision"] == used
    for each, values in record["calibration"].items():
        np.testing.assert_allclose(values, getattr(run.calibration, each), atol=1e-4)
    assert record["filters"]["epochs"] == [0, 10]
    data = np.frombuffer(base64.b64decode(record["filters"]["data"]), "<f2")
    np.testing.assert_array_equal(data, np.repeat([0, 10], 5 * 5 * 3 * 6))


def test_the_last_epoch_s_kernels_are_among_the_weights_alone(home, tmp_path):
    run = samples.run("lenet5-plain", seed=9, epochs=10)
    kernels = {epoch: np.full((5, 5, 3, 6), epoch) for epoch in (0, 10)}
    runs.save(run.model_copy(update={"filters": runs.Filters.pack(kernels)}))
    weights.save(models.build("lenet5"), run.experiment)
    assert content(export(run.experiment, tmp_path))["record"]["filters"]["epochs"] == [0]


def test_shipped_weights_go_with_the_shipped_record_alone(home, tmp_path):
    shipped = runs.load("lenet5-plain")
    before = content(export("lenet5-plain", tmp_path))
    # A copy of it is no other training.
    runs.save(shipped)
    assert content(export("lenet5-plain", tmp_path)) == before

    runs.save(samples.run())
    message = rf"the weights of lenet5-plain, seed 42, are not in {weights.folder()}\. .* --again`"
    with pytest.raises(RecordNotFound, match=message):
        export("lenet5-plain", tmp_path)
    with pytest.raises(RecordNotFound, match=message):
        weights.restore("lenet5-plain")

    weights.save(models.build("lenet5"), get("lenet5-plain"))
    accuracy = content(export("lenet5-plain", tmp_path))["record"]["accuracy"]
    assert accuracy == samples.run().test.accuracy != shipped.test.accuracy


def test_an_imported_record_takes_the_weights_of_the_one_before_away(home, tmp_path):
    run, other = (samples.run(seed=seed) for seed in (1, 2))
    changed = run.model_copy(update={"test": other.test})
    for each in (run, other):
        runs.save(each)
        weights.save(models.build("lenet5"), each.experiment)
    for each in (run, other):
        runs.import_records(runs.save(each, tmp_path))
    assert len([*weights.folder().iterdir()]) == 2

    runs.import_records(runs.save(changed, tmp_path))
    assert [path.stem for path in weights.folder().iterdir()] == [other.experiment.slug]
    with pytest.raises(RecordNotFound, match="the weights of lenet5-plain, seed 1,"):
        weights.read(run.experiment)

    # Its record has been deleted, and they are not the imported one's.
    (runs.folder() / f"{other.experiment.slug}.json").unlink()
    runs.import_records(runs.save(other, tmp_path))
    assert [*weights.folder().iterdir()] == []


def test_lenet5_stays_small(tmp_path):
    assert export("lenet5-plain", tmp_path).stat().st_size <= 170_000


def test_an_experiment_needs_no_keras(tmp_path):
    code = (
        "import sys; from cnn_explainer.export import export;"
        f"export('lenet5-plain', {str(tmp_path)!r});"
        "assert not {'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_name_can_end_a_script(tmp_path):
    path = export(chain(), tmp_path, classes=["</script>", "<!--"], title="<script>")
    assert "<" not in path.read_text()
    assert content(path)["classes"] == ["</script>", "<!--"]


# --- Keras's layers -----------------------------------------------------------------------------


def test_what_does_nothing_in_prediction_is_left_out(tmp_path):
    network = chain(
        RandomAffine(flip=True, rotation=0.1, zoom=0.1, seed=1),
        Cutout(8, seed=1),
        layers.RandomFlip(),
        layers.RandomContrast(0.1),
        layers.Conv2D(2, 3, name="only"),
        layers.Activation("linear"),
        layers.GaussianNoise(0.1),
        layers.SpatialDropout2D(0.1),
        layers.Dropout(0.1),
        Dropout(0.1, seed=1),
    )
    written = content(export(network, tmp_path))
    assert [layer["type"] for layer in written["layers"]] == ["conv2d", "flatten", "dense"]


def test_a_network_within_a_network_is_followed(tmp_path):
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3), layers.ReLU()])
    network = chain(layers.Rescaling(1 / 255), inner)
    types = [layer["type"] for layer in content(export(network, tmp_path))["layers"]]
    assert types == ["rescaling", "conv2d", "relu", "flatten", "dense"]


def test_a_layer_used_twice_is_written_twice(tmp_path):
    picture, conv = keras.Input((8, 8, 3)), layers.Conv2D(3, 3)
    network = keras.Model(picture, layers.GlobalMaxPooling2D()(conv(conv(picture))))
    types = [layer["type"] for layer in content(export(network, tmp_path))["layers"]]
    assert types == ["conv2d", "conv2d", "global_max_pool2d"]


def two_ways():
    picture = keras.Input((8, 8, 3))
    added = layers.Add(name="sum")([layers.Conv2D(3, 1)(picture), picture])
    return keras.Model(picture, layers.GlobalMaxPooling2D()(added))


def arithmetic():
    picture = keras.Input((8, 8, 3))
    return keras.Model(picture, layers.GlobalMaxPooling2D()(picture / 255))


def any_size():
    return keras.Sequential([keras.Input((None, None, 3)), layers.GlobalMaxPooling2D()])


def nothing_between():
    picture = keras.Input((8, 8, 3))
    return keras.Model(picture, picture)


class OtherConv2D(layers.Conv2D):
    """Could compute anything."""


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: chain(layers.DepthwiseConv2D(3, name="deep")), "the layer `deep` must be one of"),
        (lambda: chain(layers.DepthwiseConv2D(3)), "Received: DepthwiseConv2D"),
        (lambda: chain(layers.RandomCrop(4, 4, name="crop")), "the layer `crop` must be one of"),
        (lambda: chain(layers.LeakyReLU(name="leak")), "the layer `leak` must be one of"),
        (lambda: chain(layers.ZeroPadding2D(name="zeros")), "the layer `zeros` must be one of"),
        (lambda: chain(OtherConv2D(2, 3, name="odd")), "the layer `odd` must be one of"),
        (lambda: chain(layers.Conv2D(2, 3, activation="mish", name="c")), "Received: mish"),
        (lambda: chain(layers.Activation("sigmoid", name="a")), "the layer `a` must have as"),
        (lambda: chain(layers.Conv2D(3, 3, groups=3, name="g")), "`g` must have `groups` 1"),
        (lambda: chain(layers.ReLU(6, name="six")), "the layer `six` must have `max_value` None"),
        (lambda: chain(layers.Softmax(1, name="s")), "the layer `s` must have `axis` -1"),
        (lambda: chain(layers.BatchNormalization(1, name="b")), "the layer `b` must have `axis`"),
        (
            lambda: chain(layers.Rescaling(np.ones((8, 1)), name="r")),
            "the layer `r` must have one `scale`, or one for each channel. Received: 8",
        ),
        (two_ways, "the layer `sum` must have one input. Received: 2"),
        (arithmetic, "the layer `true_divide` must be one of"),
        (lambda: keras.Sequential([layers.Dense(2)]), "`model` must be a Sequential or functional"),
        (any_size, "`model` must take (N, H, W, C), all but N fixed"),
        (nothing_between, "`model` must have a layer besides its input. Received: <Functional"),
        (lambda: keras.Sequential([keras.Input((8,)), layers.Dense(2)]), "must take (N, H, W, C)"),
        (
            lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(2, 3)]),
            "`model` must give (N, classes). Received: [6, 6, 2]",
        ),
    ],
)
def test_what_a_page_cannot_run_is_named(tmp_path, make, message):
    with pytest.raises(ValueError) as error:
        export(make(), tmp_path)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"dtype": "float64"},
            "`dtype` must be one of float32, float16, int8. Received: 'float64'",
        ),
        ({"name": "../up"}, "`name` must be letters, digits"),
        ({"name": ""}, "`name` must be letters, digits"),
        (
            {"classes": ["one"]},
            "`classes` must be 2, as many as the network's outputs. Received: 1",
        ),
    ],
)
def test_an_argument_that_does_not_fit_is_named(tmp_path, arguments, message):
    with pytest.raises(ValueError) as error:
        export(chain(), tmp_path, **arguments)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("value", "dtype"), [(1e5, "float16"), *((np.nan, each) for each in ("float32", "int8"))]
)
def test_weights_that_do_not_fit_are_refused(tmp_path, value, dtype):
    network = chain(layers.Conv2D(2, 3, name="conv"))
    network.layers[0].kernel.assign(np.full((3, 3, 3, 2), value))
    with pytest.raises(ValueError, match="the weights of `conv` must be finite and at most"):
        export(network, tmp_path, dtype)


# --- the command, and the build -----------------------------------------------------------------


# Keras, when it saves, does not know NumPy 2's ways yet.
@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_the_command_writes_experiments_and_files(tmp_path):
    status, output = call("export", "lenet5-plain", "--to", tmp_path)
    assert (status, output.strip()) == (0, str(tmp_path / "lenet5-plain.js"))

    saved = tmp_path / "mine.keras"
    keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            RandomAffine(flip=True, rotation=0.1, zoom=0.1, seed=1),
            Dropout(0.1, seed=1),
            layers.Flatten(),
            layers.Dense(2),
        ]
    ).save(saved)
    status, output = call("export", saved, "--to", tmp_path, "--classes", "cat,dog")
    assert (status, output.strip()) == (0, str(tmp_path / "mine.js"))
    written = content(tmp_path / "mine.js")
    assert (written["name"], written["classes"]) == ("mine", ["cat", "dog"])
    assert [layer["type"] for layer in written["layers"]] == ["flatten", "dense"]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_a_damaged_keras_file_is_named(tmp_path):
    path = tmp_path / "mine.keras"
    chain().save(path)
    # The list of the archive's members at its end stays whole; what it leads to does not.
    path.write_bytes(path.read_bytes().replace(b"PK\x03\x04", b"PK\x00\x00"))
    with pytest.raises(ExplainerError, match=r"mine\.keras is no Keras model: "):
        call("export", path, "--to", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["vgg16-plain"], "the weights of vgg16-plain, seed 42, are not in"),
        # Its record is shipped: without --again, nothing would be trained.
        (["vgg16-plain"], "`cnn-explainer train vgg16-plain --again` makes them"),
        (["missing.keras"], "missing.keras is no Keras model: "),
    ],
)
def test_the_command_fails_with_a_sentence(home, tmp_path, arguments, message):
    with pytest.raises(Exception, match=message):
        call("export", *arguments, "--to", tmp_path)


def hook(folder):
    """What the build does."""
    sys.path.insert(0, str(REPOSITORY / "book/_ext"))
    try:
        import live_models
    finally:
        sys.path.remove(str(REPOSITORY / "book/_ext"))
    live_models._export(SimpleNamespace(outdir=folder, builder=SimpleNamespace(format="html")))
    return folder / "_static/models"


def versions_in(folder):
    return {row["name"]: row["version"] for row in content(folder / "index.js")["models"]}


def changed(before, after):
    return {name for name in after if after[name] != before[name]}


def test_the_build_writes_what_changed_and_nothing_else(home, tmp_path):
    folder = hook(tmp_path)
    index = content(folder / "index.js")["models"]
    assert {row["file"] for row in index} | {"index.js"} == {path.name for path in folder.iterdir()}
    assert {"lenet5-plain"} <= {row["name"] for row in index} <= set(CATALOGUE)
    versions = versions_in(folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}

    hook(tmp_path)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before

    # The reader's own takes the place of the shipped one.
    weights.save(models.build("lenet5", seed=5), get("lenet5-plain"))
    hook(tmp_path)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert changed(before, after) == {"lenet5-plain.js", "index.js"}
    assert changed(versions, versions_in(folder)) == {"lenet5-plain"}


def test_the_build_removes_what_it_wrote_and_nothing_else(home, tmp_path):
    index = hook(tmp_path) / "index.js"
    whole = index.read_text()
    gone, mine = index.with_name("gone.js"), index.with_name("mine.js")
    for path in (gone, mine):
        path.write_text("cnn.receive({})\n")
    index.write_text(whole.replace('"models":[', '"models":[{"file":"gone.js"},'))
    hook(tmp_path)
    assert (gone.exists(), mine.exists()) == (False, True)
    assert index.read_text() == whole
    # Where the index is not whole, it is not known what was written.
    index.write_text(whole[:100])
    hook(tmp_path)
    assert mine.exists() and index.read_text() == whole


def test_the_index_says_what_the_files_say(live_models):
    for row in content(live_models / "index.js")["models"]:
        path = live_models / row["file"]
        written = content(path)
        assert row["bytes"] == path.stat().st_size
        assert (row["name"], row["title"]) == (written["name"], written["title"])
        assert row["accuracy"] == (written["record"] or {}).get("accuracy")
