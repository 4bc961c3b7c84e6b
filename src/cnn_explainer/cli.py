"""The command line: `cnn-explainer`.

Exit status 0: done. 1: it could not be done, and a sentence says why. 2: the command is wrong.
"""

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from . import architectures, datasets, results, runs, words
from .errors import ExplainerError, NothingToResume, RecordNotFound
from .experiments import CATALOGUE, Experiment, Precision, found, get, keep, train_command
from .export import Dtype

if TYPE_CHECKING:
    from .sweep import Space, Sweep

FEW_BYTES = 2**16
"""Of the kernels in a shipped record that is not of the catalogue's seed."""

app = typer.Typer(
    help="Convolutional networks explained: train the book's networks, look at their records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data_app = typer.Typer(help="The datasets: where they are, and fetching them.")
app.add_typer(data_app, name="data", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="An experiment, such as lenet5-plain; see `list`.")]
# With its name these say which experiment is meant, to every command alike.
Seed = Annotated[int | None, typer.Option(help="If not the experiment's own.")]
Epochs = Annotated[int | None, typer.Option(help="In place of the recipe's.")]
AskedPrecision = Annotated[Precision | None, typer.Option(help="In place of the recipe's.")]
Rate = Annotated[float | None, typer.Option(help="In place of the recipe's.")]
Share = Annotated[float | None, typer.Option(help="Of the training images, above 0 and at most 1.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")]


