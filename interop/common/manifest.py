"""Tables of TOML as dataclasses."""

import dataclasses
import tomllib
import types
import typing

from tools import Failure


def load(cls, path):
    """A dataclass from a file: unknown and missing members are errors."""
    try:
        return _converted(cls, tomllib.loads(path.read_text()), path.parent.name)
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from error


def _converted(kind, value, where):
    if dataclasses.is_dataclass(kind):
        return _filled(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        # Optional: TOML has no `None`.
        return _converted(arguments[0], value, where)
    if not isinstance(value, origin or kind):
        raise Failure(f"{where}: {value!r} where a {(origin or kind).__name__} was expected")
    if origin is list:
        return [_converted(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(value)]
    if origin is dict:
        return {key: _converted(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    return value


def _filled(cls, table, where):
    if not isinstance(table, dict):
        raise Failure(f"{where}: {table!r} where a table was expected")
    kinds = typing.get_type_hints(cls)
    fields = {member(field.name): field for field in dataclasses.fields(cls) if field.init}
    required = {
        name for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    for what, names in (("unknown", table.keys() - fields.keys()), ("missing", required - table.keys())):
        if names:
            raise Failure(f"{where}: {what} members: {', '.join(sorted(names))}")
    return cls(**{
        fields[name].name: _converted(kinds[fields[name].name], value, f"{where}.{name}") for name, value in table.items()
    })


def member(name):
    """A member of TOML is written with hyphens. A field that would be a keyword ends with `_`."""
    return name.rstrip("_").replace("_", "-")
