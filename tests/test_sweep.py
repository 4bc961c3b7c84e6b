"""Searches: whole, stopped and killed, and on two nodes of which one dies."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import samples
from rich.console import Console
from rich.live import Live

from cnn_explainer import checkpoints, runs, versions
from cnn_explainer.errors import ExplainerError
from cnn_explainer.experiments import get
from cnn_explainer.sweep import Sweep, engine, load, space_file, states

pytest.importorskip("ray", reason='Ray is not installed: `pip install "cnn-explainer[sweep]"`')

EPOCHS = 20
SPACE = f"""\
name: tiny
model: lenet5
winner: own
trials: 4
held_out: 0.1
early_stopping: null
settings:
  epochs: {EPOCHS}
  learning_rate: {{log_uniform: [0.001, 0.02]}}
"""
# What runs in the background of a shell ignores Ctrl-C, and so do its children; these do not.
LISTENING = """
import signal, warnings
from cnn_explainer.cli import main
# Ray's own are its own.
warnings.filterwarnings("error", module="cnn_explainer")
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
# A search whose trials have one try each: what is spoilt stays spoilt.
IMPATIENT = "from cnn_explainer.sweep import engine\nengine.TRIES = 0" + LISTENING
PATIENCE = 180
"""Seconds, for what takes a few on a machine that has nothing else to do."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a space file, which is also the home of all that is started here."""
    folder = tmp_path_factory.mktemp("search")
    (folder / "space.yaml").write_text(SPACE)
    return folder


@pytest.fixture(scope="module")
def search(place, tiny_folder):
    """Starts `cnn-explainer sweep` in a process of its own: `search("--resume")`."""
    started = []

    def start(*arguments, before=(), program=LISTENING, **variables):
        command = [*before, sys.executable, "-c", program, "sweep", place / "space.yaml"]
        # Ray keeps its token in the user's folder.
        environment = os.environ | {"HOME": place, "CNN_EXPLAINER_HOME": place / "own"}
        environment |= {"TFDS_DATA_DIR": tiny_folder} | variables
        child = subprocess.Popen(
            [*map(str, command), *map(str, arguments)],
            env={name: str(value) for name, value in environment.items()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.stdout.close()
        child.wait()
        # What `kill -9` gave Ray no time to remove.
        for session in Path("/tmp").glob(f"ray-*/session_*_{child.pid}"):
            shutil.rmtree(session.parent, ignore_errors=True)


@dataclass(frozen=True)
class Kept:
    """What of a trial lies in the storage."""

    name: str
    seconds: list[float]
    """Of each epoch: no two trainings take the same time, to the last digit."""


def kept(storage: Path) -> list[Kept]:
    """Of every trial that has an epoch."""
    found = []
    for state in storage.glob("tiny-ray/train_*/state.npz"):
        with state.open("rb") as file:
            found.append(Kept(state.parent.name, checkpoints.history(file)["train_seconds"]))
    return found


def wait_for(condition, child):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        if child.poll() is not None:
            raise ChildProcessError(child.stdout.read())
        time.sleep(0.05)
    child.kill()
    raise TimeoutError(child.stdout.read())


def ended(trials: list[Kept]) -> list[Kept]:
    return [trial for trial in trials if len(trial.seconds) == EPOCHS]


def went_on(sweep: Sweep, seconds: list[float]) -> bool:
    """Whether there is one trial in which these epochs were trained, and not again."""
    whole = [list(trial.history.train_seconds) for trial in sweep.trials]
    return [each[: len(seconds)] for each in whole].count(seconds) == 1


def processes(session: int) -> Iterator[int]:
    """Those of a child that began a session of its own, with all that it has started."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(ProcessLookupError):
            if os.getsid(int(folder.name)) == session:
                yield int(folder.name)


def kill(session: int) -> None:
    """As if the machine had lost its power."""
    for process in processes(session):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def working(session: int) -> set[str]:
    """The trials that a node's processes are at: each works in a folder of its own."""
    found = set()
    for process in processes(session):
        with suppress(OSError):
            found |= set(re.findall(r"train_[^/]+", os.readlink(f"/proc/{process}/cwd")))
    return found


def listening(session: int) -> set[str]:
    """The addresses at which a session's processes listen."""
    if not shutil.which("ss"):
        return set()
    ours = {f"pid={process}," for process in processes(session)}
    lines = subprocess.run(["ss", "-ltnpH"], capture_output=True, text=True).stdout.splitlines()
    found = [line.split()[3] for line in lines if any(each in line for each in ours)]
    return {each.rpartition(":")[0].strip("[]").removeprefix("::ffff:") for each in found}


@pytest.fixture(scope="module")
def interrupted(search, place):
    """One search: stopped by Ctrl-C, begun once more, gone on with, killed, gone on with.

    Gives what each process said with its status, what was kept after the two that were ended,
    and at which addresses they listened.
    """
    storage = place / "own/sweeps"
    said, states, addresses = {}, [], set()

    def end(name, how, *arguments):
        child = search(*arguments)
        before = len(ended(kept(storage)))
        wait_for(lambda: len(ended(kept(storage))) > before, child)
        addresses.update(listening(child.pid))
        child.send_signal(how)
        said[name] = (child.communicate(timeout=PATIENCE)[0], child.returncode)
        states.append(kept(storage))

    def wait(**children):
        for name, child in children.items():
            said[name] = (child.communicate(timeout=PATIENCE)[0], child.returncode)

    end("stopped", signal.SIGINT)
    wait(begun_again=search(), of_another_space=search("--resume", "--trials", 5))
    end("killed", signal.SIGKILL, "--resume")
    wait(whole=search("--resume"))
    return said, states, addresses


@pytest.fixture
def found(interrupted, place, monkeypatch):
    """The record of that search, in whose home one is then."""
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(place / "own"))
    return load("tiny")


def test_ctrl_c_says_how_to_go_on(interrupted):
    output, status = interrupted[0]["stopped"]
    assert status == 1
    assert "stopped; what was done is kept. The same command with --resume goes on" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("begun_again", "lies a search that was not finished: --resume goes on with it"),
        ("of_another_space", "is one of another space: give the file, --trials and --max-epochs"),
    ],
)
def test_a_search_that_is_not_finished_is_not_overwritten(interrupted, name, sentence):
    output, status = interrupted[0][name]
    assert status == 1 and sentence in output
    assert "Traceback" not in output


