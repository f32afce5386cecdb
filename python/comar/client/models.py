# SPDX-License-Identifier: MIT
"""link.System.Service["apache"].start: models, packages and methods as attributes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from comar.client.caller import Caller
from comar.client.names import bus_safe_name
from comar.client.options import options_of


class Model:
    """A model, or the first words of its name. Iterates over the packages that have it."""

    __slots__ = ("_caller", "_name")

    def __init__(self, caller: Caller, name: str) -> None:
        self._caller = caller
        self._name = name

    def __getattr__(self, word: str) -> Model:
        if word.startswith("_"):
            raise AttributeError(word)
        return Model(self._caller, f"{self._name}.{word}")

    def __getitem__(self, package: str) -> Package:
        return Package(self._caller, self._name, bus_safe_name(package))

    def __iter__(self) -> Iterator[str]:
        return iter(self._caller.packages(self._name))

    def __contains__(self, package: str) -> bool:
        return bus_safe_name(package) in self._caller.packages(self._name)

    def __call__(self, *arguments: Any, **keywords: Any) -> None:
        """link.System.Service.info(callback=f): asks every package, and calls back for each."""
        model, _, method = self._name.rpartition(".")
        options = options_of(method, keywords)
        if options.callback is None:
            raise TypeError(f"{self._name}() needs a callback, or a package: link.{model}[package].{method}()")
        for package in self._caller.packages(model):
            self._caller.ask(package, model, method, arguments, options)

    def __repr__(self) -> str:
        return f"<comar model {self._name}>"


class Package:
    """A model's methods for one package."""

    __slots__ = ("_caller", "_model", "_package")

    def __init__(self, caller: Caller, model: str, package: str) -> None:
        self._caller = caller
        self._model = model
        self._package = package

    def __getattr__(self, method: str) -> Method:
        if method.startswith("_"):
            raise AttributeError(method)
        return Method(self._caller, self._model, self._package, method)

    def __repr__(self) -> str:
        return f"<comar package {self._package} of {self._model}>"


class Method:
    """One method of one package, ready to be called."""

    __slots__ = ("_caller", "_model", "_package", "_method")

    def __init__(self, caller: Caller, model: str, package: str, method: str) -> None:
        self._caller = caller
        self._model = model
        self._package = package
        self._method = method

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Calls it: the arguments are the method's, the keywords those of `comar.client.options.Options`.

        Returns None, the one value or a tuple of several; with a callback, None at once.
        Raises comar.Error; TypeError when the arguments are not what the method takes.
        """
        options = options_of(self._method, keywords)
        return self._caller.ask(self._package, self._model, self._method, arguments, options)

    def __repr__(self) -> str:
        return f"<comar method {self._model}.{self._method} of {self._package}>"
