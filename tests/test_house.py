"""The house keeps its plan: who may import whom, how large rooms are, what stands in none of them."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "crmkit"
MODULES = {
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
    for path in PACKAGE.rglob("*.py")
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

#: The floors, from the ground up: a module may import from its own floor and from those below it.
FLOORS = (
    ("errors", "limits", "places", "columns"),
    (
        "periods",
        "calendars",
        "shifts",
        "countries",
        "statistics",
        "yamlfile",
        "workbooks",
        "bookcells",
        "workbook_child",
    ),
    ("schema", "parts", "settings", "mistakes", "contradictions", "client", "folder"),
    ("facts", "edges", "fields", "groups", "actions", "clients", "stages", "stagelog", "visits"),
    ("sources", "measures", "audit", "process", "intake", "simulate", "pull"),
    ("compare",),
    ("present",),
    ("documents",),
    ("batch",),
    ("commands", "cli", "__main__"),
)  # fmt: skip
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
#: Rooms of one floor that do not know one another, save for the catalogue of measures and the load report.
APART = {"sources", "measures", "audit", "process", "intake", "simulate", "pull"}
#: What the room with the network may use of the house, and what only it may use of the world.
PULL_USES = {"errors", "settings", "client", "folder", "pull"}
NETWORK = {
    "httpx", "httpcore", "keyring", "requests", "aiohttp", "socket", "ssl", "http", "smtplib", "ftplib",
}  # fmt: skip
SHARED = ("crmkit.measures.catalog", "crmkit.sources.ledger")
HEAVY = {
    "plotly": {"present"}, "ipywidgets": {"present"}, "papermill": {"batch", "documents"},
    "nbconvert": {"batch", "documents"}, "nbformat": {"batch", "documents"},
}  # fmt: skip


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {
                f"{node.module}.{name.name}" for name in node.names if f"{node.module}.{name.name}" in MODULES
            }
    return found


def test_every_room_has_its_floor():
    rooms = {room_of(module) for module in MODULES} - {"__init__"}
    assert rooms == set(FLOOR) & rooms


def test_nothing_flows_back():
    wrong = []
    for module, path in MODULES.items():
        here = room_of(module)
        if here == "__init__":
            continue
        for target in imports(path):
            there = room_of(target)
            if not target.startswith("crmkit.") or there == here:
                continue
            if FLOOR[there] > FLOOR[here] or ({here, there} <= APART and target not in SHARED):
                wrong.append(f"{module} imports {target}")
    assert not wrong


def test_heavy_libraries_stay_in_their_rooms():
    wrong = [
        f"{module} imports {name}"
        for module, path in MODULES.items()
        for name in imports(path)
        if room_of(module) not in HEAVY.get(name.split(".")[0], {room_of(module)})
    ]
    assert not wrong


def test_only_the_pull_touches_the_network():
    wrong = []
    for module, path in MODULES.items():
        inside = room_of(module) == "pull"
        for name in imports(path):
            outward = name.split(".")[0] in NETWORK or name == "urllib.request"
            astray = inside and name.startswith("crmkit.") and room_of(name) not in PULL_USES
            if astray or (outward and not inside):
                wrong.append(f"{module} imports {name}")
    assert not wrong


def own_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function has without its docstring."""
    doc = node.body[0] if ast.get_docstring(node) else None
    return node.end_lineno - node.lineno + 1 - (doc.end_lineno - doc.lineno + 1 if doc else 0)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_rooms_are_small_and_keep_the_rules(module):
    text = MODULES[module].read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= 250
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert own_lines(node) <= 40, node.name
        if isinstance(node, ast.ClassDef):
            assert not [base for base in node.bases if ast.unparse(base).endswith("DataFrame")], node.name
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            ends = node.body[-1]
            passes_on = isinstance(ends, ast.Raise) and ends.exc is None
            assert caught not in ("Exception", "BaseException", "everything") or passes_on
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print" or "file" in [word.arg for word in node.keywords]
            assert not re.search(r"\.(to_html|to_csv|to_excel|iterrows)$", called), called
            clock = re.search(r"\b(now|today|utcnow|perf_counter|monotonic|uuid\d|time\.time)$", called)
            assert not clock or module == "crmkit.batch.manifest", called
            filled = called.endswith(".fillna") and room_of(module) in ("measures", "audit", "process")
            assert not filled or ast.unparse(node.keywords[0].value) == "-1", "a missing figure is not zero"
    if room_of(module) != "sources":
        cyrillic = [
            one.string
            for one in tokenize.generate_tokens(io.StringIO(text).readline)
            if re.search("[а-яёА-ЯЁ]", one.string)
        ]
        assert not cyrillic


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_reads_aloud(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    assert tagged == code[:1]
    parameters = ast.parse("".join(tagged[0]["source"])).body
    assert [node.targets[0].id for node in parameters] == ["client", "as_of", "language", "period", "options"]
    assert all(
        isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) for node in parameters
    )
    for cell in code:
        source = "".join(cell["source"])
        assert cell["outputs"] == [] and cell["execution_count"] is None
        assert source.count("\n") < 12
        for node in ast.walk(ast.parse(source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda), source
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [node.module] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
                )
                assert all(name in ("crmkit", "crmkit.present") for name in names), source
    assert "".join(code[-1]["source"]) == f'study.findings("{path.stem}")'
