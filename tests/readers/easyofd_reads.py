"""Opens OFD files with easyofd and writes down what it found; run by itself, for it is loud.

    python tests/readers/easyofd_reads.py found.json first.ofd second.ofd ...

Run it in a folder of its own: easyofd unpacks into the folder it is called in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from easyofd.ofd import OFD


def found_in(path: Path) -> dict[str, Any]:
    """Return the texts, pictures and seals easyofd finds."""
    reader = OFD()
    reader.read(path.read_bytes(), fmt="binary")
    (document,) = reader.data
    ((_, page),) = document["page_info"].items()
    seals = document["signatures_page_id"][0]
    return {
        "size": document["default_page_size"],
        "texts": [text["text"] for text in page["text_list"]],
        "fonts": sum(bool(font.get("font_b64")) for font in document["fonts"].values()),
        "pictures": sum(bool(picture["imgb64"]) for picture in document["images"].values()),
        "seals": [[seal["Boundary"], bool(seal["SignedValue"])] for seal in seals],
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps([found_in(Path(path)) for path in sys.argv[2:]]), "utf-8")
