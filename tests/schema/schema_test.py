"""Holds conf/drawbridge.schema.json to the loader. Usage: schema_test.py SOURCES VERDICTS

What the loader takes the schema takes: an editor must not complain of a good file. What is wrong with a single value both
refuse. What several values say together, only the loader knows.
"""

import copy
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

import jsonschema
import yaml

SOURCES = Path(sys.argv[1]).resolve()
VERDICTS = sys.argv[2]
SCHEMA = json.loads((SOURCES / "conf/drawbridge.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

# Values that some key takes, and some that none does.
PALETTE = [
    0, -1, 1, 5, 2.5, 10**12, True, False, None, [], ["x"], ["x", "x"], [5], [True], {}, {"x": 1}, "", "x", " x", "none", "auto",
    "true", "any", "text", "json", "http", "1.2", 1.2, "5s", "0s", "5 s", "s", "250ms", "64KiB", "0KiB", "64KB", "10/s", "x/s", "10MiB/s",
    "0MiB/s", "/x", "/x/*", "/*/x", "x/y", "10.0.0.0/8", ["10.0.0.0/8"], ["::1"], ["10.0.0.0/8", "no"], ["unix"], "tcp://a:1",
    "tcp://a", "echo:", ["tcp://a:1"], ["echo:"], "https://app.example.org", ["https://app.example.org"], ["*"], ["app.example.org"], ["authorization"],
    ["cookie:a", "cookie:a"], ["cookie:"], "RS256", ["RS256", "ES256"], ["none"], "http://127.0.0.1/x", "ftp://x", "0660", "0999",
    660, "127.0.0.1:80", "unix:/x", "a" * 65, [{}], [None], [[]],
]  # fmt: skip


class Core(yaml.SafeLoader):
    """Plain scalars as in YAML 1.2's core schema, as editors read them."""


Core.yaml_implicit_resolvers = {}
for tag, form, first in [
    ("bool", "true|false", "tf"),
    ("null", "null|~|", "n~"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]*\.[0-9]+", "-+.0123456789"),
]:
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{form})$"), list(first))
Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])
Core.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))


def schema_errors(value, schema=SCHEMA):
    errors = VALIDATOR.evolve(schema=schema).iter_errors(value)
    return "; ".join(f"{list(error.path)}: {error.message[:80]}" for error in errors)