def main() -> None:
    """Run the command line. A user's mistake ends in a sentence, never in a traceback."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Not every terminal has the █ of `predict`, nor has a pipe on Windows.
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except ExplainerError as error:
        sys.exit(f"cnn-explainer: {error}")


@app.command("list")
def list_experiments() -> None:
    """The experiments of the catalogue, and which of them are recorded."""
    seeds: dict[str, list[str]] = {name: [] for name in CATALOGUE}
    for run in runs.catalogued():
        seeds[run.experiment.name].append(f"{run.experiment.seed}{'' if run.complete else '*'}")
    rows = [
        [
            name,
            experiment.dataset,
            f"{experiment.image_size}×{experiment.image_size}",
            f"{architectures.parameters(experiment.model):,}",
            experiment.recipe.precision,
            ", ".join(seeds[name]) or "–",
        ]
        for name, experiment in CATALOGUE.items()
    ]
    _print(["name", "dataset", "pictures", "parameters", "precision", "recorded seeds"], rows)
    if any("*" in row[-1] for row in rows):
        typer.echo("* fewer epochs than asked for")


@app.command()
def train(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; see `list`.")] = None,
    seed: Annotated[
        list[int] | None, typer.Option(help="Seed; give it several times for several runs.")
    ] = None,
    epochs: Epochs = None,
    precision: AskedPrecision = None,
    learning_rate: Rate = None,
    train_share: Share = None,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole catalogue, cheapest first.")
    ] = False,
    stop_after: Annotated[
        int | None, typer.Option(help="End after so many epochs in all; go on another time.", min=1)
    ] = None,
    again: Annotated[
        bool, typer.Option(help="Also what is recorded or begun, from the first epoch.")
    ] = False,
) -> None:
    """Train experiments and record them. Stopped at any moment, the same command goes on."""
    if bool(names) == everything:
        raise typer.BadParameter("give names of experiments, or --all")
    wanted = [
        _experiment(name, one, epochs, precision, learning_rate, train_share)
        for name in (CATALOGUE if everything else names)
        for one in (seed or [None])
    ]
    if everything:
        wanted.sort(key=_multiply_adds)
    _train(wanted, stop_after, again, named=not everything, repeatable=not again)


def _train(
    wanted: list[Experiment],
    stop_after: int | None = None,
    again: bool = False,
    *,
    named: bool = True,
    repeatable: bool = False,
) -> None:
    """Train what is not recorded. `repeatable`: if it is stopped, the same command goes on."""
    from . import machine
    from .training import threads
    from .training import train as train_one

    # One process has one number of threads.
    most = max(map(threads, wanted))
    for experiment in wanted:
        title = f"{experiment.name}, seed {experiment.seed}"
        if not again and _recorded(experiment, stop_after, named=named):
            typer.echo(f"{title}: recorded already (--again trains it once more)")
            continue
        _load_keras()
        machine.limit_threads(most)
        try:
            run = train_one(experiment, stop_after=stop_after, again=again)
        except KeyboardInterrupt:
            command = "The same command" if repeatable else f"`{train_command(experiment)}`"
            typer.echo(f"\n{title}: stopped. {command} goes on after the last epoch", err=True)
            raise typer.Exit(1) from None
        typer.echo(
            f"{title}: accuracy {run.test.accuracy:.4f} after {run.epochs_done} of"
            f" {experiment.recipe.epochs} epochs, {run.fit_seconds:.0f} s"
        )


@app.command("runs")
def list_runs(as_json: AsJson = False) -> None:
    """All records, a row each."""
    every = runs.every()
    rows = [results.row(run) for run in every]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row, run in zip(rows, every, strict=True):
        row["changed"] = ", ".join(words.changes(run.experiment))
    shown = ["name", "seed", "epochs_done", "epochs", "accuracy", "loss", "fit_seconds"]
    shown += ["images_per_second", "precision", "backend", "changed"]
    _print(shown, [[_short(row[key]) for key in shown] for row in rows])


@app.command()
def show(
    name: Name,
    seed: Seed = None,
    epochs: Epochs = None,
    precision: AskedPrecision = None,
    learning_rate: Rate = None,
    train_share: Share = None,
    as_json: AsJson = False,
) -> None:
    """One record: metrics, timing and where it comes from."""
    run = runs.load(_experiment(name, seed, epochs, precision, learning_rate, train_share))
    if as_json:
        typer.echo(run.model_dump_json(indent=1))
        return
    title = ", ".join([name, *words.changes(run.experiment), f"seed {run.experiment.seed}"])
    typer.echo(f"{title}: {run.epochs_done} of {run.experiment.recipe.epochs} epochs")
    parts = {"training": run.train, "test": run.test}
    _print(
        ["metric", *parts],
        [
            [metric.replace("_", " "), *(_short(getattr(part, metric)) for part in parts.values())]
            for metric in type(run.test).model_fields
        ],
    )
    facts = {"fit seconds": run.fit_seconds, "images per second": run.images_per_second}
    facts |= dict(run.provenance)
    _print(["fact", "value"], [[key.replace("_", " "), _short(v)] for key, v in facts.items()])


@app.command()
def predict(
    name: Name,
    image: Annotated[str, typer.Argument(help="An image file, or `aeroplane` or `rose`.")],
    seed: Seed = None,
    epochs: Epochs = None,
    precision: AskedPrecision = None,
    learning_rate: Rate = None,
    train_share: Share = None,
    as_json: AsJson = False,
) -> None:
    """What a trained network takes a picture for, with its probabilities."""
    from . import probes
    from .weights import restore

    experiment = _experiment(name, seed, epochs, precision, learning_rate, train_share)
    size = experiment.image_size
    picture = probes.PROBES[image](size) if image in probes.PROBES else probes.image(image, size)
    _load_keras()
    model = restore(experiment)
    answer = model.predict(picture[None].astype("float32"), verbose=0)[0].tolist()
    classes = datasets.SOURCES[experiment.dataset].classes
    sorted_answer = sorted(zip(classes, answer, strict=True), key=lambda pair: -pair[1])
    if as_json:
        typer.echo(json.dumps(dict(sorted_answer)))
        return
    _print(
        ["class", "probability", ""],
        [[c, f"{p:.4f}", "█" * round(30 * p)] for c, p in sorted_answer],
    )


@app.command()
def export(
    network: Annotated[str, typer.Argument(help="An experiment; or a file, mine.keras.")],
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    seed: Seed = None,
    epochs: Epochs = None,
    precision: AskedPrecision = None,
    learning_rate: Rate = None,
    train_share: Share = None,
    dtype: Annotated[Dtype, typer.Option(help="How the weights are written.")] = "float16",
    classes: Annotated[
        str | None, typer.Option(help="What a file's outputs are called: cat,dog.")
    ] = None,
) -> None:
    """Write a trained network as a file that the book's page of live networks can run."""
    from .export import export as write

    options = (seed, epochs, precision, learning_rate, train_share)
    named = {}
    if network.endswith(".keras"):
        if any(option is not None for option in options):
            raise typer.BadParameter(f"options such as --seed are of experiments, not of {network}")
        _load_keras()
        from .keras_parts import read

        model, name = read(network), Path(network).stem
        named = {"name": name, "title": name, "classes": classes and classes.split(",")}
    else:
        if classes is not None:
            raise typer.BadParameter(f"--classes is of files, and {network} has its own")
        model = _experiment(network, *options)
    try:
        typer.echo(write(model, to, dtype, **named))
    except ValueError as error:
        raise ExplainerError(f"{network}: {error}") from None


