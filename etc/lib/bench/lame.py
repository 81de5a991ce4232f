"""Which LAME a program loads."""

import re
import subprocess
import sys
from pathlib import Path

from measure import ENVIRONMENT

LIBRARY = "libmp3lame.so.0"


def loaded_lame(program: str, **settings: str) -> Path:
    said = subprocess.run(
        ["ldd", program], check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT | settings).stdout
    found = re.search(rf"{re.escape(LIBRARY)} => (\S+)", said)
    if not found:
        sys.exit(f"{program} does not load {LIBRARY}.")
    return Path(found[1])


def is_tuned(lame: Path) -> bool:
    """The distribution's lies in /lib or /usr/lib; one that etc/tune-lame made lies beside the program."""
    return not lame.resolve().as_posix().startswith(("/usr/lib/", "/lib/"))