def test_no_finished_trial_is_trained_again_and_none_is_lost(interrupted, found):
    said, states, _ = interrupted
    assert said["killed"][1] == -signal.SIGKILL and said["whole"][1] == 0, said
    assert [trial.end for trial in found.trials] == ["finished"] * 4
    for state in states:
        assert ended(state)
        for trial in state:
            assert went_on(found, trial.seconds)


def test_a_search_on_this_machine_listens_to_nobody_else(interrupted):
    if not shutil.which("ss"):
        pytest.skip("no `ss` here to say who listens: `apt install iproute2` brings it")
    assert interrupted[2] == {"127.0.0.1"}


def test_trials_are_judged_on_held_out_images_alone(found):
    # Right answers are whole numbers: of 26 held out of 256, and not of the 64 test images.
    for trial in found.trials:
        right = 26 * np.array(trial.history.val_accuracy)
        np.testing.assert_allclose(right, right.round(), atol=1e-4)


def test_the_record_says_what_was_done(found, interrupted, place):
    assert found.space == space_file.read(place / "space.yaml")
    assert dict([versions.backend()]).items() <= found.versions.items()
    assert found.dataset_origin == runs.load("lenet5-own").provenance.dataset_origin
    assert (found.epochs, found.nodes) == (4 * EPOCHS, 1)
    rates = {trial.values["learning_rate"] for trial in found.trials}
    assert len(rates) == 4 and all(0.001 <= rate <= 0.02 for rate in rates)
    assert f"4 trials, {4 * EPOCHS} epochs" in interrupted[0]["whole"][0]
    # What Ray kept is not needed any more.
    assert {path.name for path in (place / "own/sweeps").iterdir()} == {"tiny.json"}


def test_the_winner_is_an_experiment_and_judged_once_on_the_test_images(found):
    best = max(found.trials, key=lambda trial: trial.accuracy)
    winner = get("lenet5-own")
    assert winner.recipe.learning_rate == best.values["learning_rate"]
    assert winner.held_out == 0
    run = runs.load("lenet5-own")
    assert np.sum(run.confusion) == 64
    assert run.images_per_second == pytest.approx(256 / np.median(run.history.train_seconds))
    assert len(list(runs.folder().glob("*.json"))) == 1


@pytest.fixture(scope="module")
def network():
    """The beginning of a command that runs where there is no network but the loopback."""
    tools = ("unshare", "nsenter", "ip")
    if sys.platform != "linux" or os.geteuid() or not all(map(shutil.which, tools)):
        pytest.skip(f"a network of two nodes' own needs Linux, root, and {', '.join(tools)}")
    inside = "ip link set lo up && echo up && exec sleep 900"
    command = ["unshare", "--net", "sh", "-c", inside]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as holder:
        if holder.stdout.readline() != b"up\n":
            pytest.skip("this machine lets nobody make a network")
        yield ["nsenter", f"--net=/proc/{holder.pid}/ns/net"]
        holder.kill()


HEAD, WORKER = "127.0.0.2", "127.0.0.3"
ADDRESS = f"{HEAD}:6379"


