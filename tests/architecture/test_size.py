"""One module has one subject. Beyond these lengths a reviewer asks whether it still has."""

import ast

from tests.architecture.tree import modules, name_of, parsed

CODE_LINES = 400
"""Lines of code in a module: blank lines, comments, imports and docstrings apart."""
FUNCTION_LINES = 50
LISTS = ("errors.py", "events.py", "publishing.py", "reactions.py")
"""Their modules are lists, and are looked up, not read."""


def code_lines(tree: ast.Module) -> int:
    """How many lines hold code that somebody must follow."""
    held: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or not hasattr(node, "lineno"):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            continue
        if isinstance(node, ast.stmt):
            held.update(_own_lines(node))
    return len(held)


def _own_lines(node: ast.stmt) -> range:
    """The lines of a statement, without those of the statements in it."""
    assert node.end_lineno is not None
    inner = [child.lineno for child in ast.walk(node) if child is not node and isinstance(child, ast.stmt)]
    return range(node.lineno, min([node.end_lineno + 1, *inner]))


def test_no_module_has_more_than_400_lines_of_code() -> None:
    lengths = {
        name_of(path): code_lines(parsed(path))
        for path in modules("services", "libs", "deploy")
        if not path.name.endswith(LISTS)
    }

    assert {name: length for name, length in lengths.items() if length > CODE_LINES} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = {
        f"{name_of(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in modules("services", "libs", "deploy")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }

    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}
