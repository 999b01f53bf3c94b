"""Raw frames to a real server process: it lives on, answers no 5xx, logs no traceback, and disturbs nobody else."""

from collections.abc import Iterator

import pytest

from tests.hostile.wire_fuzz import EXPECTED_CODES, Torment
from tests.server_process import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("server"), demo=True) as process:
        process.token("ana")
        process.token("ben")
        yield process


@pytest.mark.parametrize("seed", [1, 2])
def test_frames_of_any_bytes_harm_nobody(server: ServerProcess, seed: int) -> None:
    """X8 to X13, X76: an agent beside them is answered each time, on the socket it began with."""
    torment = Torment(server, seed)
    torment.run(1_500)
    assert set(torment.codes) <= EXPECTED_CODES
    assert {1002, 1007} <= set(torment.codes)
    assert set(torment.statuses) <= {200, 400, 403, 409, 413}
    assert server.is_running
    assert "Traceback" not in server.log
    assert "unexpected error" not in server.log
