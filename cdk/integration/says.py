"""How the steps report: a line for each thing that is so, and an end with exit code 1 at the first that is not."""

import sys


class Failed(Exception):
    """Something is not as it should be; the line that says so is printed already."""


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, detail, flush=True)
    if not condition:
        raise Failed(what)


def step(what):
    print("--- " + what, flush=True)
    sys.stdout.flush()
