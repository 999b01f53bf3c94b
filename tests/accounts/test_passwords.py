"""Which passwords may be chosen."""

import pytest

from server.accounts import passwords
from server.problems import Invalid

EASY = [
    "password1234",
    "Passw0rd!2024",
    "P@ssw0rdP@ssw0rd",
    "123456789012",
    "1234567890" * 6,
    "qwertyuiop12",
    "1q2w3e4r5t6y",
    "asdfghjkl;123",
    "abcdefghijklmn",
    "aaaaaaaaaaaaaa",
    "abababababababab",
    "Summer2026!!!",
    "letmeinletmein",
    "iloveyou2026!",
    "administrator1",
    "caseclock2026",
    "Caseclock-Demo",
    "password-eva",
    "eva.roth@2026",
    "roth12345678",
    "Eva.RothEva.Roth",
    "🎩" * 12,
]
GOOD = [
    "correct horse battery staple",
    "a long enough password",
    "blue kettle sings twice",
    "tr0ub4dor&3xyz",
    "xk7 2mq 9vw p",
    "пароль из четырёх слов",
    "passwords are a nuisance",
    "welcome to the machine room",
    "   blanks count too   ",
    "x" * 500 + "yzabc",
]


@pytest.mark.parametrize("password", EASY)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match="among the first that are guessed"):
        passwords.check(password, "eva.roth")


@pytest.mark.parametrize("password", GOOD)
def test_nothing_is_asked_of_letters_digits_and_signs(password: str) -> None:
    passwords.check(password, "eva.roth")


@pytest.mark.parametrize("password", ["", "x7k2pq9vwm1", "y" * 1_001])
def test_too_short_and_too_long_is_said_with_the_bounds(password: str) -> None:
    with pytest.raises(Invalid, match="at least 12 characters, and at most 1000"):
        passwords.check(password, "eva")


def test_what_is_no_text_is_refused_in_words() -> None:
    with pytest.raises(Invalid, match="valid Unicode text"):
        passwords.check("blue kettle \udcff sings", "eva")


def test_every_character_of_a_long_password_counts() -> None:
    long = "x" * 998 + "yz"
    stored = passwords.hash_of(long)

    assert passwords.matches(stored, long)
    assert not passwords.matches(stored, long + "!")
    assert not passwords.matches(stored, long[:-1])


@pytest.mark.parametrize("stored", [None, "", "!", "$argon2id$v=19$m=1"])
def test_where_there_is_no_hash_no_password_is_right(stored: str | None) -> None:
    assert not passwords.matches(stored, "a password that nobody has")
