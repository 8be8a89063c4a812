"""The sandbox knows nothing of the program it is a stand-in for."""

import ast
from pathlib import Path

import adsapp.sandbox

HERE = Path(adsapp.sandbox.__file__).parent


def test_it_imports_nothing_else_of_the_project() -> None:
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path.name} imports by a relative path, which this test does not follow"
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert [name for name in names if _is_foreign(name)] == [], path.name


def _is_foreign(name: str) -> bool:
    return name.split(".")[0] in ("adsapp", "huey_tasks") and not name.startswith("adsapp.sandbox")
