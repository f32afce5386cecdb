# SPDX-License-Identifier: MIT
"""Counts what service scripts make use of, in the words of the census in SPEC.md, section 6."""

import ast
import collections
import re

SETTINGS = {"serviceType": "type", "serviceDefault": "default"}
KNOWN = {
    "startService": "command args pidfile makepid nice detach chuid donotify".split(),
    "stopService": "pidfile command args chuid user name signalno signal donotify".split(),
}


def census(scripts):
    """A Counter over [(text as it was written, text in Python 3)]."""
    counts = collections.Counter(scripts=len(scripts))
    for original, text in scripts:
        tree = ast.parse(text)
        for node in ast.walk(tree):
            counts.update(_of_node(node))
        counts.update(_of_module(tree))
        counts.update(_of_script(tree, original, text))
    return counts


def _of_node(node):
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.FunctionDef):
        yield from _of_function(node)


def _of_call(call):
    name = ast.unparse(call.func)
    yield f"{name}()"
    if name in KNOWN:
        words = (each.arg for each in call.keywords)
        yield from (f"{name} {word if word in KNOWN[name] else 'misspelled'}" for word in words)
    elif name == "isServiceRunning" and call.args:
        yield "isServiceRunning(pidfile)"
    elif name == "fail":
        yield f"fail({_kind(call.args[0])})"
    elif name == "eval" and "config.get" in ast.unparse(call):
        yield "eval(config.get())"
    elif name == "_" and isinstance(call.args[0], ast.Dict):
        yield from (f"language {key.value}" for key in call.args[0].keys)


def _kind(text):
    """What fail() is given."""
    if isinstance(text, ast.Dict):
        return "dict"
    words = ast.unparse(text)
    return "_" if re.match(r"_\(|MSG_", words) else "text"


def _of_function(function):
    yield f"def {function.name}"
    yield from ("@" + ast.unparse(each) for each in function.decorator_list)
    if function.name == "start" and "boot" in {each.arg for each in function.args.args}:
        yield "def start(boot)"
    if function.name == "start" and _programs(function) > 1:
        yield "several programs"


def _programs(function):
    """How many programs a start() starts, one in a loop counting as two."""
    calls = [each for each in ast.walk(function) if _is_call_of(each, "startService")]
    loops = [each for each in ast.walk(function) if isinstance(each, ast.For)]
    in_loops = [call for loop in loops for call in ast.walk(loop) if _is_call_of(call, "startService")]
    return len(calls) + len(in_loops)


def _is_call_of(node, name):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def _of_module(tree):
    """What module level does, its functions aside."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            continue
        words = ast.unparse(statement)
        if isinstance(statement, ast.Assign):
            yield from _of_assignment(statement.targets[0], statement.value)
            if "config" in words:
                yield "config at module level"


def _of_assignment(target, value):
    name = ast.unparse(target)
    if name in SETTINGS:
        yield f"{SETTINGS[name]} {value.value}"
    elif name == "serviceConf":
        yield "serviceConf"
    elif name != "serviceDesc" and _is_call_of(value, "_"):
        yield "message at module level"


def _of_script(tree, original, text):
    """What is counted once a script."""
    imported = {each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if "os" in names and "os" not in imported:
        yield "os without import"
    if re.search(r"\bfile\(", original):
        yield "file()"
    if original != text:
        yield "Python 2"
