"""Set crmkit up and use it: ``python run.py demo``, ``python run.py test``, ``python run.py lab``.

The first start makes the environment .venv beside this file, from the packages pinned in requirements.lock,
and takes a minute or two and a network; later starts use it at once. Nothing else on this machine is changed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (an older Python reads this file, and must be told)
    here = ".".join(str(part) for part in sys.version_info[:2])
    sys.exit(f"crmkit needs Python 3.11 or newer, and this is Python {here}: start run.py with a newer one.")

import argparse
import hashlib
import locale
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "crmkit-stamp"
LOCK = ROOT / "requirements.lock"
REPORTS = ROOT / "reports"

# a second process may be started by each of the tools: they must not compile everything anew each time
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"


def say(text: str) -> None:
    """Tell the user what happens now."""
    print(text, file=sys.stderr, flush=True)


def python(*arguments: str | Path) -> int:
    """Run the environment's Python in the project's folder; return its exit code."""
    return subprocess.call([str(PYTHON), *map(str, arguments)], cwd=ROOT, env=ENVIRONMENT)


def wanted_stamp() -> str:
    """Return what the environment is to be made from: the lock, the project, this Python, this place."""
    parts = [
        LOCK.read_bytes(),
        (ROOT / "pyproject.toml").read_bytes(),
        sys.version.encode(),
        str(ROOT).encode(),
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_healthy() -> bool:
    """Tell whether the environment's Python starts, is of this version, and has pip."""
    check = f"import sys, pip; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    try:
        return subprocess.run([str(PYTHON), "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def make_environment() -> None:
    """Make ``.venv``, in place of one that does not work."""
    if VENV.exists():
        if not (VENV / "pyvenv.cfg").exists():
            sys.exit(
                "There is a folder .venv here that is no Python environment. Move it away and start again."
            )
        if Path(sys.prefix).resolve() == VENV.resolve():
            sys.exit("The environment .venv does not work. Leave it (deactivate) and start again.")
        say("      the one that is there does not work with this Python: it is made anew")
        shutil.rmtree(VENV)
    base = getattr(sys, "_base_executable", None) or sys.executable
    if subprocess.call([base, "-m", "venv", str(VENV)], env=ENVIRONMENT) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.exit("Python could not make an environment. On Debian and Ubuntu: apt install python3-venv.")


def install_packages() -> None:
    """Install what the lock names, each file checked against its hash: by uv, by pip where uv fails."""
    uv = re.search(r"^uv==.*(?:\n[ \t]+.*)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    if uv:
        only_uv = VENV / "uv.txt"
        only_uv.write_text(uv[0] + "\n", encoding="utf-8")
        if python("-m", "pip", "install", "--quiet", "--require-hashes", "-r", only_uv) == 0:
            quiet = [] if sys.stderr.isatty() else ["--quiet"]
            install = [
                "-m",
                "uv",
                "pip",
                "install",
                *quiet,
                "--python",
                PYTHON,
                "--require-hashes",
                "-r",
                LOCK,
            ]
            if python(*install) == 0:
                return
    say("      uv did not do it; pip takes a few minutes")
    if python("-m", "pip", "install", "--quiet", "--require-hashes", "-r", LOCK) != 0:
        sys.exit("The packages could not be installed. Is there a network? Start again when there is.")


def set_up() -> None:
    """Make the environment ready; at once if it is."""
    stamp = wanted_stamp()
    healthy = is_healthy()
    if healthy and STAMP.exists() and STAMP.read_text(encoding="utf-8") == stamp:
        return
    say("Setting crmkit up; the first time this takes a minute or two.")
    if not healthy:
        say("1 / 3 making the environment .venv")
        make_environment()
    STAMP.unlink(missing_ok=True)
    say("2 / 3 installing the packages that requirements.lock names")
    install_packages()
    say("3 / 3 installing crmkit itself")
    if python("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".") != 0:
        sys.exit("crmkit itself could not be installed; see above.")
    STAMP.write_text(stamp, encoding="utf-8")
    say("Ready.")


def demo() -> int:
    """Make the reports of the three sample clients, each in its own language."""
    clients = sorted(
        path.parent.relative_to(ROOT) for path in (ROOT / "data" / "sample").glob("*/client.yml")
    )
    code = python(
        "-m", "crmkit", "run", *clients, "--out", "reports", "--jobs", str(min(os.cpu_count() or 1, 3))
    )
    if code == 0:
        print("The reports:")
        for path in [REPORTS / "index.html", *sorted(REPORTS.glob("*/report.html"))]:
            print(f"  {path.relative_to(ROOT)}")
    return code


def check(extra: list[str]) -> int:
    """Run every check; pytest last, so that its words close the output."""
    steps = {
        "ruff check": ["-m", "ruff", "check", "."],
        "ruff format": ["-m", "ruff", "format", "--check", "."],
        "mypy": ["-m", "mypy"],
        "catalogues": ["tools/catalogue.py", "check"],
    }
    if not (ROOT / "tools" / "catalogue.py").exists():
        del steps["catalogues"]
    failed = []
    for name, arguments in steps.items():
        say(f"== {name}")
        if python(*arguments) != 0:
            failed.append(name)
    say("== pytest" + (f" (failed before it: {', '.join(failed)})" if failed else ""))
    code = python("-m", "pytest", "-n", str(min(os.cpu_count() or 1, 4)), *extra)
    return code or int(bool(failed))


def lab(language: str, extra: list[str]) -> int:
    """Open the notebooks in JupyterLab, as copies in the user's language that git does not see."""
    copies = f"notebooks-{language}"
    code = python("-m", "crmkit", "notebooks", "--language", language, "--to", copies)
    if code == 0:
        say("JupyterLab opens in the browser; Ctrl+C here ends it.")
        where = ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{copies}"]
        code = python("-m", "jupyterlab", *where, *extra)
    return code


def own_language() -> str:
    """Return the language of the user's system: ``ru`` or else ``en``."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")] + [
        locale.getlocale()[0] or ""
    ]
    first = next((name for name in names if name), "")
    return "ru" if first.lower().startswith("ru") else "en"


def main() -> int:
    """Read the command, set up, run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[-1], allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("demo", help="make the reports of the three sample clients, in reports/")
    commands.add_parser("test", help="run every check; further arguments go to pytest", add_help=False)
    words = commands.add_parser("lab", help="open the notebooks in JupyterLab", allow_abbrev=False)
    words.add_argument(
        "--language", choices=("ru", "en"), default=own_language(), help="language of the notebooks"
    )
    chosen, extra = parser.parse_known_args()
    if extra and chosen.command == "demo":
        parser.error(f"demo takes no arguments: {' '.join(extra)}")
    try:
        set_up()
        if chosen.command == "lab":
            return lab(chosen.language, extra)
        return demo() if chosen.command == "demo" else check(extra)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
