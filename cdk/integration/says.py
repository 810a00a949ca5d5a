"""How the steps report: they print a line for each check. The first check that fails ends the program with exit code 1."""

import sys


class Failed(Exception):
    """A check failed. The line about it is printed already."""


def expect(condition, what, detail=""):
    print("ok  " if condition else "FAIL", what, detail, flush=True)
    if not condition:
        raise Failed(what)


def step(what):
    print("--- " + what, flush=True)
    sys.stdout.flush()
