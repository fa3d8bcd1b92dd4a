"""An upgrade on the bench. Without a board it runs on the twin: pytest --hil 'npx hil'"""

import pytest
from pytest_mcuboot_hil import Bench, HilError


def test_an_upgrade_survives_power_cuts(hil: Bench, hil_records: str) -> None:
    run = hil.run("encrypted-upgrade", cuts=3, runs=hil_records)
    assert run.passed, run
    assert run.endings["resumed"] > 0


def test_a_broken_bootloader_is_caught(hil: Bench, hil_records: str) -> None:
    if hil.board != "twin":
        pytest.skip("faults are the twin's")
    run = hil.run("encrypted-upgrade", cuts=2, fault="forget-keys", runs=hil_records)
    assert not run.passed
    assert run.endings == {"no boot": 2}, run


def test_a_scenario_that_is_not_there_is_an_error_and_no_verdict(hil: Bench) -> None:
    with pytest.raises(HilError, match="there is no such file") as error:
        hil.run("no-such-scenario.yaml")
    assert error.value.code == 2
