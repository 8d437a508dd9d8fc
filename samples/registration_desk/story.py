"""``story``: sets the stage, plays the tale, leaves the page."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from certsvc.client import Client, ClientError, Patience
from registration_desk.acts import play
from registration_desk.book import Book
from registration_desk.instance import StartError, running
from registration_desk.storybook import write_page
from registration_desk.tale import Scene
from registration_desk.telling import OtherwiseError, Teller

MARK: Final = ".story"
"""Says that a folder was made here and may be made anew."""
PATIENCE: Final = Patience(tries=4, total_s=30)


class FolderError(Exception):
    """The folder holds something else."""


def tell_story(folder: Path, teller: Teller) -> bool:
    """Play everything in *folder*; returns whether all went as told.

    Raises:
        FolderError: it is not empty and not the story's own.
    """
    _clear(folder)
    began = time.monotonic()
    try:
        with ExitStack() as stage:
            play(_set_stage(stage, folder, teller))
    except (OtherwiseError, ClientError, StartError):
        # The step has told it already, and the page shows how far it went.
        return False
    finally:
        lines = "".join(teller.line(told) + "\n" for told in teller.steps)
        (folder / "story.jsonl").write_text(lines, encoding="utf-8")
        write_page(teller, folder / "story.html", time.monotonic() - began)
    return True


def _set_stage(stage: ExitStack, folder: Path, teller: Teller) -> Scene:
    """Start a service, and connect the desk and the platform to it, each with a key of its own."""
    with teller.step(
        "start", "启动一个自己的证照服务", "Starting a service of its own", "certsvc init, serve"
    ) as told:
        instance = stage.enter_context(running(folder / "service"))
        keys = [
            instance.add_client(name, scopes)
            for name, scopes in (("desk", "issue,endorse,read"), ("platform", "verify"))
        ]
        desk, platform = (
            stage.enter_context(
                Client(instance.url, api_key=api_key, language=teller.language, patience=PATIENCE)
            )
            for api_key in keys
        )
        instance.await_ready()
        told.say(f"真实的服务进程：{instance.url}", f"a real server process: {instance.url}")
    (folder / "files").mkdir()
    return Scene(
        teller=teller,
        instance=instance,
        book=Book(folder / "desk.db"),
        desk=desk,
        platform=platform,
        files=folder / "files",
    )


def _clear(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FolderError(f"{folder} holds something that is not a story; choose another folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by the story, made anew by the next one\n", encoding="utf-8")