@app.command("import")
def import_records(
    source: Annotated[Path, typer.Argument(help="A record, or a folder of records.")],
) -> None:
    """Take in records from elsewhere, after checking every one."""
    for path in runs.import_records(source):
        typer.echo(path)


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments; if none, all.")] = None,
    rounds: Annotated[
        int,
        typer.Option(
            help="Turns that each way of training has; 0: accuracy alone, for what is in the file.",
            min=0,
        ),
    ] = 5,
    images: Annotated[
        int | None, typer.Option(help="Trained on in a turn; if not, about a minute's.", min=32)
    ] = None,
    epochs: Annotated[
        int, typer.Option(help="After which accuracy is compared; 0: not at all.", min=0)
    ] = 3,
    threads: Annotated[int | None, typer.Option(help="For all ways of training.", min=1)] = None,
    file: Annotated[Path | None, typer.Option("--json", help="Where to keep the record.")] = None,
) -> None:
    """Compare the speed of training with Keras's on arrays, and with PyTorch's where it is.

    With --json each network is kept as soon as it is measured.
    """
    from .bench import catalogued, load, run, save, table

    try:
        wanted = [each.name for each in catalogued(names or CATALOGUE)]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not rounds:
        _judge(wanted, epochs, threads, file)
        return
    _load_keras()
    result = run([])
    if file is not None and file.exists():
        result.joined_to(load(file))  # Refused now, and not after an hour.
    for name in wanted:
        measured = run(
            [name],
            rounds=rounds,
            images=images,
            epochs=epochs,
            threads=threads,
            tell=partial(typer.echo, err=True),
        )
        if file is not None:
            save(measured, file)
        result = measured.joined_to(result)
    frame = table(result).shown.reset_index()
    _print([*frame.columns], frame.to_numpy().tolist())
    if file is not None:
        typer.echo(file)


def _judge(names: list[str], epochs: int, threads: int | None, file: Path | None) -> None:
    """Add accuracies to comparisons of speed that the file holds; on any machine."""
    from . import machine
    from .bench import learn, load, save

    if file is None or not epochs:
        raise typer.BadParameter("0 rounds need --json with a file of comparisons, and epochs")
    # What is not there is said now, and not after an hour.
    try:
        ways = {name: [*load(file).of(name).contenders] for name in names}
    except ValueError as error:
        raise ExplainerError(f"{file}: {error}") from None
    _load_keras()
    for name in names:
        tell = partial(typer.echo, err=True)
        judgements = learn(name, epochs, ways=ways[name], threads=threads, tell=tell)
        save(load(file).judged(name, epochs, judgements, machine.processor()), file)
        told = ", ".join(f"{way} {each.accuracy:.4f}" for way, each in judgements.items())
        typer.echo(f"{name} after {epochs} epochs: {told}")


