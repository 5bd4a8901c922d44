"""Every credential that the end-to-end tests use, and the search for them in what was kept."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

_PIECE = re.compile(rb"[A-Za-z0-9_-]{24,}")
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}")
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}")

_used: set[bytes] = set()
_kept: list[tuple[Path, Callable[[], list[str]]]] = []


def using(credential: str) -> str:
    """Take note of a guest's id or a token, and give it back."""
    for piece in _pieces(credential.encode("utf-8", "surrogatepass")):
        _used.add(piece)
    return credential


def keeps(data_dir: Path, said: Callable[[], list[str]]) -> None:
    """Take note of where a product keeps what it keeps, and of how to learn what it said."""
    _kept.append((data_dir, said))


def all_that_is_kept() -> Iterator[tuple[str, bytes]]:
    """Every file and the output of every product so far, by name."""
    for data_dir, said in _kept:
        yield from files(data_dir)
        yield f"output of {data_dir}", "\n".join(said()).encode()


def files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every file under a directory, by name."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


def leaks(kept: Mapping[str, bytes]) -> list[str]:
    """The names of what holds a credential that was used, any token, or the id of any guest."""
    guests = guests_in(kept.values())
    return [
        name
        for name, content in kept.items()
        if found_in(content) or any(guest in content.lower() for guest in guests)
    ]


def found_in(content: bytes) -> bool:
    """Whether anything of a credential that was used is in it."""
    return not _used.isdisjoint(_pieces(content)) or _TOKEN.search(content) is not None


def guests_in(contents: Iterable[bytes]) -> set[bytes]:
    """Ids in the contents that are those of guests, by whose hash they are known there.

    Needs no list of what was used: it finds the ids that a page made as well.
    """
    ids: set[bytes] = set()
    hashes: set[bytes] = set()
    for content in contents:
        ids.update(each.lower() for each in _UUID.findall(content))
        hashes.update(re.findall(rb"guest:([0-9a-f]{64})", content))
    return {each for each in ids if hashlib.sha256(each).hexdigest().encode() in hashes}


def used() -> int:
    """How many pieces of credentials are searched for."""
    return len(_used)


def _pieces(content: bytes) -> Iterator[bytes]:
    for found in _PIECE.finditer(content):
        yield found.group()
    for found in _UUID.finditer(content):
        yield found.group().lower().replace(b"-", b"")
