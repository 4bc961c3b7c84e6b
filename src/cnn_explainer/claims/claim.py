"""What a claim is, and how it is checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from .. import runs, words
from ..experiments import Experiment
from ..provenance import epochs
from ..runs import Run

Seeds = tuple[Run, ...]
"""The runs of one experiment, by seed."""


class Verdict(StrEnum):
    """What can come out."""

    HOLDS = "holds"
    FAILS = "does not hold"
    NOISE = "within noise"
    UNTOLD = "cannot be told"


@dataclass(frozen=True)
class Outcome:
    """What a test found, in words with its numbers, and what follows for the claim."""

    words: str
    verdict: Verdict


@dataclass(frozen=True)
class Claim:
    """Something that the write-up says and that may be wrong."""

    id: str
    says: str
    """In our words."""
    where: str
    """The part of the write-up."""
    tested: str
    """How, in words."""
    test: Callable[..., Outcome]
    """Takes the seeds of each experiment in `needs`, then of each in `uses`."""
    needs: tuple[Experiment, ...] = ()
    """Without a record of each of them it cannot be told."""
    uses: tuple[Experiment, ...] = ()
    """Of these, no seed or all of them may be missing."""

    def check(self, of: Callable[[Experiment], Seeds] = runs.of) -> "Checked":
        """Test it on the records, which `of` finds."""
        found = [of(each) for each in (*self.needs, *self.uses)]
        # What is only used may be missing: `zip` ends with the needed ones.
        missing = [each for each, seeds in zip(self.needs, found, strict=False) if not seeds]
        if missing:
            names = listed(words.experiment(each) for each in missing)
            return Checked(self, Outcome(f"There is no record of {names}.", Verdict.UNTOLD))
        outcome = self.test(*found)
        return Checked(self, outcome, tuple(run for seeds in found for run in seeds))


@dataclass(frozen=True)
class Checked:
    """A claim, what came out, and the runs that it was tested on."""

    claim: Claim
    outcome: Outcome
    runs: Seeds = ()

    @property
    def words(self) -> str:
        """What came out; and which trainings are shorter than asked."""
        said = self.outcome.words
        short = dict.fromkeys(
            f"{words.experiment(run.experiment)}: {epochs(run)}."
            for run in self.runs
            if not run.complete and epochs(run) not in said
        )
        return " ".join([said, *short])

    @property
    def verdict(self) -> Verdict:
        """What follows for the claim."""
        return self.outcome.verdict


def holds_if(condition: bool, said: str) -> Outcome:
    """For what is either so or not so."""
    return Outcome(said, Verdict.HOLDS if condition else Verdict.FAILS)


def untold(reason: str) -> Outcome:
    """For what these records do not decide."""
    return Outcome(reason, Verdict.UNTOLD)


def beyond(reason: str) -> Callable[[], Outcome]:
    """The test of a claim that no training and no arithmetic can decide."""
    return lambda: untold(reason)


def listed(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def points(share: float) -> str:
    """`0.021` are 2.1 points. Rounded first, and 0 added: there is no −0.0."""
    return f"{round(100 * share, 1) + 0:.1f} points".replace("-", "−")


def percent(share: float, decimals: int = 1) -> str:
    """`0.574` is 57.4 %, in one piece."""
    return f"{100 * share:.{decimals}f}\N{NO-BREAK SPACE}%"