@pytest.fixture(scope="module")
def nodes(network, place, tiny_folder):
    """Two nodes with a core each, and a token; their sessions' numbers."""
    (place / ".ray").mkdir(exist_ok=True)
    (place / ".ray/auth_token").write_text("0123456789abcdef" * 4)
    # Sockets have short names.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    environment = os.environ | {"HOME": str(place), "RAY_AUTH_MODE": "token"}
    environment |= {"TFDS_DATA_DIR": str(tiny_folder), "RAY_USAGE_STATS_ENABLED": "0"}
    started = []
    for address, how in {
        HEAD: ["--head", "--port=6379", "--include-dashboard=false", f"--temp-dir={folder}"],
        WORKER: [f"--address={ADDRESS}"],
    }.items():
        ray = [*network, sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        with (place / address).open("w") as output:
            node = subprocess.Popen(
                [*ray, f"--node-ip-address={address}", "--num-cpus=1", *how],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        started.append(node)
        wait_for(lambda a=address: "runtime started" in (place / a).read_text(), node)
    yield [node.pid for node in started]
    for node in started:
        kill(node.pid)
        node.wait()
    shutil.rmtree(folder, ignore_errors=True)


def test_nobody_gets_in_without_the_token(nodes, network, search, place):
    for other in ({"HOME": place / "stranger"}, {"RAY_AUTH_TOKEN": "f" * 64}):
        began = time.monotonic()
        child = search("--address", ADDRESS, "--storage", place, before=network, **other)
        output, _ = child.communicate(timeout=PATIENCE)
        assert child.returncode == 1
        assert f"no Ray cluster at {ADDRESS} that takes the token from here: " in output
        assert "Traceback" not in output
        assert time.monotonic() - began < 60


def test_two_nodes_one_of_which_dies(nodes, network, search, place, monkeypatch):
    storage = place / "shared"
    arguments = ("--address", ADDRESS, "--storage", storage, "--no-final", "--trials", 3)
    child = search(*arguments, before=network, CNN_EXPLAINER_HOME=place / "other")

    def midway():
        """What the second node is in the middle of, while the first one is at work, too."""
        begun = {trial.name for trial in kept(storage) if 2 < len(trial.seconds) < EPOCHS}
        return working(nodes[0]) and working(nodes[1]) & begun

    lost = wait_for(midway, child)
    kill(nodes[1])
    state = {trial.name: trial.seconds for trial in kept(storage)}
    output = child.communicate(timeout=PATIENCE)[0]
    assert child.returncode == 0, output

    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(place / "other"))
    found = load("tiny")
    assert [trial.end for trial in found.trials] == ["finished"] * 3
    assert found.nodes == 2
    assert lost and lost <= set(state)
    # No epoch that was kept is trained again: all that is lost is the one that was under way.
    assert all(went_on(found, seconds) for seconds in state.values())


def test_an_address_at_which_nothing_is(search, place):
    began = time.monotonic()
    arguments = ("--address", "127.0.0.1:1", "--storage", place / "none")
    output, _ = search(*arguments, CNN_EXPLAINER_HOME=place / "none").communicate()
    assert output.startswith("cnn-explainer: no Ray cluster at 127.0.0.1:1")
    assert time.monotonic() - began < 60


def test_optuna_comes_near_to_what_is_good(place):
    """Its sampler is asked as Ray asks it; an accuracy is made up, best at Adam and 0.01."""
    pytest.importorskip("optuna")
    text = (
        (place / "space.yaml")
        .read_text()
        .replace("early_stopping", "search: optuna\nearly_stopping")
    )
    (place / "optuna.yaml").write_text(f"{text}  optimizer: [sgd, adam]\n")
    space = space_file.read(place / "optuna.yaml")
    search, (low, high) = engine._search(space), space.chosen["learning_rate"].ends
    drawn = {name: engine._drawn(each, space) for name, each in space.chosen.items()}
    assert search.set_search_properties(engine.METRIC, "max", drawn)
    far = []
    for number in map(str, range(60)):
        values = search.suggest(number)
        assert low <= values["learning_rate"] <= high
        assert values["optimizer"] in ("sgd", "adam")
        far.append(abs(np.log(values["learning_rate"] / 0.01)) + (values["optimizer"] == "sgd"))
        search.on_trial_complete(number, {engine.METRIC: -far[-1]})
    # The first ten are drawn at random.
    assert np.mean(far[-20:]) < 0.5 * np.mean(far[:10])


def test_where_every_trial_fails_resume_tries_them_again(search, place, tiny, monkeypatch):
    own, [pictures] = place / "spoilt", tiny.glob("**/*train.tfrecord*")
    command = ("--trials", 1, "--max-epochs", 2, "--no-final")
    variables = {"program": IMPATIENT, "CNN_EXPLAINER_HOME": own, "TFDS_DATA_DIR": tiny}
    whole = pictures.read_bytes()
    pictures.write_bytes(whole[:100] + b"spoilt" + whole[106:])
    child = search(*command, **variables)
    output, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1
    sentence = output[output.rindex("cnn-explainer: ") :]
    assert "none of the 1 trials came to an accuracy, and nothing was recorded" in sentence
    assert "corrupted record" in sentence and "--resume" in sentence
    assert [path.name for path in own.glob("*/*")] == ["tiny-ray"]

    pictures.write_bytes(whole)
    child = search(*command, "--resume", **variables)
    output, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 0, output
    monkeypatch.setenv("CNN_EXPLAINER_HOME", str(own))
    assert [(trial.end, trial.epochs_done) for trial in load("tiny").trials] == [("finished", 2)]
    assert get("lenet5-own").recipe.epochs == 2
    assert [path.name for path in (own / "sweeps").iterdir()] == ["tiny.json"]


class Results(list):
    """What Ray Tune gives, as far as it is asked for after the trials were read."""

    experiment_path = "place"

    def __init__(self, errors):
        super().__init__(SimpleNamespace(error=each, metrics_dataframe=None) for each in errors)
        self.deleted = []
        self.filesystem = SimpleNamespace(delete_dir=self.deleted.append)


@pytest.fixture
def ended_as(home, tiny, monkeypatch):
    """Makes a search without Ray, whose trials end so: `ended_as("finished", "failed")`."""
    past = samples.sweep()

    def start(*ends):
        trials = iter([samples.ended(past.trials[0], end, 2 * (end != "failed")) for end in ends])
        results = Results([f"…\n{end} here" for end in ends])
        cluster = SimpleNamespace(cluster_resources=dict)
        monkeypatch.setattr(engine, "_imported", lambda address: cluster)
        monkeypatch.setattr(engine, "_connected", lambda *_: nullcontext())
        monkeypatch.setattr(states, "place_of", lambda *_: "place")
        monkeypatch.setattr(engine, "_tuner", lambda *_: SimpleNamespace(fit=lambda: results))
        monkeypatch.setattr(engine, "_trial", lambda *_: next(trials))
        return partial(engine.run, past.space), results

    return start


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (["diverged", "failed", "failed"], r"none of the 3 trials .* first error: failed here.*"),
        (["diverged", "diverged"], r"none of the 2 trials .* all diverged.* lower learning rates"),
    ],
)
def test_a_search_in_vain_is_none(ended_as, home, ends, said):
    run, results = ended_as(*ends)
    with pytest.raises(ExplainerError, match=said):
        run()
    assert not results.deleted and not list(home.iterdir())


