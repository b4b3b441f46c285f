"""Write the marked parts of the reference anew: `python -m vikno.cli.reference docs/reference`."""

import sys
from pathlib import Path

from vikno.cli.reference import write

if __name__ == "__main__":
    for name in write(Path(sys.argv[1])):
        print(name)
