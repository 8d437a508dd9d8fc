"""The desk's commands: ``story``, ``serve``, ``deliver``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Literal

import click

from certsvc.client import Client, Patience
from registration_desk.book import Book
from registration_desk.counter import finish_orders, follow
from registration_desk.outbox import deliver_due, letters
from registration_desk.telling import Teller

_book = click.option(
    "--book",
    type=click.Path(path_type=Path),
    default=Path("var/desk/desk.db"),
    show_default=True,
    help="The desk's own SQLite file.",
)
_url = click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where certsvc is.")


@click.group()
def program() -> None:
    """A play of the upstream registration system; everybody in it is made up."""


@program.command("story")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("var/story"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each step.")
def story(lang: Literal["zh", "en"], out: Path, as_json: bool) -> None:
    """Play the whole tale with a service of its own; exit 0 when everything went as told."""
    from registration_desk.story import FolderError, tell_story

    began = time.monotonic()
    teller = Teller(lang, click.echo, as_json=as_json)
    try:
        ok = tell_story(out.resolve(), teller)
    except FolderError as error:
        raise click.UsageError(str(error)) from error
    done, took = sum(told.ok for told in teller.steps), time.monotonic() - began
    page = out / "story.html"
    zh = (
        f"{done} 步照预期进行，用时 {took:.0f} 秒。打开看看：{page}"
        if ok
        else f"没有全部照预期进行；见 {page}"
    )
    en = (
        f"{done} steps went as told, {took:.0f} s. Open it: {page}"
        if ok
        else f"not all went as told; see {page}"
    )
    click.echo("\n" + (zh if lang == "zh" else en), err=as_json)
    sys.exit(0 if ok else 1)


@program.command("serve")
@_book
@_url
@click.option("--port", default=8100, show_default=True, type=click.IntRange(1, 65535))
def serve(book: Path, url: str, port: int) -> None:
    """Serve the desk's pages on this machine alone, and deliver what is approved.

    DESK_API_KEY is a key with issue, endorse and read; PLATFORM_API_KEY one with verify.
    """
    from registration_desk.pages import serve_desk

    serve_desk(Book(book), _client(url, "DESK_API_KEY"), _client(url, "PLATFORM_API_KEY"), port)


@program.command("deliver")
@_book
@_url
@click.option("--forever", is_flag=True, help="Go on until stopped.")
@click.option("--pause", default=1.0, show_default=True, help="Seconds between two looks.")
def deliver(book: Path, url: str, forever: bool, pause: float) -> None:
    """Deliver what is in the outbox and settle open orders; DESK_API_KEY is the key."""
    desk = Book(book)
    with _client(url, "DESK_API_KEY") as client:
        while True:
            for letter in deliver_due(desk, client):
                click.echo(f"{letter.source_id} {letter.state} {letter.code}".rstrip())
            finish_orders(desk, client)
            if not forever:
                break
            time.sleep(pause)
    waiting = sum(letter.state == "PENDING" for letter in letters(desk))
    sys.exit(0 if waiting == 0 else 1)


@program.command("follow")
@_book
@_url
def follow_changes(book: Path, url: str) -> None:
    """Print what changed in certificates the platform verified; PLATFORM_API_KEY is the key."""
    with _client(url, "PLATFORM_API_KEY") as client:
        for licence_id, status, changed in follow(Book(book), client):
            click.echo(f"{licence_id} {status} {changed}".rstrip())


def _client(url: str, variable: str) -> Client:
    api_key = os.environ.get(variable, "")
    if not api_key:
        raise click.UsageError(f"{variable} is not set: certsvc client add prints a key")
    return Client(url, api_key=api_key, patience=Patience(tries=2, total_s=10))


if __name__ == "__main__":
    program(prog_name="registration_desk")