@pytest.mark.parametrize(("other", "deleted"), [("failed", []), ("diverged", ["place"])])
def test_what_failed_can_be_tried_again(ended_as, other, deleted):
    run, results = ended_as("stopped", other)
    assert load(run().space.name).best.end == "stopped"
    assert results.deleted == deleted


def test_nothing_to_resume(search, place):
    child = search("--resume", CNN_EXPLAINER_HOME=place / "none")
    output, _ = child.communicate()
    assert child.returncode == 1
    assert output.startswith("cnn-explainer: there is no search to resume in ")


def test_a_cluster_needs_a_storage(place):
    with pytest.raises(ValueError, match="`storage` must be what all nodes"):
        engine.run(space_file.read(place / "space.yaml"), address="127.0.0.1:1")


def test_trials_look_for_the_pictures_where_the_search_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", "pictures")
    told = {}
    ray = SimpleNamespace(init=lambda *_, **how: told.update(how), shutdown=lambda: None)
    with engine._connected(ray, None):
        assert told["runtime_env"]["env_vars"]["TFDS_DATA_DIR"] == str(tmp_path / "pictures")


def test_where_ray_is_not_installed(monkeypatch, place):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ExplainerError, match=r'pip install "cnn-explainer\[sweep\]"'):
        engine.run(space_file.read(place / "space.yaml"))


def test_after_ctrl_c_the_terminal_is_as_before(monkeypatch, place):
    """The cursor is there again, which the table hides; Ray Tune tells a watch of no Ctrl-C."""
    from cnn_explainer.sweep import watch

    terminal = io.StringIO()
    console = Console(file=terminal, force_terminal=True)
    monkeypatch.setattr(watch, "LIVE", Live(console=console, auto_refresh=False, transient=True))
    one = watch.Watch(space_file.read(place / "space.yaml"), expected=4)

    class Stopped:
        def fit(self):
            one.setup()
            one.on_step_end(0, [])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine._fitted(Stopped())
    hide, show = "\x1b[?25l", "\x1b[?25h"
    assert -1 < terminal.getvalue().rfind(hide) < terminal.getvalue().rfind(show)
    # Nor does it still catch what is printed.
    assert not watch.LIVE.is_started
