"""A bench of mcuboot-hil in pytest: each call is one `hil … --json`, each answer the JSON that it prints.

    def test_upgrade_survives_power_cuts(hil):
        assert hil.run("encrypted-upgrade", cuts=8).passed

    pytest --hil-board boards/lab-07.yaml        # default: the twin, which needs no hardware

A verdict that is red is an answer (`Run.passed`); a bench that failed or a request that is wrong is an error.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: Exit codes of hil: passed, a verdict or check failed, the request is wrong, the bench failed, interrupted.
PASS, FAILED, REQUEST, BENCH, INTERRUPTED = range(5)


class HilError(Exception):
    """hil came to no answer: what it said, and its exit code."""

    def __init__(self, argv: list[str], code: int, said: str) -> None:
        super().__init__(f"{shlex.join(argv)} ended with exit {code}: {said.strip()}")
        self.code = code


class BenchFailed(HilError):
    """The bench failed (exit 3): port, switch, board. Not the firmware's fault."""


@dataclass(frozen=True)
class Run:
    """A campaign: what `hil run --json` printed."""

    data: dict[str, Any]

    @property
    def passed(self) -> bool:
        return self.data["result"]["outcome"] == "pass"

    @property
    def endings(self) -> dict[str, int]:
        """How often which end was seen: {"resumed": 8}."""
        return self.data["result"]["endings"]

    @property
    def failures(self) -> list[dict[str, Any]]:
        return [verdict for verdict in self.data["verdicts"] if not verdict["pass"]]

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        result = self.data["result"]
        lines = [f"<{result['outcome']}: {result['passed']} verdicts passed, {result['failed']} failed>"]
        for verdict in self.failures[:5]:
            lines.append(f"  {verdict['check']}: found {verdict['found']}, expected {verdict['expected']}")
        return "\n".join(lines)


class Bench:
    """`hil` for one board. Options of a command are keywords: cuts=8 is --cuts 8, fail_fast=True is --fail-fast."""

    def __init__(self, program: list[str], board: str, folder: Path, timeout_s: float) -> None:
        self.program = program
        self.board = board
        self.folder = folder
        self.timeout_s = timeout_s

    def json(self, *words: str, answers: tuple[int, ...] = (PASS,), **options: Any) -> Any:
        """Runs a command with --json; its answer. Raises HilError for an exit code that is no answer."""
        argv = [*self.program, *words, *flags(options), "--json"]
        done = subprocess.run(
            argv, cwd=self.folder, capture_output=True, text=True, timeout=self.timeout_s, check=False
        )
        if done.returncode in answers and done.stdout.strip():
            return json.loads(done.stdout)
        error = BenchFailed if done.returncode == BENCH else HilError
        raise error(argv, done.returncode, done.stderr)

    def run(self, scenario: str, *more: str, **options: Any) -> Run:
        """A campaign on this board: `hil run SCENARIO --board …`."""
        return Run(self.json("run", scenario, *more, board=self.board, answers=(PASS, FAILED), **options))

    def check(self, **options: Any) -> dict[str, dict[str, Any]]:
        """`hil board check`: each check by its name, with its outcome and text."""
        told = self.json("board", "check", board=self.board, answers=(PASS, FAILED), **options)
        return {check["name"]: check for check in told["checks"]}

    def smp(self, *words: str, port: str, **options: Any) -> Any:
        """An SMP command: smp("image", "list", port="/dev/ttyACM1")."""
        return self.json("smp", *words, port=port, **options)

    def submit(self, scenario: str, **options: Any) -> dict[str, Any]:
        """A job of a lab (HIL_LAB, HIL_LAB_TOKEN), to its end: `hil submit SCENARIO --wait`."""
        return self.json("submit", scenario, wait=True, answers=(PASS, FAILED), **options)


def flags(options: dict[str, Any]) -> list[str]:
    """cuts=8 as --cuts 8, fail_fast=True as --fail-fast, label=["a=1", "b=2"] as two of them."""
    argv: list[str] = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is True:
                argv.append(flag)
            elif one is not None and one is not False:
                argv += [flag, str(one)]
    return argv


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mcuboot-hil")
    group.addoption("--hil", default=os.environ.get("HIL", "npx hil"), help="how hil is started (default: npx hil)")
    group.addoption(
        "--hil-board",
        default=os.environ.get("HIL_BOARD", "twin"),
        help="profile of the board (default: the twin, a simulated one)",
    )
    group.addoption("--hil-timeout", type=float, default=3600.0, help="longest command, in seconds (default: 3600)")


@pytest.fixture(scope="session")
def hil(request: pytest.FixtureRequest) -> Bench:
    """The bench: the board of --hil-board, or the twin."""
    option = request.config.getoption
    folder = Path(str(request.config.rootpath))
    return Bench(shlex.split(option("--hil")), option("--hil-board"), folder, option("--hil-timeout"))


@pytest.fixture
def hil_records(tmp_path: Path) -> str:
    """A folder for the records of this test's runs: hil.run(…, runs=hil_records)."""
    return str(tmp_path / "runs")
