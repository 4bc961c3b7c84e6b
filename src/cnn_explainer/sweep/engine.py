"""The search itself, on Ray Tune: on this machine, or on a cluster that runs already.

Nothing else in the package needs Ray: `pip install "cnn-explainer[sweep]"` brings it.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .. import datasets, machine, versions
from ..errors import ExplainerError
from . import record, states, trial
from .record import Sweep, Trial
from .space import Range, Space

if TYPE_CHECKING:
    from ray import tune

METRIC = "val_accuracy"
TRIES = 5
"""How often a trial may lose its process or its node before it counts as failed."""
SETTINGS = {
    # Who reaches a cluster's ports may run programs on it: not without its token.
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # `watch` tells what goes on.
    "RAY_AIR_NEW_OUTPUT": "0",
    # Ctrl-C ends the search with a sentence of ours; what was done is kept all along.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
}
ALONE = {
    # Else Ray's ports are open on all of this machine's addresses; with this, on the loopback
    # alone, as it does by itself on the systems that the name speaks of.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
ON_A_CLUSTER = {
    # How often one is tried that does not take the token; it will not the second time.
    "RAY_gcs_server_port_wait_time_s": "1",
}
CARRIED = ("TFDS_DATA_DIR", "CNN_EXPLAINER_OFFLINE", "KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")
"""What is set here, and holds on all nodes."""


def run(
    space: Space,
    *,
    address: str | None = None,
    storage: str | Path | None = None,
    resume: bool = False,
) -> Sweep:
    """Search the space, save the record in the user's folder, give it.

        run(read("lenet5.yaml"))                           -> on this machine's cores
        run(space, address="10.0.0.1:6379", storage=…)     -> on a cluster
        run(space, resume=True)                            -> goes on after Ctrl-C, or `kill -9`

    `storage` is a folder that all nodes reach, or `s3://bucket/folder`: there lies what each trial
    needs to go on; see `states`. By default it is `record.folder()`, which is right for one
    machine. What is there when the search ends well is the record's, and is removed; if a trial
    failed, it stays, and `resume` tries that trial again.

    Raises `ValueError` for an `address` without `storage`; `ExplainerError` if Ray is not
    installed, if there is no cluster or it takes no token from here, if no trial came to an
    accuracy (then nothing is saved), or what `record.check` and `states.place_of` raise;
    `DatasetUnavailable`; `KeyboardInterrupt`, with all that was done kept.
    """
    if address and not storage:
        # Each node would keep the states of its trials to itself.
        raise ValueError(
            f"`storage` must be what all nodes of `address` reach. Received: {storage!r}"
        )
    record.check(space)
    ray = _imported(address)
    place = states.place_of(space, storage or record.folder(), resume)
    data = datasets.prepare(space.experiment({}).dataset)
    with _connected(ray, address):
        results = _fitted(_tuner(space, place, resume))
        trials = tuple(_trial(space, place, result) for result in results)
        _check(trials, results, place)
        sweep = Sweep(
            space=space,
            trials=trials,
            nodes=_nodes(results),
            cores=max(1, int(ray.cluster_resources().get("CPU", 0))),
            processor=machine.processor(),
            versions=versions.computed("ray"),
            dataset_fingerprint=datasets.fingerprint(data),
            dataset_origin=datasets.origin(data),
            finished=datetime.now(UTC).replace(microsecond=0),
        )
    record.save(sweep)
    if not sweep.failed:
        results.filesystem.delete_dir(results.experiment_path)
    return sweep


def _imported(address: str | None) -> Any:
    """Ray, which reads its settings when it is imported."""
    for name, value in (SETTINGS | (ON_A_CLUSTER if address else ALONE)).items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise ExplainerError(
            'a search needs Ray, which is not installed: pip install "cnn-explainer[sweep]"'
        ) from None
    return ray


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    """To a cluster; without an address to one of this machine alone, which ends with it."""
    if address:
        _listens(address)
    # Sockets have short names.
    with TemporaryDirectory(prefix="ray-", dir="/tmp" if os.path.isdir("/tmp") else None) as place:
        here = {
            "num_cpus": machine.cores(),
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": place,
        }
        variables = {name: os.environ[name] for name in CARRIED if name in os.environ}
        if variables.get("TFDS_DATA_DIR"):
            # Each trial works in a folder of its own.
            variables["TFDS_DATA_DIR"] = str(datasets.data_folder().absolute())
        try:
            ray.init(
                address or "local",
                log_to_driver=False,
                logging_level="ERROR",
                runtime_env={"env_vars": variables},
                **({} if address else here),
            )
        # What it raises is of many kinds, `Exception` itself among them.
        except Exception as error:
            none = f"no Ray cluster at {address} that takes the token from here"
            first = str(error).strip().partition("\n")[0]
            raise ExplainerError(f"{none if address else 'no Ray here'}: {first}") from None
        try:
            yield
        finally:
            ray.shutdown()


def _listens(address: str) -> None:
    """Raise `ExplainerError` if nothing does: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        # `auto` is one of this machine that Ray knows of.
        if port.isdigit():
            socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise ExplainerError(f"no Ray cluster at {address}: {error}") from None


