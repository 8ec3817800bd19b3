#!/usr/bin/python3
"""Holds src/ to its layers: a folder includes and links only those before it, and nothing below `net` touches
Asio, Beast, openssl/ssl.h or a clock. Prints each offence as file:line: message."""

import pathlib
import re
import sys

LAYERS = ["base", "client", "ws", "config", "auth", "policy", "web", "net", "admin", "ctl", "daemon"]
FIRST_WITH_SOCKETS = LAYERS.index("net")

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
FORBIDDEN_INCLUDE = re.compile(r"^(boost/(asio|beast)[./]|openssl/ssl\.h$)")
FORBIDDEN_LINK = re.compile(r"\b(drawbridge_asio|OpenSSL::SSL)\b")
CLOCK = re.compile(r"\b\w*[cC]lock\s*::\s*now\b|\b(?:time|gettimeofday|clock_gettime|timespec_get|X509_cmp_current_time)\s*\(")
LINK = re.compile(r"\bdrawbridge_(\w+)")
COMMENT_OR_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\[^\'\n]*.|[^\'\\\n])\'', re.DOTALL)


def code_of(text):
    """`text` with comments and literals blanked, its lines kept."""
    return COMMENT_OR_LITERAL.sub(lambda found: "\n" * found.group().count("\n") or " ", text)


def check_source(layer, text):
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        name = include.group(2)
        folder = name.split("/")[0]
        if include.group(1) == '"' and folder not in LAYERS[: layer + 1]:
            yield number, f"{LAYERS[layer]} includes {name}"
        if layer < FIRST_WITH_SOCKETS and FORBIDDEN_INCLUDE.match(name):
            yield number, f"{LAYERS[layer]} includes {name}, which is for net and daemon"
    if layer < FIRST_WITH_SOCKETS:
        for number, line in enumerate(code_of(text).splitlines(), 1):
            for found in CLOCK.finditer(line):
                yield number, f"{LAYERS[layer]} reads a clock ({found.group()}): time is a parameter below net"


def check_links(layer, text):
    for number, line in enumerate(text.splitlines(), 1):
        for name in LINK.findall(line.split("#")[0]):
            if name in LAYERS[layer + 1 :]:
                yield number, f"{LAYERS[layer]} links drawbridge_{name}"
        forbidden = FORBIDDEN_LINK.search(line.split("#")[0])
        if layer < FIRST_WITH_SOCKETS and forbidden:
            yield number, f"{LAYERS[layer]} links {forbidden.group()}, which is for net and daemon"


def check(src):
    """Every offence under the folder `src`, as a line of text."""
    for folder in sorted(path for path in src.iterdir() if path.is_dir()):
        if folder.name not in LAYERS:
            yield f"{folder}:1: no such layer; they are {', '.join(LAYERS)}"
            continue
        layer = LAYERS.index(folder.name)
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".ipp", ".h"):
                offences = check_source(layer, path.read_text())
            elif path.name == "CMakeLists.txt":
                offences = check_links(layer, path.read_text())
            else:
                continue
            yield from (f"{path}:{number}: {message}" for number, message in offences)


def main():
    offences = list(check(pathlib.Path(sys.argv[1])))
    print("\n".join(offences) if offences else "layering: every arrow points down")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
