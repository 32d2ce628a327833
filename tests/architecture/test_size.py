"""What fits on a few screens is read; what does not is split."""

import ast

from tests.architecture.tree import modules, name_of, parsed

MODULE_LINES = 250
FUNCTION_LINES = 50


def test_no_module_is_longer_than_250_lines() -> None:
    lengths = {
        name_of(path): len(path.read_text("utf-8").splitlines()) for path in modules("services", "libs", "deploy")
    }

    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in modules("services", "libs", "deploy")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }

    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}
