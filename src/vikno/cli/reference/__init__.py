"""The reference: the pages of docs/reference, written from what is registered in the code.

`make reference` writes them anew. A test holds the files against `pages()`, so a page cannot fall behind the code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vikno.cli.reference import channels, chat, commands, conditions, errors, files, findings, items

PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "commands": ("every command, its options, its exit codes and the keys of its JSON", commands.page),
    "files": ("the files of a country folder, key by key", files.page),
    "conditions": ("the condition language: what can be written, what it means, what is refused", conditions.page),
    "items": ("the kinds of item, and how each is shown", items.page),
    "findings": ("the closed list of what the check can find", findings.page),
    "errors": ("what can go wrong when a program calls Vikno", errors.page),
    "channels": ("what each channel can show", channels.page),
    "chat": ("the chat over HTTP, for whoever writes a client", chat.page),
}
"""Name of the page -> what it is about, and who writes it."""
WRITTEN = "<!-- Written by `make reference` from the code: change the code, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """File name -> text, of every page that is written from the code."""
    out = {f"{name}.md": WRITTEN + write() for name, (_, write) in PAGES.items()}
    lines = [f"- [{name}]({name}.md): {about}" for name, (about, _) in PAGES.items()]
    out["README.md"] = f"{WRITTEN}# Reference\n\n" + "\n".join(lines) + "\n"
    return out


def write(folder: Path) -> list[str]:
    """Write the pages that differ from what is there; their names."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in pages().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed
