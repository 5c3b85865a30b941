"""Keep the gettext catalogues in step with the code.

``python tools/catalogue.py update`` collects every sentence and merges it into the catalogues: translations
are kept, changed sentences become fuzzy. ``python tools/catalogue.py check`` exits with 1 and a list when a
sentence is missing, fuzzy or obsolete, or when its placeholders differ from those of its translation.

Sentences come from calls of ``N_``, ``say`` and ``plural``, from measures and checks (the first line of the
docstring, and the title), from the meanings of the canonical columns, from the command line's help, from the
notebooks' markdown cells, from the page templates, from the template of a client's settings, from presets,
from the sales-system checklist, from the sentences of ``templates/words``.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from crmkit.audit.checks import facts_of

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "crmkit"
CALLS = {"N_": 1, "say": 1, "plural": 2}
CARDS = {"measure", "compound", "check"}
PLACE = re.compile(r"\{([a-z_][a-z0-9_]*)(?:![rsa])?(?::[^{}]*)?\}")
LABEL = re.compile(r"(?:Cases|Value|Weight|Leaves out|Source|n):")
DATED = re.compile(
    rb'^"(?:POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|Report-)'
)

Id = str | tuple[str, str]
Found = tuple[Id, int]


def called(node: ast.expr) -> str:
    """Return the bare name of what is called: ``say`` for ``words.say``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def texts(nodes: list[ast.expr]) -> list[str]:
    """Return the literal texts among ``nodes``."""
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def of_call(node: ast.Call, module: str) -> Iterator[Found]:
    """Yield the sentence that a call marks."""
    if module == "columns.py" and called(node.func) == "_columns":  # «name kind meaning…»
        yield from ((text.split(" ", 2)[2], node.lineno) for text in texts(node.args))
    count = CALLS.get(called(node.func), 0)
    marked = texts(node.args[:count])
    if count and len(marked) == count:
        yield (marked[0] if count == 1 else (marked[0], marked[1])), node.lineno
    if module == "cli.py":
        yield from (
            (text, node.lineno) for text in texts([k.value for k in node.keywords if k.arg == "help"])
        )


def facts(card: str) -> list[str]:
    """Return what a card says below its first paragraph, a sentence or more to a label: «Cases: …»."""
    told: list[str] = []
    for line in card.split("\n\n", 1)[-1].split("\n") if "\n\n" in card else ():
        if not told or not line.strip() or LABEL.match(line):
            told.append("")
        told[-1] += f" {line.strip()}"
    return [re.sub(r"``(.+?)``", r"`\1`", text.strip()) for text in told if text.strip()]


def of_card(node: ast.FunctionDef) -> Iterator[Found]:
    """Yield what a measure or a check says of itself."""
    for decorator in node.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        name = called(call.func if call else decorator)
        card = name in CARDS
        if card and call:
            titles = texts([k.value for k in call.keywords if k.arg in ("title", "name", "about")])
            yield from ((title, node.lineno) for title in titles)
        doc = ast.get_docstring(node)
        if doc and name == "check":
            yield from ((text, node.lineno) for label, text in facts_of(doc).items() if label != "Source")
        elif doc and card:
            yield " ".join(doc.split("\n\n")[0].split()), node.lineno
            yield from ((text, node.lineno) for text in facts(doc) if not text.startswith("Source:"))


def of_module(path: Path) -> Iterator[Found]:
    """Yield the sentences of a Python module, in the order of its lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from of_call(node, path.name)
        elif isinstance(node, ast.FunctionDef):
            yield from of_card(node)


def of_notebook(path: Path) -> Iterator[Found]:
    """Yield the markdown cells of a notebook, each whole."""
    for index, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and text.strip():
            yield text, index


def of_template(path: Path) -> Iterator[Found]:
    """Yield the sentences of a page template."""
    with path.open("rb") as lines:
        for line, _, message, _ in babel_extract(lines, list(CALLS), [], {"silent": "false"}):
            one = [text for text in (message if isinstance(message, tuple) else (message,)) if text]
            yield (one[0] if len(one) == 1 else (one[0], one[1])), line


def of_preset(path: Path) -> Iterator[Found]:
    """Yield the title and the note of a list of measures."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from ((data[key], line) for line, key in enumerate(("title", "note"), 1) if data.get(key))


def of_exports(path: Path) -> Iterator[Found]:
    """Yield how tables are got out of CRMs."""
    ways = yaml.safe_load(path.read_text(encoding="utf-8"))
    yield from ((way["how"], 1) for needs in ways.values() for way in needs.values())


def of_words(path: Path) -> Iterator[Found]:
    """Yield every text of a file of sentences, each on its line."""
    for node in yaml.compose(path.read_text(encoding="utf-8")).value:
        values = [node[1]]
        while values:
            one = values.pop()
            if isinstance(one, yaml.ScalarNode):
                if re.search(r"[^\W\d]", one.value):  # a figure alone is no sentence
                    yield one.value, one.start_mark.line
            else:
                values += [each[1] if isinstance(each, tuple) else each for each in one.value]


def of_checklist(path: Path) -> Iterator[Found]:
    """Yield the areas and the questions of the sales-system checklist."""
    data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (texts only)
    yield from ((area[key], 1) for area in data["areas"] for key in ("title", "short"))
    texts = ("text", "why", "good", "action", "where")
    yield from ((one[key], place) for place, one in enumerate(data["questions"], 2) for key in texts)


def collect() -> Catalog:
    """Return a catalogue of every sentence, without translations."""
    catalogue = Catalog(fuzzy=False)
    sources = [(path, of_module) for path in sorted(PACKAGE.rglob("*.py"))]
    pages = [*(PACKAGE / "documents" / "pages").glob("*.html"), *(PACKAGE / "batch").glob("*.html")]
    sources += [(path, of_template) for path in [*sorted(pages), *sorted((ROOT / "templates").glob("*.yml"))]]
    sources += [(path, of_preset) for path in sorted((ROOT / "templates" / "presets").glob("*.yml"))]
    sources += [(path, of_words) for path in sorted((ROOT / "templates" / "words").glob("*.yml"))]
    sources += [(ROOT / "templates" / "exports.yml", of_exports)]
    sources += [(ROOT / "templates" / "checklist.yml", of_checklist)]
    sources += [(ROOT / "tools" / "definitions.py", of_module)]
    sources += [(path, of_notebook) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    for path, read in sources:
        name = path.relative_to(ROOT).as_posix()
        for text, line in sorted(read(path), key=lambda found: (found[1], str(found[0]))):
            catalogue.add(text, locations=[(name, line)])
    return catalogue


def read(path: Path) -> Catalog:
    """Read a catalogue, or start an empty one."""
    language = path.parents[1].name
    if not path.is_file():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as lines:
        return read_po(lines, locale=language)


def merged(path: Path, found: Catalog) -> bytes:
    """Return the catalogue's text after ``found`` is merged into it, without dates."""
    catalogue = read(path)
    catalogue.header_comment = "# The words of crmkit: kept in step with the code by tools/catalogue.py."
    catalogue.project, catalogue.version, catalogue.fuzzy = "crmkit", "1", False
    catalogue.update(found)
    for entry in catalogue:
        entry.flags.discard("python-format")
        entry.flags.discard("python-brace-format")
    written = BytesIO()
    write_po(written, catalogue, width=110, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    lines = written.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not DATED.match(line))


def places(text: str) -> set[str]:
    """Return the placeholders of a sentence."""
    return set(PLACE.findall(text))


def faults(entry: Entry) -> Iterator[str]:
    """Yield what is wrong with one translation."""
    ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
    strings = entry.string if isinstance(entry.string, tuple | list) else (entry.string,)
    if not all(strings):
        yield "missing"
    elif entry.fuzzy:
        yield "fuzzy"
    elif any(places(string) != places(ids[-1]) for string in strings):
        yield "placeholders differ"


def check(path: Path, found: Catalog) -> list[str]:
    """Return one line for each fault of a catalogue, sorted."""
    catalogue = read(path)
    have = {entry.id: entry for entry in catalogue if entry.id}
    want = {entry.id for entry in found if entry.id}
    wrong = [f"missing: {text!r}" for text in want - set(have)]
    wrong += [f"obsolete: {text!r}" for text in set(have) - want]
    wrong += [f"{fault}: {text!r}" for text in want & set(have) for fault in faults(have[text])]
    return sorted(wrong)


def main(arguments: list[str]) -> int:
    """Update or check all catalogues; return the exit code."""
    if arguments not in (["update"], ["check"]):
        sys.stderr.write("usage: python tools/catalogue.py update|check\n")
        return 2
    found, wrong = collect(), []
    for path in sorted((PACKAGE / "locale").glob("*/LC_MESSAGES/crmkit.po")):
        if arguments == ["update"]:
            text = merged(path, found)
            path.write_bytes(text)
        wrong += [f"{path.relative_to(ROOT)}: {line}" for line in check(path, found)]
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong and arguments == ["check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
