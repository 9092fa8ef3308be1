"""Print how Python source trees are shaped: sizes, branches, tuple assignments, annotations.

``python tools/shape.py src/tautnet`` prints a Markdown table with a row for each tree, ``--rooms``
adds one for each of its sub-folders, ``--worst 5`` lists the worst places of each kind, and
``--check`` ends with 1 where a limit does not hold.
"""

import argparse
import ast
import io
import sys
import tokenize
from pathlib import Path
from typing import NamedTuple

# The most that one place may have, by the kind of its facts.
LIMITS = {"characters of a line": 100, "lines of a file": 400, "branches of a function": 12}
LARGEST_ROOM = 1800
SMALL_ROOMS = ("solving", "validation", "inference", "claims", "selecting", "prose")
MOST_TUPLES = 0.03
LEAST_ANNOTATED = 0.9
# Rooms that the limit of annotations leaves out.
UNTYPED_ROOMS = ("views", "replication")

# What ``--worst`` lists.
LISTED = (*LIMITS, "tuple assignment", "parameters without a type", "fmt: skip")
ONE_BRANCH = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler)
ROWS = (ast.Tuple, ast.List)
# Tokens that do not make a line a line of code.
LAYOUT = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


class Fact(NamedTuple):
    """What is counted at one place; a tree is the list of its facts."""

    kind: str
    room: str
    where: str
    name: str
    value: int


class Reader(ast.NodeVisitor):
    """Collects the facts of one file."""

    def __init__(self, folder: Path, file: Path) -> None:
        below = file.relative_to(folder).parts
        self.file = file
        self.room = below[0] if len(below) > 1 else ""
        self.facts: list[Fact] = []
        self.names: list[str] = []
        self.documented: set[int] = set()
        # Branches of each function that the reader is inside; the first are outside of functions.
        self.counts = [0]

    def add(self, kind: str, line: int, value: int) -> None:
        name = ".".join(self.names) or self.file.stem
        self.facts.append(Fact(kind, self.room, f"{self.file}:{line}", name, value))

    def read(self) -> list[Fact]:
        with tokenize.open(self.file) as stream:
            text = stream.read()
        self.visit(ast.parse(text))
        self.add("branches outside of functions", 1, self.counts[0])
        lines = text.removesuffix("\n").split("\n") if text else []
        self.add("lines of a file", 1, len(lines))
        for row, line in enumerate(lines, start=1):
            self.add("characters of a line", row, len(line))
        code: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            row = token.start[0]
            if token.type == tokenize.COMMENT:
                self.add("comment", row, int(lines[row - 1].lstrip().startswith("#")))
                self.add("fmt: skip", row, int(token.string.lstrip("# ").startswith("fmt: skip")))
            elif token.type == tokenize.STRING and row in self.documented:
                continue
            elif token.type not in LAYOUT:
                code.update(range(row, token.end[0] + 1))
        self.add("lines of code", 1, sum(bool(lines[row - 1].strip()) for row in code))
        return self.facts

    def generic_visit(self, node: ast.AST) -> None:
        self.counts[-1] += count_branches(node)
        super().generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        # A text that is a statement of its own is a docstring, of an attribute too.
        if isinstance(node.value, ast.Constant):
            self.documented.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.add("assignment", node.lineno, 1)
        if isinstance(node.value, ROWS) and any(isinstance(one, ROWS) for one in node.targets):
            self.add("tuple assignment", node.lineno, len(node.value.elts))
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # Decorators and defaults are evaluated outside of the function.
        for outside in (*node.decorator_list, node.args):
            self.visit(outside)
        self.names.append(node.name)
        self.counts.append(0)
        for statement in node.body:
            self.visit(statement)
        self.add("branches of a function", node.lineno, self.counts.pop())
        typed = [is_typed(one.annotation) for one in parameters(node.args)]
        self.add("parameters", node.lineno, len(typed))
        self.add("parameters without a type", node.lineno, typed.count(False))
        self.names.pop()

    visit_AsyncFunctionDef = visit_FunctionDef


def count_branches(node: ast.AST) -> int:
    """Branches of a node itself, without those of the nodes inside it."""
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, ONE_BRANCH))


def parameters(given: ast.arguments) -> list[ast.arg]:
    stars = [one for one in (given.vararg, given.kwarg) if one is not None]
    found = [*given.posonlyargs, *given.args, *given.kwonlyargs, *stars]
    return [one for one in found if one.arg not in ("self", "cls")]


