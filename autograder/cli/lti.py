"""Commands of `lms` about LTI 1.3: keys, who is who, what was sent and what waits."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from autograder.cli.shared import NEEDS_PERSON, course_option, json_option, load, reported


@click.command()
@course_option
@click.option("--rotate", is_flag=True, help="Make a new key, which signs in an hour.")
@click.option(
    "--at-once", is_flag=True, help="With --rotate: it signs now, and all other keys are removed."
)
@click.option("--pem", is_flag=True, help="Print the public key that signs now, as PEM.")
@json_option
def keys(course_folder: Path, rotate: bool, at_once: bool, pem: bool, as_json: bool) -> None:
    """Show or rotate the keys by which the platform knows this course.

    With --json, the public keys are printed as a JSON Web Key Set, which the service publishes at
    `lti/jwks.json`. Make the first key with --rotate.

    Use --rotate once a year, and --rotate --at-once when somebody else may have read a key.
    """
    with reported():
        from autograder.errors import CourseError
        from autograder.lms import keys as store
        from autograder.lms.connecting import need_packages

        need_packages()
        course = load(course_folder)
        if at_once and not rotate:
            raise CourseError("--at-once needs --rotate")
        if rotate:
            store.rotate(course.root, at_once)
        if as_json:
            click.echo(json.dumps(store.public_keys(course.root)))
            return
        signs = store.signing_key(course.root)
        if pem:
            click.echo(signs.public, nl=False)
            return
        for key in store.keys_of(course.root):
            starts = _moment(key.made + store.PUBLISH_S)
            later = f"signs from {starts}" if key.made > signs.made else "published until removed"
            words = "signs now" if key.path == signs.path else later
            click.echo(f"{key.jwk()['kid']}  made {_moment(key.made)}  {words}")


@click.command()
@course_option
@json_option
def status(course_folder: Path, as_json: bool) -> None:
    """Show what was sent to the platform, and what waits and why.

    Exit code 1: a mark waits that could not be sent, or the platform keeps another one.
    """
    with reported():
        from autograder.feedback.words import number, one_line
        from autograder.service.store.outbox import Outbox

        outbox = Outbox(load(course_folder).database)
        try:
            letters = outbox.letters()
        finally:
            outbox.close()
        if as_json:
            click.echo(json.dumps([one.facts() for one in letters], ensure_ascii=False))
        else:
            for one in letters:
                if one.open or one.fault:
                    mark = "pending" if one.score is None else number(one.score)
                    state = "waits" if one.open else "not taken"
                    why = f": {one.fault}" if one.fault else ""
                    click.echo(one_line(f"{one.student}, {one.item}: {mark} {state}{why}"))
            waiting = sum(one.open for one in letters)
            click.echo(f"{len(letters) - waiting} marks are settled, {waiting} wait")
        if any(one.fault for one in letters):
            sys.exit(NEEDS_PERSON)


@click.command()
@course_option
def roster(course_folder: Path) -> None:
    """Ask the platform for its members, and show who is who.

    Exit code 1: a student of the gradebook is not on the platform.
    """
    with reported():
        from autograder.errors import CourseError
        from autograder.feedback.words import one_line
        from autograder.lms.connecting import connect
        from autograder.lms.scores import PlatformAway, Refused
        from autograder.lms.settings import read_lti
        from autograder.service.store.outbox import Outbox
        from autograder.service.workers.sent_marks import read_roster

        course = load(course_folder)
        settings = read_lti(course)
        outbox = Outbox(course.database)
        try:
            found = read_roster(connect(settings, course), outbox, settings.match)
        except (PlatformAway, Refused) as fault:
            raise CourseError(f"{settings.memberships_url}: {fault}; try again later") from None
        finally:
            outbox.close()
        for student, user in found.users.items():
            click.echo(one_line(f"{student} is {user}"))
        for student, why in found.students.items():
            click.echo(one_line(f"only in the gradebook: {student}: {why}"))
        for member, why in found.others.items():
            click.echo(one_line(f"only on the platform: {member}: {why}"))
        if found.students:
            sys.exit(NEEDS_PERSON)


@click.command()
@course_option
def send(course_folder: Path) -> None:
    """Send the marks that wait to the platform now, without the service.

    A running service sends by itself; this command then does nothing.

    Exit code 1: some mark could not be sent.
    """
    with reported():
        from autograder.errors import CourseError
        from autograder.service.grading import GradingService
        from autograder.service.workers.sender_thread import only_sender

        course = load(course_folder)
        service = GradingService(course)
        try:
            with only_sender(course.root) as alone:
                if not alone:
                    raise CourseError("a service of this course sends marks already")
                service.outbox.try_now()
                sender = service.sender()
                while sender.step():
                    pass
            letters = service.outbox.letters()
        finally:
            service.close()
        waiting = sum(one.open for one in letters)
        if sender.away:
            click.echo(f"the platform takes no marks now: {sender.away}", err=True)
        click.echo(f"{len(letters) - waiting} marks are settled, {waiting} wait")
        if waiting:
            sys.exit(NEEDS_PERSON)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


COMMANDS = (send, status, roster, keys)
