"""Settings from outside: accepted forms, and one clear line for everything else."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config import env


def read(tmp_path: Path, **given: str) -> env.Env:
    return env.read({"DATA_DIR": str(tmp_path), **given})


def test_an_empty_environment_gives_a_desk_on_loopback_with_sqlite_and_its_own_valkey(tmp_path):
    desk = read(tmp_path)
    assert (desk.host, desk.port, desk.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert desk.database["ENGINE"] == "django.db.backends.sqlite3"
    assert desk.database["NAME"] == f"{tmp_path}/parley.sqlite3"
    assert desk.is_redis_embedded
    assert not desk.debug
    assert desk.demo == "0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "not a host"),
        ("PORT", "0"),
        ("PORT", "eighty"),
        ("PORT", "65536"),
        ("PORT", "²"),
        ("PUBLIC_URL", "desk.example"),
        ("PUBLIC_URL", "ftp://desk.example"),
        ("PUBLIC_URL", "https://desk.example/help"),
        ("PUBLIC_URL", "https://user@desk.example"),
        ("PUBLIC_URL", "https://desk.example:port"),
        ("PUBLIC_URL", "https://[::1"),
        ("ALLOWED_HOSTS", "desk example"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("OUTBOUND_ALLOW_HOSTS", "http://host"),
        ("OUTBOUND_ALLOW_HOSTS", "host:99999"),
        ("DATABASE_URL", "mysql://localhost/parley"),
        ("DATABASE_URL", "postgres://localhost"),
        ("DATABASE_URL", "postgres://localhost:port/parley"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://localhost:port/0"),
        ("REDIS_PREFIX", "a b"),
        ("SECRET_KEY", "short"),
        ("FIELD_ENCRYPTION_KEYS", "not-a-key"),
        ("FIELD_ENCRYPTION_KEYS", ","),
        ("DEBUG", "yes"),
        ("DEMO", "2"),
        ("MAIL_URL", "mail.example"),
        ("MAIL_URL", "smtp://mail.example:port"),
        ("MAIL_FROM", "desk"),
        ("MAIL_FROM", "Desk <desk@example.com>\nBcc: eve@example.com"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_stops_the_start_with_its_name_and_the_accepted_form(tmp_path, name, value):
    with pytest.raises(env.WrongSetting) as stopped:
        read(tmp_path, **{name: value})
    line = str(stopped.value)
    assert line.startswith(f"{name}: expected ")
    assert "\n" not in line


def test_a_wrong_demo_password_is_named_only_on_a_demo_desk(tmp_path):
    assert read(tmp_path, DEMO_PASSWORD="short").demo_password == ""
    with pytest.raises(env.WrongSetting, match="^DEMO_PASSWORD: expected at least 8 characters$"):
        read(tmp_path, DEMO="1", DEMO_PASSWORD="short")


def test_a_wrong_value_ends_a_command_with_one_line_on_stderr(tmp_path):
    done = subprocess.run(
        [sys.executable, env.ROOT / "manage.py", "check"],
        env={"DATA_DIR": str(tmp_path), "PORT": "none", "ENV_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "PORT: expected a port number from 1 to 65535\n"


def test_every_variable_can_come_from_a_file(tmp_path):
    (tmp_path / "url").write_text("https://desk.example\n")
    assert (
        read(tmp_path, PUBLIC_URL_FILE=str(tmp_path / "url")).public_url == "https://desk.example"
    )


def test_a_value_given_twice_or_in_no_readable_file_names_itself(tmp_path):
    with pytest.raises(env.WrongSetting, match="PORT and PORT_FILE"):
        read(tmp_path, PORT="1", PORT_FILE="/dev/null")
    with pytest.raises(env.WrongSetting, match="^PORT_FILE: expected the path"):
        read(tmp_path, PORT_FILE=str(tmp_path / "missing"))


def test_a_data_dir_that_cannot_be_made_names_itself(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(env.WrongSetting, match="^DATA_DIR: expected a folder"):
        env.read({"DATA_DIR": str(tmp_path / "file" / "below")})


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path):
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_key == second.secret_key
    assert first.field_encryption_keys == second.field_encryption_keys
    assert read(tmp_path, DEMO="1").demo_password == read(tmp_path, DEMO="1").demo_password
    for name in ("secret_key", "field_encryption_keys", "demo_password"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.new")) == []


def test_two_processes_that_start_together_end_with_one_key(tmp_path):
    code = f"from config import env; print(env.read({{'DATA_DIR': {str(tmp_path)!r}}}).secret_key)"
    running = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in running}) == 1


def test_secrets_are_not_in_the_repr(tmp_path):
    desk = read(
        tmp_path,
        SECRET_KEY="canary" * 8,
        DATABASE_URL="postgres://u:canary@localhost/desk",
        REDIS_URL="redis://:canary@localhost/0",
        MAIL_URL="smtps://u:canary@mail.example",
    )
    assert "canary" not in repr(desk)


def test_a_socket_path_that_would_be_too_long_gets_a_short_private_folder(tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    path = Path(read(deep, DATA_DIR=str(deep)).redis_url.removeprefix("unix://"))
    assert len(str(path)) <= env.LONGEST_SOCKET_PATH
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.rmdir()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    path = Path(read(deep, DATA_DIR=str(deep)).redis_url.removeprefix("unix://"))
    path.parent.rmdir()
    path.parent.symlink_to(tmp_path)
    with pytest.raises(env.WrongSetting, match="^DATA_DIR: expected a shorter path"):
        read(deep, DATA_DIR=str(deep))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://me%40x:p%3Aw@mail.example", ("mail.example", 465, "me@x", "p:w", True, False)),
        ("smtp://mail.example", ("mail.example", 587, "", "", False, True)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
    ],
)
def test_mail_leaves_this_machine_only_under_tls(tmp_path, url, expected):
    options = read(tmp_path, MAIL_URL=url).mailer["OPTIONS"]
    names = ("host", "port", "username", "password", "use_ssl", "use_tls")
    assert tuple(options[name] for name in names) == expected


def test_the_public_address_names_the_allowed_hosts(tmp_path):
    desk = read(tmp_path, PUBLIC_URL="https://Desk.example:443/")
    assert desk.public_url == "https://desk.example"
    assert desk.allowed_hosts == ["desk.example", "localhost", "127.0.0.1", "[::1]"]


def test_what_stands_in_the_env_file_counts_unless_the_environment_says_otherwise(tmp_path):
    (tmp_path / "env").write_text("PORT=8101\nLOG_FORMAT=json\n")
    code = "from config import env; desk = env.read(); print(desk.port, desk.log_format)"
    given = {"DATA_DIR": str(tmp_path), "ENV_FILE": str(tmp_path / "env"), "PORT": "8102"}
    said = subprocess.check_output([sys.executable, "-c", code], env=given, text=True)
    assert said == "8102 json\n"
