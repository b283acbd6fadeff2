"""XML parsing for hostile documents: no entities, nothing fetched, size and depth bounded."""

from __future__ import annotations

from html import unescape
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from watcher.errors import ExtractError
from watcher.extract.limits import MAX_NODES, MAX_XML_DEPTH, refuse


def parse_xml(data: bytes | str, *, what: str) -> Element:
    """The root element, names in ElementTree's "{namespace}local" form; comments and instructions are left out.

    `what` names the document in messages. ExtractError `unsupported` when it declares entities, `too_large` past
    the limits of depth and nodes, `damaged` when it is not well-formed. Nothing outside `data` is read: a document
    type elsewhere is not fetched, and its entities are read as those of HTML.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8" if isinstance(data, str) else None, " ")
    parser.buffer_text = True
    depth = nodes = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, nodes
        depth += 1
        nodes += 1
        if depth > MAX_XML_DEPTH:
            refuse(what, found=f"over {MAX_XML_DEPTH}", limit=MAX_XML_DEPTH, unit="levels of nesting")
        if nodes > MAX_NODES:
            refuse(what, found=f"over {MAX_NODES}", limit=MAX_NODES, unit="nodes")
        builder.start(_name(name), {_name(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def entity(name: str, is_parameter: int, value: str | None, *_: object) -> None:
        if is_parameter and value is None:
            return
        message = f"{what} declares the XML entity {name[:40]!r}; documents that declare entities are not read"
        raise ExtractError(message, code="unsupported")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    parser.SkippedEntityHandler = lambda name, is_parameter: builder.data("" if is_parameter else unescape(f"&{name};"))
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError, ValueError, LookupError) as error:
        raise ExtractError(f"{what} is not well-formed XML: {error}", code="damaged") from error


def _name(name: str) -> str:
    namespace, blank, local = name.rpartition(" ")
    return f"{{{namespace}}}{local}" if blank else name


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def whole_text(element: Element) -> str:
    """All text inside an element, in order."""
    return "".join(element.itertext())