def _check(trials: tuple[Trial, ...], results: "tune.ResultGrid", place: str) -> None:
    """Raise `ExplainerError`, with the first trial's error, if no trial came to an accuracy."""
    if any(each.counts for each in trials):
        return
    none = f"none of the {len(trials)} trials came to an accuracy, and nothing was recorded"
    for each, result in zip(trials, results, strict=True):
        if each.end == "failed":
            # Before its last line stand the places in the program.
            error = str(result.error).strip().rpartition("\n")[2]
            raise ExplainerError(
                f"{none}. The first error: {error}. With --resume they are tried again; or delete"
                f" {place}"
            )
    raise ExplainerError(
        f"{none}: they all diverged. Choose lower learning rates, and delete {place}"
    )


def _nodes(results: "tune.ResultGrid") -> int:
    """How many machines did an epoch or more; also those that are gone."""
    frames = (result.metrics_dataframe for result in results)
    return len({each for frame in frames if frame is not None for each in frame.node_ip}) or 1


def _tuner(space: Space, place: str, resume: bool) -> "tune.Tuner":
    from ray import tune

    from .watch import Watch

    trainable = tune.with_resources(
        partial(trial.train, space=space.model_dump_json(exclude_unset=True), place=place),
        {"CPU": space.cores, "GPU": space.accelerators},
    )
    if resume:
        return tune.Tuner.restore(place, trainable, resume_errored=True)
    storage, _, name = place.rpartition("/")
    grid = space.search == "grid"
    return tune.Tuner(
        trainable,
        param_space={name: _drawn(each, space) for name, each in space.chosen.items()},
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            search_alg=_search(space),
            scheduler=_scheduler(space),
            num_samples=1 if grid else space.trials,
            # A process of its own for each would load TensorFlow and the pictures anew.
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=name,
            storage_path=storage,
            failure_config=tune.FailureConfig(max_failures=TRIES),
            callbacks=[Watch(space, space.combinations if grid else space.trials)],
            verbose=0,
        ),
    )


def _fitted(tuner: "tune.Tuner") -> "tune.ResultGrid":
    from .watch import shown

    with shown():
        return tuner.fit()


def _drawn(setting: Any, space: Space) -> Any:
    """A setting as Ray Tune has it."""
    from ray import tune

    match setting:
        case Range():
            low, high = setting.ends
            if isinstance(low, int):
                return (tune.lograndint if setting.logarithmic else tune.randint)(low, high + 1)
            return (tune.loguniform if setting.logarithmic else tune.uniform)(low, high)
        case tuple():
            return (tune.grid_search if space.search == "grid" else tune.choice)(list(setting))
        case _:
            return setting


def _search(space: Space) -> Any:
    from ray.tune.search.basic_variant import BasicVariantGenerator

    if space.search != "optuna":
        return BasicVariantGenerator(random_state=space.seed)
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    # It has lines of its own between those of the table.
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return OptunaSearch(metric=METRIC, mode="max", seed=space.seed)


def _scheduler(space: Space) -> Any:
    from ray.tune.schedulers import ASHAScheduler, FIFOScheduler

    if space.early_stopping is None:
        return FIFOScheduler()
    return ASHAScheduler(
        time_attr="epoch",
        max_t=space.longest,
        grace_period=space.early_stopping.grace,
        reduction_factor=space.early_stopping.factor,
    )


def _trial(space: Space, place: str, result: "tune.Result") -> Trial:
    """What is kept of Ray Tune's result, and of the state that the trial has left."""
    values = {name: result.config[name] for name in space.chosen}
    history = states.history(place, Path(result.path).name)
    done = len(history.loss) if history else 0
    end = "failed" if result.error else "stopped"
    if done == space.experiment(values).recipe.epochs:
        end = "finished"
    elif (result.metrics or {}).get("diverged"):
        end = "diverged"
    return Trial(values=values, end=end, history=history)
