"""The faults that are kept: each fits the code as it is now, and names tests that there are. `make faults` tries them."""

import ast
import re
import shutil

import pytest

from bench.faults.patches import PATCHES, ROOT, every_fault, read

FAULTS = every_fault()


def test_there_are_forty_of_them_each_under_a_number_of_its_own():
    numbers = [fault.number for fault in FAULTS]

    assert numbers == [f"{number:02}" for number in range(1, len(FAULTS) + 1)]
    assert len(FAULTS) >= 40


@pytest.mark.skipif(not shutil.which("git"), reason="git, which applies the patches, is not on this machine")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.file.stem)
def test_each_still_fits_the_code(fault):
    assert fault.apply(ROOT, "--check") == ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.file.stem)
def test_each_names_tests_that_there_are_and_touches_none(fault):
    named = [test.split("::") for test in fault.tests]

    assert [name for file, name in named if name.partition("[")[0] not in functions(file)] == []
    assert re.findall(r"^[-+]{3} [ab]/(?:tests|bench)/.*", fault.file.read_text(), re.MULTILINE) == []


def functions(file):
    return [node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)]


@pytest.mark.skipif(not shutil.which("git"), reason="git, which applies the patches, is not on this machine")
def test_one_that_fits_no_more_is_found_out(tmp_path):
    moved = tmp_path / "01-moved.patch"
    moved.write_text(re.sub(r"^-", "-not there ", FAULTS[0].file.read_text(), count=0, flags=re.MULTILINE))

    assert "error" in read(moved).apply(ROOT, "--check")


@pytest.mark.parametrize(
    "spoiled", ["Test: tests/x.py::test_x\n", "A guard.\n", "A guard.\nTest: tests/x.py::test_x\n"]
)
def test_one_that_does_not_say_what_it_is_is_refused(tmp_path, spoiled):
    file = tmp_path / "01-nothing.patch"
    file.write_text(spoiled)

    with pytest.raises(ValueError, match=r"01-nothing\.patch does not begin"):
        read(file)


def test_nothing_else_lies_beside_them():
    assert {file.suffix for file in PATCHES.iterdir() if file.name != "__pycache__"} == {".patch", ".py"}