def is_typed(annotation: ast.expr | None) -> bool:
    """Whether an annotation says something; ``Any``, ``object`` and unions with them do not."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.BinOp):
        return is_typed(annotation.left) and is_typed(annotation.right)
    return ast.unparse(annotation).strip("'\"").rpartition(".")[2] not in ("Any", "object")


def read_tree(folder: Path) -> tuple[list[Fact], list[str]]:
    """Facts of all files, and a line for each file that cannot be parsed."""
    facts: list[Fact] = []
    unread: list[str] = []
    for file in sorted(folder.rglob("*.py")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        try:
            facts += Reader(folder, file).read()
        # A syntax error, bytes of another encoding, or an expression too deep to walk.
        except (SyntaxError, ValueError, OSError, RecursionError, tokenize.TokenError) as error:
            unread.append(f"{file}: cannot be parsed: {error}")
    return facts, unread


def of_kind(facts: list[Fact], kind: str, above: int = 0) -> list[Fact]:
    return [fact for fact in facts if fact.kind == kind and fact.value > above]


def total(facts: list[Fact], kind: str) -> int:
    return sum(fact.value for fact in of_kind(facts, kind))


def largest(facts: list[Fact], kind: str) -> str:
    return str(max((fact.value for fact in of_kind(facts, kind)), default=0))


def written(part: int, whole: int, unit: str = " %") -> str:
    return f"{100 * part / whole:.1f}{unit}" if whole else "-"


def cells(facts: list[Fact]) -> dict[str, str]:
    lines = total(facts, "lines of a file")
    code = total(facts, "lines of code")
    branches = total(facts, "branches of a function")
    branches += total(facts, "branches outside of functions")
    n_tuples = len(of_kind(facts, "tuple assignment"))
    n_long = len(of_kind(facts, "characters of a line", LIMITS["characters of a line"]))
    n_parameters = total(facts, "parameters")
    n_typed = n_parameters - total(facts, "parameters without a type")
    return {
        "files": str(sum(fact.kind == "lines of a file" for fact in facts)),
        "lines": str(lines),
        "code lines": str(code),
        "branches per 100": written(branches, code, ""),
        "tuple assignments": written(n_tuples, total(facts, "assignment")),
        "lines over 100": written(n_long, lines),
        "annotated": written(n_typed, n_parameters),
        "comments per 100": written(total(facts, "comment"), code, ""),
        "largest file": largest(facts, "lines of a file"),
        "largest function": largest(facts, "branches of a function"),
        "fmt: skip": str(total(facts, "fmt: skip")),
    }


def table(rows: dict[str, list[Fact]]) -> str:
    heads = ["tree", *cells([])]
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)]]
    lines += [[name, *cells(facts).values()] for name, facts in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def worst(tree: str, facts: list[Fact], n: int) -> str:
    lines: list[str] = []
    for kind in LISTED:
        places = sorted(of_kind(facts, kind), key=lambda place: -place.value)
        lines.append(f"\n{tree}: {kind}")
        lines += [f"{place.where} {place.name} {place.value}" for place in places[:n]]
    return "\n".join(lines)


def faults(tree: str, facts: list[Fact]) -> list[str]:
    """One line for each limit, and each place, where a limit does not hold."""
    found: list[str] = []
    n_tuples = len(of_kind(facts, "tuple assignment"))
    if n_tuples > MOST_TUPLES * total(facts, "assignment"):
        share = written(n_tuples, total(facts, "assignment"))
        found.append(f"{tree}: {share} tuple assignments, above {MOST_TUPLES:.0%}")
    asked = [fact for fact in facts if fact.room not in UNTYPED_ROOMS]
    n_parameters = total(asked, "parameters")
    n_typed = n_parameters - total(asked, "parameters without a type")
    if n_typed < LEAST_ANNOTATED * n_parameters:
        share = written(n_typed, n_parameters)
        outside = " and ".join(UNTYPED_ROOMS)
        found.append(f"{tree}: {share} annotated outside {outside}, below {LEAST_ANNOTATED:.0%}")
    for kind, most in LIMITS.items():
        for fact in of_kind(facts, kind, most):
            found.append(f"{fact.where} {fact.name}: {fact.value} {kind}, above {most}")
    for room in SMALL_ROOMS:
        n = total([fact for fact in facts if fact.room == room], "lines of a file")
        if n > LARGEST_ROOM:
            found.append(f"{tree}/{room}: {n} lines, above {LARGEST_ROOM}")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print how Python source trees are shaped.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--rooms", action="store_true", help="a row for each sub-folder too")
    parser.add_argument("--worst", type=int, default=0, metavar="N", help="list the worst places")
    parser.add_argument("--check", action="store_true", help="end with 1 where a limit is broken")
    options = parser.parse_args(arguments)
    rows: dict[str, list[Fact]] = {}
    lists: list[str] = []
    complaints: list[str] = []
    for folder in options.folders:
        if not folder.is_dir():
            parser.error(f"{folder} is not a folder")
        facts, unread = read_tree(folder)
        rows[str(folder)] = facts
        if options.rooms:
            for room in sorted({fact.room for fact in facts if fact.room}):
                rows[f"{folder}/{room}"] = [fact for fact in facts if fact.room == room]
        lists += [worst(str(folder), facts, options.worst)] if options.worst > 0 else []
        complaints += unread
        complaints += faults(str(folder), facts) if options.check else []
    print(table(rows), *lists, sep="\n")
    print(*complaints, sep="\n", end="\n" if complaints else "", file=sys.stderr)
    return int(options.check and bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
