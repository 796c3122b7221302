"""Words that programs write between double underscores, such as `__init__`; any other such word may be meant as bold."""

from __future__ import annotations

import builtins
from types import CodeType, CoroutineType, FunctionType, ModuleType

# https://docs.python.org/3/reference/datamodel.html: what the types of the language have …
_OWNERS = (
    BaseException,
    CodeType,
    CoroutineType,
    FunctionType,
    ModuleType,
    builtins,
    dict,
    float,
    int,
    list,
    str,
    type,
)
# … what classes and modules may have, test folders and queries of JavaScript, constants of PHP and C, metatables of Lua.
_OTHERS = """
    aenter aexit aiter all anext author call copy deepcopy delete email enter exit file fspath future get getattr index
    init license main metaclass missing path prepare reversed set slots version
    fixtures generated mocks proto pycache snapshots tests typename
    CLASS COUNTER DATE DIR FILE FUNCTION LINE METHOD NAMESPACE TIME TRAIT attribute cplusplus func inline
    concat gc metatable mode newindex pairs tostring unm
"""
_PROSE = {"and", "or"}  # operators of Python, too, but sooner stressed words

NAMES = frozenset(
    {name.strip("_") for owner in _OWNERS for name in dir(owner) if name.startswith("__")} | set(_OTHERS.split())
) - frozenset(_PROSE)
