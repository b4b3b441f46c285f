"""`vikno schema`: the JSON Schema of one of a pack's files, so that an editor helps whoever writes it.

vikno schema consultation.yaml > consultation.schema.json
"""

from __future__ import annotations

import argparse
from pathlib import Path

from vikno.cli.shown import WrongCall, print_json
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.packs.forms import FILES, json_schema


def run(options: argparse.Namespace) -> int:
    name = Path(options.file).name  # `vikno schema countries/ua/country.yaml` means its kind of file
    if name not in FILES:
        known = f"{did_you_mean(name, FILES)}; known are {', '.join(FILES)}"
        raise WrongCall("file_unknown", f"a pack has no file “{name}”{known}", nearest(name, FILES))
    print_json(json_schema(name))
    return 0
