"""The search itself, on Ray Tune: on this machine, or on a cluster that runs already.

Nothing else in the package needs Ray: `pip install "cnn-explainer[sweep]"` brings it.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .. import datasets, machine
from ..errors import ExplainerError
from ..runs import History
from . import record, trial
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

    `storage` is a folder that all nodes reach, or `s3://bucket/folder`: there Ray Tune keeps what
    each trial needs to go on. By default it is `record.folder()`, which is right for one machine.
    What is there when the search ends well is the record's, and is removed.

    Raises `ExplainerError` if Ray is not installed, if there is nothing to resume, or if there is
    and `resume` is not set; `DatasetUnavailable`; `KeyboardInterrupt`, with all that was done kept.
    """
    data = datasets.prepare(space.experiment({}).dataset)
    storage = str(storage or record.folder())
    with _ray(address) as ray:
        results = _tuner(space, storage, resume).fit()
        sweep = Sweep(
            space=space,
            trials=tuple(_trial(space, result) for result in results),
            nodes=sum(node["Alive"] for node in ray.nodes()),
            cores=int(ray.cluster_resources()["CPU"]),
            processor=machine.processor(),
            versions={"python": platform.python_version()}
            | {name: version(name) for name in ("cnn-explainer", "keras", "ray")},
            dataset_fingerprint=datasets.fingerprint(data),
            finished=datetime.now(UTC).replace(microsecond=0),
        )
    record.save(sweep)
    shutil.rmtree(Path(storage, _name(space)), ignore_errors=True)
    return sweep


@contextmanager
def _ray(address: str | None) -> Iterator[Any]:
    """A connection to a cluster; without an address to one of this machine alone, for a while."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise ExplainerError(
            'a search needs Ray, which is not installed: pip install "cnn-explainer[sweep]"'
        ) from None
    # Sockets have short names.
    with TemporaryDirectory(prefix="ray-", dir="/tmp" if os.path.isdir("/tmp") else None) as place:
        here = {
            "num_cpus": machine.cores(),
            "include_dashboard": False,
            "_node_ip_address": "127.0.0.1",
            "_temp_dir": place,
        }
        variables = {name: os.environ[name] for name in CARRIED if name in os.environ}
        try:
            ray.init(
                address or "local",
                log_to_driver=False,
                logging_level="ERROR",
                runtime_env={"env_vars": variables},
                **({} if address else here),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            first = str(error).strip().splitlines()[0]
            raise ExplainerError(f"no cluster at {address}: {first}") from None
        try:
            yield ray
        finally:
            ray.shutdown()


def _name(space: Space) -> str:
    return f"{space.name}-ray"


def _tuner(space: Space, storage: str, resume: bool) -> "tune.Tuner":
    from ray import tune

    from .watch import Watch

    trainable = tune.with_resources(
        partial(trial.train, space=space.model_dump_json(exclude_unset=True)),
        {"CPU": space.cores, "GPU": space.accelerators},
    )
    place = f"{storage}/{_name(space)}"
    begun = tune.Tuner.can_restore(place)
    if resume and not begun:
        raise ExplainerError(f"there is no search to resume in {place}")
    if begun and not resume:
        raise ExplainerError(
            f"in {place} lies a search that was not finished: --resume goes on with it. Or delete"
            " that folder"
        )
    drawn = {name: _drawn(each, space) for name, each in space.chosen.items()}
    if resume:
        return tune.Tuner.restore(place, trainable, resume_errored=True)
    grid = space.search == "grid"
    return tune.Tuner(
        trainable,
        param_space=drawn,
        tune_config=tune.TuneConfig(
            metric=METRIC,
            mode="max",
            search_alg=_search(space),
            scheduler=_scheduler(space),
            num_samples=1 if grid else space.trials,
        ),
        run_config=tune.RunConfig(
            name=_name(space),
            storage_path=storage,
            failure_config=tune.FailureConfig(max_failures=TRIES),
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1),
            callbacks=[Watch(space, space.combinations if grid else space.trials)],
            verbose=0,
        ),
    )


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
    from ray.tune.search.optuna import OptunaSearch

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


def _trial(space: Space, result: "tune.Result") -> Trial:
    """What is kept of Ray Tune's result."""
    values = {name: result.config[name] for name in space.chosen}
    frame = result.metrics_dataframe
    if frame is None or "loss" not in frame:
        return Trial(values=values, end="failed" if result.error else "diverged", history=None)
    # An epoch that a node did not live to report is there again, done by another.
    rows = frame[frame.epoch > 0].drop_duplicates("epoch", keep="last").sort_values("epoch")
    names = History.model_fields
    history = History(**{name: rows[name].tolist() for name in names})
    complete = len(rows) == space.experiment(values).recipe.epochs
    end = "finished" if complete else "failed" if result.error else "stopped"
    if "diverged" in frame and frame.diverged.any():
        end = "diverged"
    return Trial(values=values, end=end, history=history)