@app.command()
def sweep(
    file: Annotated[Path, typer.Argument(metavar="SPACE", help="The search space, YAML or JSON.")],
    trials: Annotated[int | None, typer.Option(help="In place of the file's.", min=1)] = None,
    max_epochs: Annotated[
        int | None, typer.Option(help="That a trial may have, if the file's are more.", min=1)
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster that runs: 10.0.0.1:6379.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="A folder that all nodes reach, or s3://…. --address needs it."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with one that stopped.")] = False,
    final: Annotated[
        bool, typer.Option(help="Train the winner on all images, and judge it, once.")
    ] = True,
) -> None:
    """Search hyper-parameters, on this machine or many. Stopped at any moment, --resume goes on."""
    from .sweep import engine, space_file, winner

    if address and not storage:
        raise typer.BadParameter("--address needs --storage, a folder that all nodes reach")
    space = space_file.read(file).limited(trials, max_epochs)
    winner.check(space)
    _load_keras()
    try:
        result = engine.run(space, address=address, storage=storage, resume=resume)
    except KeyboardInterrupt:
        typer.echo(
            "\nstopped; what was done is kept. The same command with --resume goes on", err=True
        )
        raise typer.Exit(1) from None
    except NothingToResume:
        # What stopped may be the winner's own training, after the search.
        result = _ended(space) if final else None
        if result is None:
            raise
    best = result.best
    _print(["setting", "value"], [[name, _short(value)] for name, value in best.values.items()])
    typer.echo(
        f"{len(result.trials)} trials, {result.epochs} epochs; the best is right on"
        f" {best.accuracy:.4f} of the images held out"
    )
    if result.failed:
        typer.echo(f"{result.failed} failed; --resume tries them again", err=True)
    if result.winner is None:
        return
    typer.echo(keep(result.winner))
    if final:
        _train([result.winner])


@app.command()
def ablate(
    name: Annotated[str, typer.Argument(help="What a search found: lenet5-refined.")],
    seed: Annotated[list[int] | None, typer.Option(help="Seed; several times.")] = None,
    order: Annotated[
        str, typer.Option(help="In which the parts are taken over.")
    ] = "augmentation,layers,recipe",
) -> None:
    """Train what lies between the write-up's recipe and a found one, one change at a time."""
    from . import ablation

    try:
        way = ablation.steps(_experiment(name), order.split(","))
    except ValueError as error:
        raise ExplainerError(str(error)) from None
    between = ablation.between(way)
    ablation.check(between)
    for step in between:
        typer.echo(keep(step))
    train([step.name for step in way.values()], seed=seed)


@app.command()
def speedrun(
    network: Annotated[str, typer.Argument(help="lenet5, base or alexnet.")],
    seed: Annotated[list[int] | None, typer.Option(help="If not 1 to 5; several times.")] = None,
) -> None:
    """Train the fast experiment at several seeds: how soon is it as good as the write-up's?"""
    from . import speedrun as laps

    seeds = seed or laps.SEEDS
    experiment, *_ = [_experiment(f"{network}-fast", one) for one in seeds]
    try:
        laps.check(seeds)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _load_keras()
    result = laps.run(experiment.model, seeds=seeds, tell=typer.echo)
    verdict = "reaches" if result.reached else "does not reach"
    typer.echo(
        f"mean accuracy {result.accuracy:.4f}, which {verdict} {result.target:.4f}, in"
        f" {result.seconds:.1f} s"
    )


@app.command()
def ship(
    name: Annotated[str, typer.Argument(help="An experiment; with --as a search or a network.")],
    seed: Seed = None,
    epochs: Epochs = None,
    precision: AskedPrecision = None,
    learning_rate: Rate = None,
    train_share: Share = None,
    kind: Annotated[
        Literal["run", "search", "speedrun"], typer.Option("--as", help="What is of that name.")
    ] = "run",
) -> None:
    """For authors: put an own record into the package, and what goes with it.

    With a run go LeNet-5's or base's weights, if it is of the catalogue, seed 42. Of any other run
    the first layer's kernels stay behind, but for the first and the last epoch's if they are small.
    With a run or speed run of an experiment that a search found goes the experiment.
    """
    from . import speedrun, sweep, weights
    from .training import FILTER_BYTES

    if kind == "search":
        typer.echo(sweep.save(sweep.load(name), runs.SHIPPED / "sweeps"))
        return
    if kind == "speedrun":
        laps = speedrun.load(name)
        typer.echo(speedrun.save(laps, runs.SHIPPED))
        typer.echo(keep(laps.experiment, runs.SHIPPED))
        return
    experiment = _experiment(name, seed, epochs, precision, learning_rate, train_share)
    run = runs.own(experiment)
    # The page runs these two, as in the catalogue; other weights would only fill the package.
    if experiment.model in ("lenet5", "base") and experiment == CATALOGUE.get(name):
        typer.echo(weights.copy(experiment, runs.SHIPPED))
    if name in found():
        typer.echo(keep(found()[name], runs.SHIPPED))
    # The book shows of one training how its kernels came about, which fills most of a record.
    shown = experiment == CATALOGUE.get(name)
    filters = run.filters.thinned(FILTER_BYTES if shown else FEW_BYTES, between=shown)
    run = run.model_copy(update={"filters": filters})
    typer.echo(runs.save(run, runs.SHIPPED))


@data_app.command()
def status() -> None:
    """Which datasets are on this machine, and whether they are the originals."""
    typer.echo(f"looked in {datasets.data_folder()}")
    rows = []
    for name in datasets.SOURCES:
        place = datasets.locate(name)
        rows.append(
            [name, datasets.fingerprint(place), datasets.origin(place)]
            if place
            else [name, "–", "not here; `cnn-explainer data prepare` fetches it"]
        )
    _print(["dataset", "fingerprint", "origin"], rows)


@data_app.command()
def prepare(
    names: Annotated[list[str] | None, typer.Argument(help="cifar10, tf_flowers; or both.")] = None,
) -> None:
    """Make sure that the datasets are on this machine, downloading what is missing."""
    for name in names or datasets.SOURCES:
        if name not in datasets.SOURCES:
            raise typer.BadParameter(f"`{name}` must be one of {', '.join(datasets.SOURCES)}")
        typer.echo(datasets.prepare(name))


def _load_keras() -> None:
    """Import Keras without TensorFlow's greetings, which no setting of its own turns off.

    Raises `ExplainerError` if it, or what it computes on, is not installed.
    """
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        import keras  # noqa: F401
    except ImportError as error:
        raise ExplainerError(
            f'this needs Keras, which is not here ({error}): pip install "cnn-explainer[train]"'
        ) from None
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _experiment(name: str, *options) -> Experiment:
    """As `get`, of the options in the order in which every command has them."""
    order = ("seed", "epochs", "precision", "learning_rate", "train_share")
    try:
        return get(name, **dict(zip(order, options, strict=False)))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise typer.BadParameter(f"`{place}`: {fault['msg']}. Received: {fault['input']}") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _recorded(experiment: Experiment, stop_after: int | None, named: bool) -> bool:
    """Whether there is nothing to be done."""
    from . import checkpoints

    try:
        run = runs.load(experiment)
    except RecordNotFound:
        return False
    if run.complete:
        # What --again has begun goes on if it is asked for by name: it may take hours.
        return not (named and checkpoints.begun(experiment))
    return stop_after is not None and run.epochs_done >= stop_after


def _ended(space: "Space") -> "Sweep | None":
    """The user's own record of this search, if its winner is not trained to the end."""
    from .sweep import record

    earlier = record.own(space.name)
    if earlier is None or earlier.space != space or earlier.winner is None:
        return None
    return None if _recorded(earlier.winner, None, named=True) else earlier


def _multiply_adds(experiment: Experiment) -> int:
    images = {"cifar10": 50_000, "tf_flowers": 2_569}[experiment.dataset] * experiment.train_share
    rows = architectures.shapes(experiment.model, experiment.variant)
    return images * experiment.recipe.epochs * sum(row.multiply_adds for row in rows)


def _short(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def _print(columns: list[str], rows: list[list[str]]) -> None:
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    # A pipe has no width: whoever reads it wants whole rows.
    console = Console() if sys.stdout.isatty() else Console(width=250)
    console.print(table, highlight=False)
