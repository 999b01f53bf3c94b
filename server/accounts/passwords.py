"""Passwords: which may be chosen, and their argon2 hashes.

Long ones are asked for and nothing about their letters. Refused is what guessers try first: a common word, a row of
keys, a year, a name of ours or the person's own, by itself, again and again, or dressed up with digits and signs.
"""

import re
import secrets
from functools import lru_cache

import argon2

from server.i18n import _
from server.problems import Invalid

MIN_LENGTH = 12
MAX_LENGTH = 1_000

_MOST_WORDS = 2
_LONGEST_EASY = 64
_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)  # one thread: the rest go on serving
_LEET = str.maketrans("0134578@$!", "oieastbasi")
_ROWS = (
    *("1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm"),
    *("abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0"),
)
_COMMON = frozenset(
    """
    access account admin administrator agent amanda america andrea andrew angel apple ashley august autumn baby
    bailey banana baseball basketball batman beautiful biteme blink buster butterfly call caseclock casper center
    changeme charlie cheese chelsea chicken chocolate christmas company computer cookie cowboy customer daniel
    database december default demo desk diamond dolphin donald dragon eagle elephant england family february flower
    football forever france freedom friday friend fuck fuckyou garfield george germany ginger god gold google guest
    hannah happy harley hello help helpdesk hockey holiday home horse hunter iceman iloveyou internet january
    jasmine jennifer jessica jesus john jordan joshua july june justin killer letmein liverpool login london love
    lovely maggie manager manchester march marina martin master matrix matthew maverick mercedes merlin michael
    michelle mickey microsoft monday money monkey morgan mother mustang my mypassword myspace naruto nicole nintendo
    nothing november october office oracle orange our pass passphrase passwd password passwort pepper phoenix please
    pokemon porsche princess private purple qazwsx qwe qwer qwert rabbit rainbow ranger rangers robert root samantha
    samsung saturday secret secure security september server service shadow silver slipknot snoopy soccer spider
    spiderman spring star starwars summer sunday sunflower sunshine super superman support sweet system teacher temp
    temporary test tester testing the thomas thunder thursday ticket tiger tigger time tinkerbell tracker trustno
    tuesday ubuntu user victoria wachtwoord wednesday welcome whatever william windows winter wizard work worker
    yankees yellow you your zaq
    """.split()  # noqa: SIM905 - one word a line would be two hundred lines
)


def check(password: str, username: str) -> None:
    """Raise `Invalid` unless somebody of that username may choose this password."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        text = _(
            "A password has at least %(least)s characters, and at most %(most)s.", least=MIN_LENGTH, most=MAX_LENGTH
        )
        raise Invalid(text)
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Invalid(_("A password is valid Unicode text: this one is not.")) from None
    if _is_easy(password, username):
        raise Invalid(_("This password is among the first that are guessed: choose some words that nobody else would."))


def hash_of(password: str) -> str:
    """What is stored of a password. Takes some 80 ms of a processor, and 46 MiB."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one. Takes as long where nothing is stored."""
    try:
        return _HASHER.verify(_of_nobody() if stored is None else stored, password) and stored is not None
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than are used now."""
    return _HASHER.check_needs_rehash(stored)


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _HASHER.hash(secrets.token_urlsafe())


def _is_easy(password: str, username: str) -> bool:
    """Whether it is made of common parts alone, or of a few characters again and again."""
    plain = password.lower()
    if len(set(plain)) < 5:
        return True
    words = _COMMON | {name for name in (username, *re.split(r"[._@-]+", username)) if len(name) > 2}
    return _is_made_of(_unrepeated(plain), words)


def _unrepeated(text: str) -> str:
    again = re.fullmatch(r"(.+?)\1+", text)
    return again[1] if again else text


def _is_made_of(text: str, words: frozenset[str]) -> bool:
    """Whether at most two words make up the whole text, with digits, signs and pieces of rows of keys between them."""
    if len(text) > _LONGEST_EASY:
        return False
    fewest = [0] + [_MOST_WORDS + 1] * len(text)  # how many words it takes to each place
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            fewest[end] = min(fewest[end], fewest[start] + _words_of(text[start:end], words))
    return fewest[-1] <= _MOST_WORDS


def _words_of(part: str, words: frozenset[str]) -> int:
    if not any(char.isalpha() for char in part) or _is_row(part):
        return 0
    return 1 if part in words or part.translate(_LEET) in words else _MOST_WORDS + 1


def _is_row(part: str) -> bool:
    return len(part) >= 4 and any(part in row or part in row[::-1] for row in _ROWS)
