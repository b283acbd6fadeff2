"""Pages of the web: values in, HTML out."""

from __future__ import annotations

from watcher.render.environment import render_template


def render_page(name: str, **values: object) -> str:
    """The page `templates/pages/<name>.html`, filled with values. Everything interpolated is escaped."""
    return render_template(f"pages/{name}.html", **values)
