#!/usr/bin/env python3
"""Writes conf/drawbridge.schema.json, for editors: python3 tests/schema/make_schema.py > conf/drawbridge.schema.json

Keys, forms, defaults and words come from docs/drawbridge.yaml.5, which unit_config holds to the loader.
"""

import json
import re
import sys
from pathlib import Path

MAN_PAGE = Path(__file__).resolve().parents[2] / "docs/drawbridge.yaml.5"

TEXT = {"type": "string", "minLength": 1}
SIZE = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^0*[1-9][0-9]*([KMGT]iB)?$"}]}
NETWORK = {"type": "string", "pattern": "^([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(/[0-9]+)?$"}
BACKEND = {"type": "string", "pattern": "^tcp://.+:[0-9]+$"}


def texts(**more):
    return {"type": "array", "items": TEXT, "minItems": 1, **more}


def one_or_several(one):
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


FORMS = {
    "address": TEXT,
    "boolean": {"type": "boolean"},
    "directory": TEXT,
    "duration": {"type": "string", "pattern": "^0*[1-9][0-9]*(ms|s|m|h)$"},
    "file": TEXT,
    "header": TEXT,
    "host without port": TEXT,
    "list": texts(),
    "list of files or patterns": texts(minItems=0),
    "list of hosts": texts(minItems=0),
    "list of networks": {"type": "array", "items": NETWORK, "minItems": 1},
    "list of networks or unix": {"type": "array", "items": {"anyOf": [{"const": "unix"}, NETWORK]}, "minItems": 1},
    "list of origins": texts(),
    "list of tcp://host:port": {"type": "array", "items": BACKEND},
    "list of tokens": texts(uniqueItems=True),
    "number": {"type": "integer", "minimum": 1, "maximum": 1_000_000_000},
    "octal permissions": {
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": 777}, {"type": "string", "pattern": "^0*[0-7]{1,3}$"}]
    },
    "path": {"type": "string", "pattern": "^/[^?#*]*\\*?$"},
    "PEM file": TEXT,
    "rate": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/s$"},
    "rate of bytes": {"type": "string", "pattern": "^0*[1-9][0-9]*([KMGT]iB)?/s$"},
    "size": SIZE,
    'tcp://host:port or "echo:"': {"anyOf": [{"const": "echo:"}, BACKEND]},
    "text": TEXT,
    "text of 1 to 64 bytes": {"type": "string", "minLength": 1, "maxLength": 64},
    "text or list": one_or_several(TEXT),
    "URL": {"type": "string", "pattern": "^(https?://|unix:/)"},
}

# What the words of the page leave open.
ALGORITHMS = [kind + size for kind in ("RS", "PS", "ES", "HS") for size in ("256", "384", "512")]
PLACE = {"type": "string", "pattern": "^(authorization|subprotocol|(cookie|query):.+)$"}
FINER = {
    "listeners[].tls.min_version": {"enum": ["1.2", "1.3", 1.2, 1.3]},
    "penalties.clients": {"maximum": 10_000_000},
    "penalties.exempt": {"minItems": 0},
    "limits.head": {"minimum": 256, "maximum": 1 << 20},
    "limits.identities": {"maximum": 1_000_000},
    # What has sessions needs both, and what has not has files.
    "routes[]": {
        "dependencies": {"origins": ["backend"], "backend": ["origins"]},
        "anyOf": [{"required": ["origins", "backend"]}, {"required": ["web"]}],
    },
    "routes[].auth[]": {"minProperties": 1, "maxProperties": 1},
    "routes[].auth[].forward.concurrency": {"maximum": 10_000},
    "routes[].auth[].jwt": {
        "oneOf": [{"required": [source]} for source in ("jwks", "jwks_inline", "pem", "secret")]
    },
    "routes[].auth[].jwt.algorithms": one_or_several({"enum": ALGORITHMS}),
    "routes[].auth[].jwt.from": {"items": PLACE, "uniqueItems": True},
    "routes[].auth[].jwt.require[]": {"oneOf": [{"required": ["is"]}, {"required": ["begins_with"]}]},
    "routes[].auth[].forward.request_headers": one_or_several(TEXT),
    "routes[].auth[].tokens.from": {"items": PLACE, "uniqueItems": True},
    "workers": {"maximum": 1_024},
}
# Lists of mappings that must not be empty where they stand.
FULL = ["listeners[].tls.certificates"]
# The other half may stand in an included file.
ANYWHERE = ["listeners", "routes"]


