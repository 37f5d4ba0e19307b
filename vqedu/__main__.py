"""The command line, `python -m vqedu COMMAND`. Each command is one function that imports what it needs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def build(arguments: argparse.Namespace) -> int:
    """Execute the sources once, write the notebooks and what their pages need."""
    from vqedu.publish import notebooks

    try:
        notebooks.build(arguments.names, notebooks.NOTEBOOKS)
    except notebooks.CellError as error:
        return complain(error, 1)
    return 0


def site(arguments: argparse.Namespace) -> int:
    """Write the course as one site from the notebooks as they were built; executes nothing."""
    from vqedu.publish import notebooks
    from vqedu.publish import site as pages

    try:
        pages.site(arguments.to, notebooks.NOTEBOOKS)
    except pages.SiteError as error:
        return complain(error, 1)
    return 0


def slides(arguments: argparse.Namespace) -> int:
    """Write the lecture as slides of 45, 90 and 180 minutes from the notebooks as they were built; executes nothing."""
    from vqedu.publish import notebooks
    from vqedu.publish import slides as decks

    decks.slides(arguments.to, notebooks.NOTEBOOKS)
    return 0


def lecturer(arguments: argparse.Namespace) -> int:
    """Write the notebooks for the front of the room: solutions in place of starters, speaker notes shown."""
    from vqedu.publish import lecturer, notebooks

    try:
        lecturer.build(arguments.names, arguments.to, notebooks.NOTEBOOKS)
    except notebooks.CellError as error:
        return complain(error, 1)
    return 0


def train(arguments: argparse.Namespace) -> int:
    """Train a shipped model anew by its recipe, alone or under torchrun, and write its weights and card as one file."""
    from vqedu.publish.train import train as retrain

    try:
        path = retrain(arguments.name, arguments.to, arguments.data, arguments.root, arguments.save_every)
    except KeyboardInterrupt:
        return complain(Exception("stopped. The same command goes on from the last *.training file."), 130)
    if path:  # of several processes one has written it
        print(path)
    return 0


def unpack(arguments: argparse.Namespace) -> int:
    """Unpack the digits into a folder that all learners of a machine share, and print what to set for it."""
    from vqedu import data
    from vqedu.data import unpacked

    arguments.to.mkdir(parents=True, exist_ok=True)
    print(f"{unpacked.VARIABLE}={data.unpack(arguments.to).resolve().parent}")
    return 0


def cards(_: argparse.Namespace) -> int:
    """Print the cards of the shipped models as the Markdown table of docs/MODELS.md."""
    from vqedu.publish import cards

    print(cards.table(), end="")
    return 0


def complain(error: Exception, code: int) -> int:
    """Say what went wrong, and return the exit code."""
    print(f"vqedu: {error}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    root = argparse.ArgumentParser(prog="python -m vqedu", description="What maintains the notebooks.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("build", help=build.__doc__, description=build.__doc__)
    command.add_argument("names", nargs="*", metavar="NAME", help="such as 01_autoencoder; all if left out")
    command.set_defaults(run=build)

    command = commands.add_parser("site", help=site.__doc__, description=site.__doc__)
    command.add_argument("to", type=Path, metavar="OUT", help="a new or empty folder, or an earlier site")
    command.set_defaults(run=site)

    command = commands.add_parser("slides", help=slides.__doc__, description=slides.__doc__)
    command.add_argument("to", type=Path, metavar="OUT", help="a new or empty folder, or one of earlier slides")
    command.set_defaults(run=slides)

    command = commands.add_parser("lecturer", help=lecturer.__doc__, description=lecturer.__doc__)
    command.add_argument("names", nargs="*", metavar="NAME", help="such as 01_autoencoder; all if left out")
    command.add_argument("--to", type=Path, default=Path("lecturer"), metavar="DIR", help="default: lecturer/")
    command.set_defaults(run=lecturer)

    command = commands.add_parser("train", help=train.__doc__, description=train.__doc__)
    command.add_argument("name", metavar="NAME", help="such as vae-2d")
    command.add_argument("--to", type=Path, default=Path("."), metavar="DIR", help="default: the working directory")
    command.add_argument("--data", metavar="SET", help="such as fashion-mnist or folder; default: the recipe's own")
    command.add_argument("--root", type=Path, metavar="DIR", help="where the files of --data are")
    command.add_argument("--save-every", type=float, default=60, metavar="SECONDS", help="default: 60")
    command.set_defaults(run=train)

    command = commands.add_parser("unpack", help=unpack.__doc__, description=unpack.__doc__)
    command.add_argument("to", type=Path, metavar="DIR", help="made if it is not there")
    command.set_defaults(run=unpack)

    command = commands.add_parser("cards", help=cards.__doc__, description=cards.__doc__)
    command.set_defaults(run=cards)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; a wrong name or an unusable file is one sentence and exit code 2, not a stack trace."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (ValueError, OSError) as error:
        return complain(error, 2)


if __name__ == "__main__":
    sys.exit(main())
