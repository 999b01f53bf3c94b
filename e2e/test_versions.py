"""X34: an agent older or newer than its server by one protocol keeps everything, says so, and is delivered later."""

import pytest
from playwright.sync_api import Route

from e2e.desk import Desk
from e2e.recorded import Recorded

CASE = "CAS-1001"
SPOKEN = "protocol: 1,"


@pytest.mark.parametrize("protocol", [0, 2])
def test_x34_an_agent_of_another_protocol_keeps_everything_until_it_is_understood(
    ana: Desk, recorded: Recorded, protocol: int
) -> None:
    """The server closes its socket with 4400."""

    def of_another_version(route: Route) -> None:
        answer = route.fetch()
        assert SPOKEN in answer.text()
        changed = answer.text().replace(SPOKEN, f"protocol: {protocol},")
        route.fulfill(response=answer, headers={**answer.headers, "cache-control": "no-store"}, body=changed)

    ana.page.route("**/client/agent.js", of_another_version)
    ana.goes_to("/workspace")
    opened = ana.opens(CASE)
    ana.says(connection="refused", running=CASE, undelivered="2")
    ana["notes"].filter(has_text="The server does not take reports from this page: recording goes on").wait_for()
    assert ana["state"].inner_text().strip() == "Running"
    ana.stopwatch.passes(1)
    assert recorded.records() == []
    ana.page.unroute("**/client/agent.js")
    left = ana.goes_to("/workspace")
    returned = ana.does("sees the case again", lambda: ana.runs(CASE))
    closed = ana.closes(CASE)
    ana.stands("no-case")

    recorded.are(ana.worked(CASE, opened, left), ana.worked(CASE, returned, closed))
