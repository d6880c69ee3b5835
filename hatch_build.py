"""Refuses to build a wheel without GraphiQL."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Wheel(BuildHookInterface[Any]):
    """Asked by hatchling before it builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install serves what its checkout has, now or later; a wheel has what it has."""
        page = Path(self.root, "gateway/web/explorer/built/index.html")
        if version != "editable" and not page.exists():
            raise FileNotFoundError(f"{page} is not built: run `make explorer`")
