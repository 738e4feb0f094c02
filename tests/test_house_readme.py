"""Every command that the README shows runs.

Fenced blocks marked `console` are run line by line (`$ rfq ...`), each block in a fresh folder. Commands
with the comment `# long` are asked for `--help` only, which still refuses an unknown option. Lines with
`$ make ...` must name targets that the Makefile has.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_of(text: str) -> list[list[str]]:
    """The command lines of each console block, without their prompts."""
    blocks = [
        [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        for block in BLOCK.findall(text)
    ]
    return [block for block in blocks if block]


BLOCKS = commands_of((ROOT / "README.md").read_text())


def argv_of(line: str) -> list[str]:
    """The arguments after `rfq`; those of a long command end in --help."""
    words = shlex.split(line, comments=True)
    assert words[0] == "rfq"
    return words[1:] + (["--help"] if re.search(r"#.*\blong\b", line) else [])


def test_blocks_are_found_and_understood() -> None:
    text = "```console\n$ rfq demo --seconds 3   # long\noutput\n$ make test\n```\n```python\n$ no\n```\n"
    assert commands_of(text) == [["rfq demo --seconds 3   # long", "make test"]]
    assert argv_of("rfq demo --seconds 3   # long") == ["demo", "--seconds", "3", "--help"]
    assert argv_of("rfq version  # short") == ["version"]


def test_the_readme_shows_the_two_commands() -> None:
    shown = [line.split("#")[0].strip() for block in BLOCKS for line in block]
    assert "make demo" in shown
    assert "make test" in shown


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0])
def test_what_the_readme_shows_runs(block: list[str], tmp_path: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    for line in block:
        words = shlex.split(line, comments=True)
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= set(targets), line
            continue
        run = subprocess.run(
            [sys.executable, "-m", "rfq", *argv_of(line)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=100,
            check=False,
        )
        assert run.returncode == 0, f"{line}\n{run.stdout}\n{run.stderr}"
        assert "Traceback" not in run.stderr