def loader_errors(documents):
    text = "".join(json.dumps(document) + "\n" for document in documents)
    run = subprocess.run([VERDICTS], input=text, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def places(value, path=()):
    """The path of each key's value in a document."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*path, key)
            yield from places(below, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            if isinstance(item, dict):
                yield from places(item, (*path, number))


def at(document, path):
    for part in path:
        document = document[part]
    return document


def changed(document, path, change):
    document = copy.deepcopy(document)
    change(at(document, path[:-1]), path[-1])
    return document


def one_a_kind(document):
    """A path for each key, however often it stands there."""
    found = {}
    for path in places(document):
        found.setdefault(tuple("[]" if isinstance(part, int) else part for part in path), path)
    return list(found.values())


def keys(schema, path=()):
    for form in [schema, *schema.get("anyOf", [])]:
        for key, below in form.get("properties", {}).items():
            yield (*path, key)
            yield from keys(below, (*path, key))
        if isinstance(form.get("items"), dict):
            yield from keys(form["items"], (*path, "[]"))


# Forms that say all of what the loader takes; of other texts it knows more.
EXACT = ["^0*[1-9][0-9]*(ms|s|m|h)$", "^0*[1-9][0-9]*([KMGT]iB)?$", "^0*[1-9][0-9]*([KMGT]iB)?/s$", "^[0-9]+(\\.[0-9]+)?/s$"]


def types(schema):
    named = schema.get("type", [])
    return named if isinstance(named, list) else [named]


def is_free(schema):
    forms = [schema, *schema.get("anyOf", [])]
    return any({"string", "array"} & set(types(form)) and form.get("pattern") not in EXACT for form in forms)


def schema_at(path):
    schema = SCHEMA
    for part in path:
        schema = schema["items"] if isinstance(part, int) else schema["properties"][part]
    return schema


class Schema(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.reference = yaml.load((SOURCES / "conf/drawbridge.yaml").read_text(encoding="utf-8"), Core)

    def compare(self, cases):
        """Cases: (what, document, what the schema says, may the schema be stricter, may the loader)."""
        verdicts = loader_errors([case[1] for case in cases])
        self.assertEqual(len(verdicts), len(cases))
        taken = 0
        wrong = []
        for (what, _, by_schema, schema_stricter, loader_stricter), by_loader in zip(cases, verdicts):
            taken += not by_schema
            if by_schema and not by_loader and not schema_stricter:
                wrong.append(f"{what}: the loader takes it, the schema says: {by_schema}")
            if by_loader and not by_schema and not loader_stricter:
                wrong.append(f"{what}: the schema takes it, the loader says: {by_loader}")
        self.assertEqual(wrong, [])
        return taken

    def test_it_is_what_the_man_page_makes(self):
        made = subprocess.run([sys.executable, SOURCES / "tests/schema/make_schema.py"], capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(made.stdout), SCHEMA, "run tests/schema/make_schema.py > conf/drawbridge.schema.json")
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_the_configurations_of_the_package_fit(self):
        for name in ("drawbridge.yaml", "default.yaml"):
            document = yaml.load((SOURCES / "conf" / name).read_text(encoding="utf-8"), Core)
            self.assertEqual(schema_errors(document), "", name)

    def test_every_key_of_it_stands_in_the_reference(self):
        shown = {tuple("[]" if isinstance(part, int) else part for part in path) for path in places(self.reference)}
        self.assertEqual(set(keys(SCHEMA)), shown)

    def test_the_loader_and_the_schema_agree_on_every_value_of_every_key(self):
        cases = []
        for path in one_a_kind(self.reference):
            schema = schema_at(path)
            for value in PALETTE:
                def put(parent, key, value=value):
                    parent[key] = value
                what = ".".join(map(str, path)) + " = " + json.dumps(value)
                # Numbers and words that stand for text, and texts for numbers: an editor wants the quotes right.
                scalars = [value, *(value if isinstance(value, list) else [])]
                as_text = any(isinstance(scalar, (bool, int, float)) or str(scalar).isdigit() for scalar in scalars)
                # All else is as good as before.
                by_schema = schema_errors(value, schema)
                cases.append((what, changed(self.reference, path, put), by_schema, as_text, self.depends(path, schema)))
        taken = self.compare(cases)
        self.assertGreater(taken, len(cases) // 10)
        self.assertLess(taken, len(cases) // 2)
        print(len(cases), "cases,", taken, "taken by the schema", file=sys.stderr)

    @staticmethod
    def depends(path, schema):
        """Whether the loader may refuse what the schema takes: what a text means, or what another key says."""
        if is_free(schema):
            return True
        return path[-1] in ("listeners", "routes", "plaintext", "enforce", "tls", "mode", "origins", "frame", "message", "dead", "ping", "minimum", "maximum", "auth")

    def test_unknown_and_missing_keys_are_seen_by_both(self):
        def misspell(parent, key):
            parent["x" + key] = parent.pop(key)

        def remove(parent, key):
            del parent[key]

        paths = one_a_kind(self.reference)
        misspelt = [(path, changed(self.reference, path, misspell)) for path in paths]
        self.compare([(f"misspelt {path}", document, schema_errors(document), False, False) for path, document in misspelt])
        for path, verdict in zip(paths, loader_errors([changed(self.reference, path, remove) for path in paths])):
            missing = "missing key `" + str(path[-1]) + "`" in verdict
            seen = schema_errors(changed(self.reference, path, remove))
            by_schema = any(f"{path[-1]!r} is a {kind}" in seen for kind in ("required property", "dependency"))
            self.assertEqual(missing, by_schema, f"without {path}: {verdict} / {seen}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
