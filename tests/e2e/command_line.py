"""What the program says of its own commands and options, by --help."""

import re
import subprocess
from typing import NamedTuple


class Command(NamedTuple):
    words: tuple  # () is the program itself, ("explain",) a command of it
    commands: list  # names of the commands below it
    options: dict  # every spelling, such as -c and --config: the kind of value that it takes, or ""


def commands(program, words=()):
    """The program, its commands, and theirs, the outer ones first."""
    text = subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout
    sections = dict(re.findall(r"^(\w+):\n((?:  .*\n)+)", text, flags=re.M))
    options = {}
    for spellings, kind in re.findall(r"^  (-\S+)(?: ([A-Z]+))?", sections["Options"], flags=re.M):
        options |= dict.fromkeys(spellings.split(","), kind)
    below = re.findall(r"^  (\w\S*)", sections.get("Subcommands", ""), flags=re.M)
    return [Command(words, below, options)] + [found for name in below for found in commands(program, (*words, name))]
