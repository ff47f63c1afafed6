"""Recorder of the demo: writes the output of a real run in a terminal of 110 columns to `demo.svg`, up to the proof.

Run it in the checkout: `.venv/bin/python docs/images/record_demo.py`. The URLs at the end are omitted, because they are
valid for that run only.
"""

import codecs
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

COLUMNS = 110
TARGET = Path(__file__).with_name("demo.svg")
_OMITTED_FROM = "Two judges for the API's examples"
_COMMAND = [sys.executable, "-m", "cli.start", "demo", "--no-wait"]
_PIECE = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")
_FONT = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)  # would be loaded from another server


class Screen:
    """Terminal screen with coloured lines; supports the control sequences of live views: up, erase, return."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = 0

    def feed(self, text: str) -> None:
        """Process a program's output."""
        for numbers, letter, control, words in _PIECE.findall(text):
            if words:
                self.lines[self.row] += words
            elif control == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif letter == "m":
                self.lines[self.row] += f"\x1b[{numbers}m"
            elif letter == "A":
                self.row = max(0, self.row - int(numbers or 1))
            elif letter == "K":
                self.lines[self.row] = ""


def run_in_terminal(command: list[str]) -> str:
    """Run a command in a terminal and return its output; exit if it fails."""
    parent_end, child_end = pty.openpty()
    fcntl.ioctl(child_end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": str(COLUMNS)}
    with subprocess.Popen(  # noqa: S603 - runs this program
        command, stdin=child_end, stdout=child_end, stderr=child_end, env=environment
    ) as process:
        os.close(child_end)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        text = ""
        while True:
            try:
                chunk = os.read(parent_end, 65536)
            except OSError:  # on Linux: the other end is closed
                break
            if not chunk:
                break
            text += decode(chunk)
    os.close(parent_end)
    if process.returncode != 0:
        sys.exit(f"The demo ended with status {process.returncode}:\n{text}")
    return text


def main() -> None:
    """Run the demo and write the picture."""
    screen = Screen()
    screen.feed("$ make demo\r\n" + run_in_terminal(_COMMAND))
    lines = [Text.from_ansi(line) for line in screen.lines]
    end = next(number for number, line in enumerate(lines) if _OMITTED_FROM in line.plain)
    shown = lines[:end]
    while not shown[-1].plain.strip():
        shown.pop()
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    for line in shown:
        line.rstrip()
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    svg = console.export_svg(title="make demo", code_format=_FONT.sub("", CONSOLE_SVG_FORMAT), unique_id="demo")
    TARGET.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
