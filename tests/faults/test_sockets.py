"""Sockets that are cut, doubled and late: what is on its way when it happens counts once."""

import json
import threading
from collections.abc import Callable

import pytest

from tests.faults.ledger import check
from tests.faults.world import Browser, FaultyServer, bring_until
from tests.outside_client import AgentSocket, Json
from tests.waiting import until

Start = Callable[..., FaultyServer]
Browse = Callable[..., Browser]


def hello(browser: Browser) -> Json:
    return {
        "type": "hello",
        "protocol": 1,
        "stream": browser.page.stream,
        "app": "workspace",
        "agent": "outside/1.0",
        "sent_at": browser.now(),
        "token": browser.token,
    }


def cut_after_nothing(browser: Browser, socket: AgentSocket) -> None:
    """The upgrade was all."""


def cut_after_hello(browser: Browser, socket: AgentSocket) -> None:
    socket.send(hello(browser))


def cut_after_welcome(browser: Browser, socket: AgentSocket) -> None:
    socket.hello(browser.token, stream=browser.page.stream)


def cut_after_half_a_report(browser: Browser, socket: AgentSocket) -> None:
    socket.hello(browser.token, stream=browser.page.stream)
    socket.send_first_bytes_of(json.dumps(browser.page.report()))


def cut_after_the_report(browser: Browser, socket: AgentSocket) -> None:
    socket.hello(browser.token, stream=browser.page.stream)
    socket.send(browser.page.report())


def cut_after_received(browser: Browser, socket: AgentSocket) -> None:
    cut_after_the_report(browser, socket)
    socket.next("received")


def cut_after_sync(browser: Browser, socket: AgentSocket) -> None:
    cut_after_the_report(browser, socket)
    socket.next("sync")


def cut_after_the_answer_to_sync(browser: Browser, socket: AgentSocket) -> None:
    cut_after_sync(browser, socket)
    browser.beat()
    socket.send(browser.page.report())


def cut_after_committed(browser: Browser, socket: AgentSocket) -> None:
    cut_after_the_report(browser, socket)
    socket.next("committed")


STEPS = [
    cut_after_nothing,
    cut_after_hello,
    cut_after_welcome,
    cut_after_half_a_report,
    cut_after_the_report,
    cut_after_received,
    cut_after_sync,
    cut_after_the_answer_to_sync,
    cut_after_committed,
]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_socket_cut_after_any_step_of_the_protocol(
    start: Start, browse: Browse, sqlite_url: str, restarts: bool
) -> None:
    """X1: what was heard before the cut is forgotten, as by a browser that lost power."""
    server = start(sqlite_url)
    browser = browse(server)
    for step in STEPS:
        browser.work(3)
        with AgentSocket(server.base_url) as socket:
            step(browser, socket)
        if restarts:
            server.restart(gracefully=False)
        browser.page.received = browser.page.committed
        browser.settle()
        check(sqlite_url, browser.account)
        browser.turn_page()


@pytest.mark.parametrize("ends", [False, True])
def test_a_socket_cut_between_the_commit_and_its_ack(
    start: Start, browse: Browse, database_url: str, ends: bool
) -> None:
    """X2: the welcome of the next socket says what the lost `committed` would have said."""
    server = start(database_url)
    browser = browse(server)
    browser.work(5)
    server.failpoint.arm("hold", "after COMMIT")
    bring_until(lambda: server.failpoint.fired, browser)
    assert browser.page.committed == 0
    browser.cut()
    if ends:
        server.restart(gracefully=False)
    else:
        server.failpoint.release()
        until(lambda: server.failpoint.phase == 0, what="the commit is over")
    browser.connect(browser.page)
    assert browser.page.committed == browser.page.newest - 1
    browser.work(3)
    browser.settle()
    check(database_url, browser.account)


def test_an_ack_that_is_lost_is_covered_by_the_next_one(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X3: a browser that never heard of the first commits forgets everything with the last one."""
    server = start(sqlite_url)
    browser = browse(server)
    with AgentSocket(server.base_url) as socket:
        socket.hello(browser.token, stream=browser.page.stream)
        for _ in range(3):
            browser.work(3)
            socket.send(browser.page.report())
            while (told := socket.next("committed"))["seq"] < browser.page.newest - 1:
                pass
        assert browser.page.committed == 0, "it heard of none of them"
        browser.page.hear(told)
    assert browser.is_settled
    check(sqlite_url, browser.account)


def test_two_sockets_with_the_same_stream_at_once(start: Start, browse: Browse, database_url: str) -> None:
    """X14: both deliver everything at the same moment, over and over; both hear what is committed."""
    server = start(database_url)
    browser = browse(server)
    with AgentSocket(server.base_url) as one, AgentSocket(server.base_url) as other:
        for socket in (one, other):
            socket.hello(browser.token, stream=browser.page.stream)
        for _ in range(5):
            browser.work(20)
            report = browser.page.report()
            at_once = threading.Barrier(2)

            def send(socket: AgentSocket, report: Json = report, at_once: threading.Barrier = at_once) -> None:
                at_once.wait()
                for _ in range(5):
                    socket.send(report)

            senders = [threading.Thread(target=send, args=(socket,)) for socket in (one, other)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            for socket in (one, other):
                while (told := socket.next("committed"))["seq"] < browser.page.newest - 1:
                    pass
            browser.page.hear(told)
    browser.settle()
    check(database_url, browser.account)


def test_late_frames_of_an_old_socket_after_the_new_hello(start: Start, browse: Browse, sqlite_url: str) -> None:
    """X15: an older report that was under way comes after newer ones; none of it counts again, nothing goes back."""
    server = start(sqlite_url)
    browser = browse(server)
    old = AgentSocket(server.base_url)
    old.hello(browser.token, stream=browser.page.stream)
    browser.work(5)
    late = browser.page.report()
    browser.work(5)
    browser.settle()
    with old:
        old.send(late)
        assert old.next("received")["seq"] == browser.page.newest
        old.send({**late, "events": late["events"][2:4]})
        assert old.next("received")["seq"] == browser.page.newest
    browser.work(2)
    browser.settle()
    check(sqlite_url, browser.account)
