"""Load and validate the four files; a file in the home replaces the shipped one as a whole."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from domain.errors import InvalidConfiguration
from domain.people import Configuration, Owners, Policy, Taxonomy, Wanted
from domain.record import Record

R = TypeVar("R", bound=Record)
FILES: dict[str, type[Record]] = {
    "taxonomy.yaml": Taxonomy,
    "owners.yaml": Owners,
    "policy.yaml": Policy,
    "wanted.yaml": Wanted,
}


def load_configuration(folder: Path | None, *, taxonomy: Path | None = None) -> Configuration:
    """Load all four; `taxonomy` names another taxonomy file.

    Raises:
        InvalidConfiguration: A file is wrong; all problems together, each with its line.
    """
    problems: list[str] = []
    loaded: dict[str, Record] = {}
    for name, kind in FILES.items():
        own = taxonomy if name == "taxonomy.yaml" and taxonomy else folder and folder / name
        try:
            loaded[name] = load_file(own, name=name, kind=kind)
        except InvalidConfiguration as error:
            problems.append(str(error))
    if problems:
        raise InvalidConfiguration("\n".join(problems))
    return Configuration.model_validate(
        {name.removesuffix(".yaml"): value for name, value in loaded.items()}
    )


def load_file(path: Path | None, *, name: str, kind: type[R]) -> R:
    """Load one file, the shipped one when `path` is None or absent."""
    if path is not None and path.exists() and not path.is_file():
        raise InvalidConfiguration(f"{path} is not a file.")
    if path is not None and path.is_file():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConfiguration(f"{path} cannot be read as UTF-8 text.") from error
        return parse(text, name=str(path), kind=kind)
    shipped = files("agent.config") / name
    return parse(shipped.read_text(encoding="utf-8"), name=name, kind=kind)


def parse(text: str, *, name: str, kind: type[R]) -> R:
    """Parse one file."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InvalidConfiguration(f"{name}, line {line}: not valid YAML.") from error
    if raw is not None and not isinstance(raw, dict):
        raise InvalidConfiguration(f"{name}, line 1: the file must be a mapping.")
    try:
        record = kind.model_validate(raw or {})
    except ValidationError as error:
        raise InvalidConfiguration(
            "\n".join(
                f"{name}, line {_line(node, problem['loc'])}: "
                f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}."
                for problem in error.errors(include_url=False, include_input=False)
            )
        ) from None
    _check_names(record, name)
    return record


def _check_names(record: Record, name: str) -> None:
    if isinstance(record, Taxonomy):
        seen: set[str] = set()
        for driver in record.drivers:
            if driver.name in seen:
                raise InvalidConfiguration(f"{name}: the driver {driver.name!r} stands twice.")
            seen.add(driver.name)
        if not record.drivers:
            raise InvalidConfiguration(f"{name}: at least one driver is needed.")


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """The line of the deepest part of a place that exists in the file."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
            if not found:
                return int(line)
            key, node = found[0]
            line = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return int(line)
    return int(line)
