#!/usr/bin/python3
"""check_hardening.py DAEMON COMPILE_COMMANDS: the release daemon carries the protections that SECURITY.md promises.

What the linker leaves in the file is read from the file; what only the code shows is read from its flags too."""

import json
import platform
import subprocess
import sys

X86 = platform.machine() == "x86_64"
FLAGS = ["-D_FORTIFY_SOURCE=", "-fstack-protector-strong", "-fstack-clash-protection"]
FLAGS += ["-fcf-protection"] if X86 else []


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def program_headers(segments):
    """Type and flags (`R`, `RW`, `RE`) of each program header."""
    for line in segments.splitlines():
        columns = line.split()
        if len(columns) > 7 and columns[1].startswith("0x"):
            yield columns[0], "".join(columns[6:-1])


def missing(daemon, compile_commands):
    header = run("readelf", "-hW", daemon)
    headers = list(program_headers(run("readelf", "-lW", daemon)))
    dynamic = run("readelf", "-dW", daemon)
    symbols = run("readelf", "--dyn-syms", "-W", daemon)

    if "DYN (Position-Independent Executable file)" not in header:
        yield "position-independent executable"
    if "GNU_RELRO" not in dict(headers):
        yield "RELRO"
    if "BIND_NOW" not in dynamic and "Flags: NOW" not in dynamic:
        yield "immediate binding (-z now)"
    if "GNU_STACK" not in dict(headers):
        yield "a word on the stack's permissions"
    yield from (f"{name} without being both writable and executable" for name, flags in headers if flags == "RWE")
    if "__stack_chk_fail" not in symbols:
        yield "stack protector"
    if "_chk@" not in symbols:
        yield "_FORTIFY_SOURCE"
    if X86 and "endbr64" not in run("objdump", "--no-show-raw-insn", "--disassemble=main", daemon):
        yield "landing pads for indirect branches (CET)"
    with open(compile_commands, encoding="utf-8") as file:
        commands = [(entry["file"], entry["command"]) for entry in json.load(file) if "/src/" in entry["file"]]
    yield from (f"{flag} on {file}" for file, command in commands for flag in FLAGS if flag not in command)


def main():
    lacking = list(missing(sys.argv[1], sys.argv[2]))
    print("\n".join(f"lacks {what}" for what in lacking) if lacking else "hardening: all there")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