def plain(lines):
    """mdoc(7) as text."""
    words = []
    for line in lines:
        if line.startswith("."):
            macro, *arguments = line[1:].split()
            text = " ".join(arguments)
            if macro in ("Ic", "Ql"):
                names = text.split(" , ")
                text = ", ".join(re.sub(r"^(.*?)( [,.;:])?$", r"`\1`\2", name) for name in names)
            elif macro == "Pq":
                text = re.sub(r"^(.*?)( [,.;:])?$", r"(\1)\2", text.replace("Ic ", ""))
            text = re.sub(r" ([,.;:)]+)$", r"\1", text)
        else:
            text = line
        words.append(text)
    return " ".join(words).replace("\\(dq", '"').replace("\\&", "")


def items():
    """(name, form, default or "", description) of each key."""
    text = MAN_PAGE.read_text(encoding="utf-8")
    for match in re.finditer(r"^\.It Ic (\S+) Pq (.*)\n((?:(?!\.It|\.El|\.S[hs]).*\n)*)", text, re.M):
        name, form, lines = match[1], match[2].replace('\\(dq', '"'), match[3].splitlines()
        form, _, default = form.partition(", default ")
        yield name, form, default, plain(lines)


def enumeration(form):
    words = [word.strip('"') for word in re.split(r", | or ", form)]
    return {"enum": words} if len(words) > 1 and all(re.fullmatch(r"[a-z0-9.-]+", word) for word in words) else None


def schema_of(form):
    form = form.removesuffix(", required").removesuffix(", required for sessions")
    if form == "mapping":
        # A key without a value is a mapping without keys.
        return {"type": ["object", "null"], "additionalProperties": False, "properties": {}}
    if form == "directory or mapping":
        return {"type": ["string", "object"], "minLength": 1, "additionalProperties": False, "properties": {}}
    if form == "list of mappings":
        return {"type": ["array", "null"], "items": {"type": "object", "additionalProperties": False, "properties": {}}}
    if form in FORMS:
        return json.loads(json.dumps(FORMS[form]))
    base, _, word = form.rpartition(" or ")
    if base in FORMS:
        return {"anyOf": [{"const": word}, json.loads(json.dumps(FORMS[base]))]}
    if enumeration(form):
        return enumeration(form)
    sys.exit(f"no schema for the form `{form}`")


def refine(schema, name):
    finer = FINER.get(name, {})
    if "enum" in finer or ("anyOf" in finer and "properties" not in schema):
        schema.clear()
    # A bound belongs to the number, which may be one of two forms.
    target = next((one for one in schema.get("anyOf", []) if one.get("type") == "integer"), schema)
    for key, value in finer.items():
        (target if key in ("minimum", "maximum") else schema)[key] = value


def make():
    root = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "drawbridge.yaml",
        "description": "The configuration of drawbridge; `man drawbridge.yaml` and `drawbridge check` know more.",
        "type": "object",
        "additionalProperties": False,
        "properties": {},
    }
    for name, form, default, description in items():
        parent = root
        *above, key = name.split(".")
        for part in above:
            parent = parent["properties"][part.removesuffix("[]")]
            if part.endswith("[]"):
                parent = parent["items"]
        schema = schema_of(form)
        refine(schema, name)
        if "items" in schema:
            refine(schema["items"], name + "[]")
        if schema.get("type") == "array" and not schema.get("minItems"):
            # A key without a value is an empty list.
            schema["type"] = ["array", "null"]
        if name in FULL:
            schema.update({"type": "array", "minItems": 1})
        words = [description] if description else []
        if default:
            words.append(f"Default: {default}.")
        if words:
            schema["description"] = " ".join(words)
        parent["properties"][key] = schema
        if form.endswith(", required") and name not in ANYWHERE:
            parent.setdefault("required", []).append(key)
            # Without a value the required ones are missing.
            if parent.get("type") == ["object", "null"]:
                parent["type"] = "object"
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(make())
