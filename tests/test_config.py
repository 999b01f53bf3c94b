"""The environment: what is read from it, and what is said when it is wrong."""

import os
import stat
from pathlib import Path

import pytest

from server.config import ConfigError, Limits, from_environment


def _env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"CASECLOCK_DATA_DIR": str(tmp_path / "var"), **more}


def test_nothing_need_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    config = from_environment({})

    assert (config.host, config.port, config.seconds_per_minute, config.demo) == ("127.0.0.1", 8000, 60.0, False)
    assert config.data_dir == tmp_path / "var"
    assert config.database_url == f"sqlite:///{tmp_path}/var/caseclock.sqlite3"
    assert config.allowed_origins == frozenset()
    assert config.limits == Limits()


def test_what_is_empty_counts_as_not_set(tmp_path: Path) -> None:
    names = (
        "LOG_FORMAT",
        "LOG_LEVEL",
        "METRICS_TOKEN",
        "HOST",
        "PORT",
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "ALLOWED_ORIGINS",
        "SECONDS_PER_MINUTE",
    )

    config = from_environment(_env(tmp_path, **{f"CASECLOCK_{name}": "" for name in names}))

    assert (config.host, config.port) == ("127.0.0.1", 8000)
    assert (config.log_format, config.log_level, config.metrics_token) == ("text", "info", None)


def test_everything_can_be_set(tmp_path: Path) -> None:
    config = from_environment(
        _env(
            tmp_path,
            CASECLOCK_HOST="::",
            CASECLOCK_PORT="0",
            CASECLOCK_DATABASE_URL="postgresql://user@db/caseclock",
            CASECLOCK_SECRET_KEY="s" * 40,
            CASECLOCK_ALLOWED_ORIGINS="https://Desk.example, http://localhost:3000/",
            CASECLOCK_SECONDS_PER_MINUTE="0.5",
        ),
        demo=True,
    )

    assert (config.host, config.port, config.seconds_per_minute, config.demo) == ("::", 0, 0.5, True)
    assert config.database_url == "postgresql://user@db/caseclock"
    assert config.secret_key == "s" * 40
    assert config.allowed_origins == {"https://desk.example", "http://localhost:3000"}
    assert not (tmp_path / "var" / "secret_key").exists()


def test_a_secret_key_is_made_once_and_kept_from_other_people(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        first = from_environment(_env(tmp_path)).secret_key
    finally:
        os.umask(old)

    path = tmp_path / "var" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first) >= 43
    assert from_environment(_env(tmp_path)).secret_key == first
    assert from_environment(_env(tmp_path / "other")).secret_key != first


@pytest.mark.parametrize("held", [b"", b"short", b" \n" * 40, b"\xff" * 64])
def test_a_key_file_that_holds_no_key_is_an_error_not_a_weak_key(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secret_key").write_bytes(held)

    with pytest.raises(ConfigError, match="CASECLOCK_SECRET_KEY"):
        from_environment(_env(tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "http", "from 0 to 65535"),
        ("PORT", "65536", "from 0 to 65535"),
        ("PORT", "-1", "from 0 to 65535"),
        ("PORT", "8000.5", "from 0 to 65535"),
        ("SECONDS_PER_MINUTE", "0", "from 0.01 to 60"),
        ("SECONDS_PER_MINUTE", "61", "from 0.01 to 60"),
        ("SECONDS_PER_MINUTE", "nan", "from 0.01 to 60"),
        ("SECONDS_PER_MINUTE", "inf", "from 0.01 to 60"),
        ("SECONDS_PER_MINUTE", "fast", "from 0.01 to 60"),
        ("ALLOWED_ORIGINS", "*", "https://desk.example"),
        ("ALLOWED_ORIGINS", "null", "https://desk.example"),
        ("ALLOWED_ORIGINS", "desk.example", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://desk.example/path", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://desk.example?x", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://desk.example#x", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://user@desk.example", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://desk.example:port", "https://desk.example"),
        ("ALLOWED_ORIGINS", "http://[::1", "https://desk.example"),
        ("ALLOWED_ORIGINS", "ftp://desk.example", "https://desk.example"),
        ("ALLOWED_ORIGINS", "https://good.example javascript:alert(1)", "https://desk.example"),
        ("DATABASE_URL", "nonsense", "sqlite:///"),
        ("DATABASE_URL", "mysql://db/x", "postgresql://"),
        ("DATABASE_URL", "postgres://db/x", "postgresql://"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("METRICS_TOKEN", "short", "16"),
        ("METRICS_TOKEN", "sixteen characters", "no blanks"),
    ],
)
def test_a_bad_value_is_an_error_that_says_what_to_write(tmp_path: Path, name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment(_env(tmp_path, **{f"CASECLOCK_{name}": value}))

    assert f"CASECLOCK_{name}" in str(caught.value)
    assert says in str(caught.value)


def test_the_password_in_a_bad_database_url_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        from_environment(_env(tmp_path, CASECLOCK_DATABASE_URL="mysql://user:hunter2@db/x"))

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://desk.example:443", "https://desk.example"),
        ("http://desk.example:80", "http://desk.example"),
        ("https://desk.example:80", "https://desk.example:80"),
        ("HTTPS://DESK.example/", "https://desk.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(tmp_path: Path, written: str, meant: str) -> None:
    config = from_environment(_env(tmp_path, CASECLOCK_ALLOWED_ORIGINS=written))

    assert config.allowed_origins == {meant}


def test_a_data_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for place in (tmp_path / "file", tmp_path / "file" / "var"):
        with pytest.raises(ConfigError, match="CASECLOCK_DATA_DIR"):
            from_environment({"CASECLOCK_DATA_DIR": str(place)})


def test_a_redis_that_would_not_be_used_is_refused_rather_than_passed_over(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="CASECLOCK_REDIS_URL"):
        from_environment(_env(tmp_path, CASECLOCK_REDIS_URL="redis://localhost"))
