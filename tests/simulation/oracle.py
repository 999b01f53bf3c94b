"""What must be true of the simulated world, told by other means than the product's own.

The oracle knows what really happened on every page, which events each server process has taken, and what the database
has. After each commit it paints the time of a representative anew, by brute force over all instants at which anything
changes, and compares to the millisecond. Where clocks are wrong on purpose, instants cannot be known to the
millisecond: there it holds the whole history against the truth, with a margin.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from server.settings import TrackingSettings
from server.tracking import wire
from tests.simulation import truth
from tests.simulation.agent import attended
from tests.simulation.intervals import by_days, joined, length, subtract, union, widened, within
from tests.simulation.knowledge import Durable, Fact, Page, Segment, View
from tests.simulation.outbox import Log

if TYPE_CHECKING:
    from tests.simulation.agent import Agent
    from tests.simulation.server import SimulatedServer
    from tests.simulation.world import World

GAP_MS = 60_000
AGREE_MS = 2_000
SLEPT_MS = 6_000
WEEK_MS = 7 * 24 * 3_600_000
FOREVER = 2**62


class Violation(AssertionError):
    """The promise was broken."""


class Oracle:
    """Watches one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.durable = Durable()
        self.resolved: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.known_cases: set[str] = set()
        self.events = self.commits = self.credited_ms = self.difference_ms = 0
        self._views: dict[int, dict[str, View]] = defaultdict(dict)
        self._pages: dict[str, Page] = {}
        self._believed: dict[str, int] = {}
        self._idle_since: set[int] = set()
        self._settings: tuple[Any, dict[str, Any]] = (None, {})

    # -- what the pages and their storage tell

    def opened(self, agent: "Agent", log: Log) -> None:
        """A page begins a stream."""
        self._pages.setdefault(log.stream, Page(agent, log)).log = log

    def happened(self, log: Log, instant: int | None) -> None:
        """A page wrote its newest event down; it happened at this instant, or with the one before it."""
        event, page = log.events[-1], self._pages[log.stream]
        page.told.append(event)
        if instant is None:  # a page that is gone was sealed: that proves nothing, and need not arrive
            instant = page.instant_up_to(event["seq"], event["at"])
        else:
            page.recorded = max(page.recorded, event["seq"])
        page.instants[event["seq"], event["at"]] = instant
        self.events += 1

    def lost(self, stream: str, seqs: list[int]) -> None:
        """The storage of a browser lost these events, on purpose: they may never arrive."""
        self._pages[stream].lost.update(seqs)

    def sends(self, log: Log) -> None:
        """A report is on its way: were the page to die now, the storage would have what is in it."""
        if log.durable and log.sent > log.storage.written.get(log.stream, 0):
            raise Violation(f"{log.stream}: {log.sent} is sent before it is stored")

    def is_known(self, stream: str) -> bool:
        """Whether the database knows this stream and its clock."""
        return stream in self.durable.facts

    def delivered_by(self, stream: str) -> str | None:
        """From whom the servers have this stream, if they have."""
        believed = self._believed.get(stream)
        return next((name for name, number in self.world.ids.items() if number == believed), None)

    def forgets(self, log: Log, seq: int) -> None:
        """An agent was told that everything up to `seq` is durable, and forgets it."""
        fact = self.durable.facts.get(log.stream, Fact())
        row = self.world.query("SELECT committed_seq FROM stream_cursors WHERE stream = :stream", stream=log.stream)
        covered = min(fact.seq, row[0][0]) if row else 0
        if seq > covered:
            raise Violation(f"{log.stream}: told to forget up to {seq}, but the database covers {covered} only")
        if log.last is not None and seq >= log.seq and log.last["cause"] != "close":
            raise Violation(f"{log.stream}: told to forget {seq}, from which the next event is numbered")
        page = self._pages[log.stream]
        if self.world.plan.is_exact and not fact.closed and not {seq, seq + 1} & page.lost:
            behind = next((event["at"] for event in reversed(page.told) if event["seq"] == seq + 1), 0)
            if seq and behind > fact.settled:
                raise Violation(f"{log.stream}: told to forget {seq}, the time behind which may still turn out idle")
        page.forgotten = max(page.forgotten, seq)

    def asked_again(self, log: Log, expected: int) -> None:
        """An agent was asked to send again from `expected`."""
        page = self._pages[log.stream]
        if expected <= page.forgotten and expected not in page.lost:
            raise Violation(f"{log.stream}: asked for {expected} again, which was acknowledged for good")

    # -- what a server takes

    def took(
        self,
        server: "SimulatedServer",
        report: wire.Report,
        representative: int,
        answers: list[dict[str, Any]],
    ) -> None:
        """A server has answered a report; what it must have made of it follows from the rules alone."""
        codes = {answer.get("code") for answer in answers}
        owner = self._owner(report.stream, representative)
        if ("not_yours" in codes) != (owner != representative):
            raise Violation(f"{report.stream} of {owner} was taken from {representative} with {codes}")
        if "not_yours" in codes:
            return
        if "rate_limited" in codes:
            self.world.weather.counts["rate limited"] += 1
            return
        settings = self._in_force(server)
        if settings["create_unknown_cases"]:
            self.known_cases |= {ref for event in report.events for ref in _refs(event)}
        view = self._view(server, report.stream)
        events = sorted({event.seq: event for event in reversed(report.events)}.items())
        first = min(report.first, events[0][0]) if events else report.first
        last = view.last
        fresh = [event for seq, event in events if seq > last.seq]
        expected = max(last.seq + 1, first)
        if fresh and [event.seq for event in fresh] != list(range(expected, expected + len(fresh))):
            if "gap" not in codes:
                raise Violation(f"{report.stream}: a hole at {expected} was not noticed")
            return
        if "gap" in codes:
            raise Violation(f"{report.stream}: a gap was seen where there is none ({expected})")
        hole = (last.seq + 1, first - 1) if first > last.seq + 1 else None
        is_told_again = hole is None and not fresh and events
        if is_told_again and events[-1][1].cause == "close" and _received(answers) == last.seq:
            self._close(view, report.stream, events[-1][0])
        if hole is not None:
            self._check_hole(report.stream, *hole)
            after = last._replace(seq=hole[1], case=None, settled=last.instant, proves=False, closed=False)
            view.steps.append((after, _segments(last, last.instant, report.stream), hole))
        for event in fresh:
            view.steps.append((*self._step(view.last, event, report.stream, settings), None))

    def _step(self, last: Fact, event: Any, stream: str, settings: dict[str, Any]) -> tuple[Fact, tuple[Segment, ...]]:
        now, page = self.world.timeline.now, self._pages[stream]
        true = event.at if self.world.plan.is_exact else page.instants[event.seq, event.at]
        instant = max(last.instant, min(true, now))
        facts = {name: _told(getattr(event, name)) for name in ("session", "app_tab", "form")}
        for name in ("visible", "focused", "locked", "idle"):
            facts[name] = getattr(event, name)
        case = attended(page.log.app or "", settings, facts)
        if case not in self.known_cases or instant < now - WEEK_MS or within(instant, self.world.pauses):
            case = None
        proven = (
            last.proves
            and event.at - last.at <= GAP_MS
            and abs((event.at - last.at) - (event.mono - last.mono)) <= AGREE_MS
        )
        goes_on = proven and case == last.case
        began = last.began if goes_on else instant
        counts_up_to = instant if proven else last.instant
        if proven and event.quiet is not None and not settings["count_idle"] and (goes_on or event.idle):
            counts_up_to = max(last.settled, instant - event.quiet)
            self._idle_since |= {counts_up_to} if event.idle else set()
        settled = counts_up_to if goes_on and case is not None else instant
        closed = event.cause == "close"
        fact = Fact(event.seq, event.at, event.mono, instant, settled, case, began, True, closed)
        return fact, _segments(last, counts_up_to, stream)

    def _owner(self, stream: str, representative: int) -> int:
        """Whose a stream is: of whom its log tells; else of who delivers it first."""
        username = self._pages[stream].log.owner
        if username is not None:
            self._believed[stream] = self.world.ids[username]
        return self._believed.setdefault(stream, representative)

    def _in_force(self, server: "SimulatedServer") -> dict[str, Any]:
        """The settings that decide what an event attends; whether tracking is on, is told by the pauses."""
        if self._settings[0] is not server.tracking.settings.value:
            self._settings = (
                server.tracking.settings.value,
                server.tracking.settings.value.as_dict() | {"enabled": True},
            )
        return self._settings[1]

    def _close(self, view: View, stream: str, seq: int) -> None:
        """A browser that lost its last writes ends the stream with a number that was taken.

        A process that does not know yet how far another one got forgets this with all that it has of the stream.
        """
        last = view.last
        after = last._replace(settled=last.instant, closed=last.closed or seq == last.seq)
        if after != last:
            view.steps.append((after, _segments(last, last.instant, stream), None))

    def _check_hole(self, stream: str, first: int, last: int) -> None:
        missing = [seq for seq in range(first, last + 1) if seq not in self._pages[stream].lost]
        if missing:
            raise Violation(f"{stream}: the server counts {missing[:5]} as lost, but nobody lost them")

    # -- what a commit did

    def committed(self, server: "SimulatedServer", representatives: list[int], *, failed: bool) -> None:
        """A commit of these representatives has ended, well or not: the database tells which, for each of them."""
        self.commits += 1
        rows = self._new_rows()
        for representative in representatives:
            own = rows.pop(representative, [])
            views = {
                stream: view
                for stream, view in self._views[server.number].items()
                if self._believed[stream] == representative and view.steps
            }
            segments = self._settle(representative, views)
            if segments is None and views and not failed and server.is_current:
                raise Violation(f"a commit of {representative} was neither done nor failed")
            if self.world.plan.is_exact:
                painted = self._paint(representative, segments or [])
                if joined(own) != painted:
                    raise Violation(f"credited {joined(own)} instead of {painted}")
            for start, end, case in own:
                self._credit(representative, start, end, case)
        if rows:
            raise Violation(f"records of representatives {sorted(rows)} that were not committed")
        self._check_totals(representatives)

    def _settle(self, representative: int, views: dict[str, View]) -> list[Segment] | None:
        """Move what the database has now out of the views; its proven time, or None if no cursor has moved."""
        names = {f"s{place}": stream for place, stream in enumerate(views)}
        if not names:
            return None
        rows = self.world.query(
            "SELECT stream, applied_seq, updated_at FROM stream_cursors"
            f" WHERE stream IN ({','.join(':' + name for name in names)})",
            **names,
        )
        segments: list[Segment] = []
        moved = False
        for stream, seq, updated_at in rows:
            if self.durable.rows.get(stream) == (seq, updated_at):
                continue
            view = views[stream]
            covered = [step for step in view.steps if step[0].seq <= seq]
            if not covered and not self.world.plan.is_exact and self.durable.facts.get(stream, Fact()).seq == seq:
                self.durable.rows[stream] = (seq, updated_at)  # by a process that reckoned its instant to be later
                continue
            if not covered or covered[-1][0].seq != seq:
                raise Violation(f"{stream}: the cursor says {seq}, which nobody has delivered")
            moved = True
            segments += [segment for _, proven, _ in covered for segment in proven]
            self.durable.holes += [(stream, *hole) for _, _, hole in covered if hole is not None]
            self.durable.facts[stream], self.durable.rows[stream] = covered[-1][0], (seq, updated_at)
            for each in self._views.values():
                if stream in each:
                    each[stream].settle(covered[-1][0])
        self.durable.history[representative] += segments
        return segments if moved else None

    def _paint(self, representative: int, segments: list[Segment]) -> list[tuple[int, int, str]]:
        """Who has each stretch of time: the claim that began last, of those that count, where nothing is taken."""
        if not segments:
            return []
        low, high = min(each.start for each in segments), max(each.end for each in segments)
        taken = self._taken(representative, low, high)
        cuts = [cut for each in {segment.case for segment in segments} for cut in self.resolved[each]]
        instants = {low, high}
        for start, end, *_ in [*segments, *taken, *cuts, *self.world.pauses]:
            instants |= {start, end}
        ordered = sorted(instant for instant in instants if low <= instant <= high)
        coming = sorted(segments)
        holding: list[Segment] = []
        place, painted = 0, []
        for start, end in pairwise(ordered):
            while place < len(coming) and coming[place].start <= start:
                holding.append(coming[place])
                place += 1
            holding = [each for each in holding if each.end > start]
            if within(start, taken) or within(start, self.world.pauses):
                continue
            open_ones = [each for each in holding if not within(start, self.resolved[each.case])]
            if open_ones:
                winner = max(open_ones, key=lambda each: (each.began, each.stream))
                painted.append((start, end, winner.case))
        return joined(painted)

    def _taken(self, representative: int, low: int, high: int) -> list[tuple[int, int, str]]:
        spans = self.durable.credited[representative]
        return spans[max(0, bisect_left(spans, (low,)) - 1) : bisect_left(spans, (high,))]

    def _credit(self, representative: int, start: int, end: int, case: str) -> None:
        spans = self.durable.credited[representative]
        if start >= end:
            raise Violation(f"an empty record of {representative} at {start}")
        place = bisect_left(spans, (start, end, case))
        if (place and spans[place - 1][1] > start) or (place < len(spans) and spans[place][0] < end):
            raise Violation(f"overlapping records of {representative} at {start}")
        insort(spans, (start, end, case))
        self.durable.totals[representative, case] += end - start
        self.credited_ms += end - start

    def _new_rows(self) -> dict[int, list[tuple[int, int, str]]]:
        rows: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
        for number, representative, start, end, case in self.world.query(
            "SELECT r.id, representative_id, started_at, ended_at, ref FROM tracker_records r JOIN cases c"
            " ON c.id = case_id WHERE r.id > :last ORDER BY started_at",
            last=self.durable.last_record,
        ):
            rows[representative].append((start, end, case))
            self.durable.last_record = max(self.durable.last_record, number)
        return rows

    def _check_totals(self, representatives: list[int]) -> None:
        for representative in representatives:
            found = self.world.query(
                "SELECT ref, automatic_ms FROM case_totals JOIN cases c ON c.id = case_id"
                " WHERE representative_id = :one AND automatic_ms > 0",
                one=representative,
            )
            expected = {case: ms for (one, case), ms in self.durable.totals.items() if one == representative and ms}
            if dict(found) != expected:
                raise Violation(f"totals of {representative} are {dict(found)} instead of {expected}")

    # -- the life of servers and the database

    def forgets_server(self, number: int) -> None:
        """A process is gone, and what it knew beyond the database with it."""
        for stream in self._views.pop(number, {}):
            if stream not in self.durable.facts and not any(stream in views for views in self._views.values()):
                del self._believed[stream]

    def taken(self, server: "SimulatedServer") -> dict[str, int]:
        """How far a server has taken each stream."""
        return {stream: view.last.seq for stream, view in self._views[server.number].items()}

    def stopped(self, server: "SimulatedServer", taken: dict[str, int]) -> None:
        """A server that ends gracefully has done its last commit: it leaves nothing of what it had taken before."""
        left = [stream for stream, seq in taken.items() if seq > self.durable.facts.get(stream, Fact()).seq]
        if left and server.is_current:
            raise Violation(f"a server stopped without {left[:5]}")

    def restored(self, durable: Durable) -> None:
        """The database is an older one again: what agents have forgotten meanwhile is lost."""
        self.durable = durable
        self._views.clear()
        self._believed = {stream: owner for stream, owner in self._believed.items() if stream in durable.facts}
        for stream, page in self._pages.items():
            there = durable.facts.get(stream, Fact()).seq
            page.lost.update(range(there + 1, page.forgotten + 1))
            page.forgotten = min(page.forgotten, there)

    def _view(self, server: "SimulatedServer", stream: str) -> View:
        views = self._views[server.number]
        view = views.get(stream)
        if view is None:
            view = views[stream] = View(self.durable.facts.get(stream, Fact()))
        return view

    # -- when all is delivered

    def finish(self) -> None:
        """Nothing is lost, nothing doubled, nothing invented, in the whole history."""
        for stream, page in self._pages.items():
            known = self.durable.facts.get(stream, Fact()).seq
            missing = [each for each in range(known + 1, page.recorded + 1) if each not in page.lost]
            if missing:
                raise Violation(f"{stream}: {missing[:5]} never reached the database")
        self._check_loss_rows()
        for representative in self.world.ids.values():
            self._check_history(representative)
        self._check_totals(list(self.world.ids.values()))
        self._check_days()

    def _check_days(self) -> None:
        found = self.world.query(
            "SELECT representative_id, ref, day, automatic_ms FROM daily_totals JOIN cases c ON c.id = case_id"
            " WHERE automatic_ms > 0"
        )
        expected: dict[tuple[int, str, str], int] = defaultdict(int)
        for representative, spans in self.durable.credited.items():
            zone = self.world.zones[representative]
            for start, end, case in spans:
                for day, ms in by_days(start, end, zone):
                    expected[representative, case, day] += ms
        if {(one, case, day): ms for one, case, day, ms in found} != expected:
            raise Violation("the totals by day are not those of the records by the days of the representatives")

    def _check_sleep(self, segments: list[Segment]) -> None:
        """No page proves time in which its computer slept, but for a moment; or up to the gap, if it never tells."""
        for segment in segments:
            browser = self._pages[segment.stream].agent.browser
            most = SLEPT_MS if browser.tells_suspend else GAP_MS
            for start, end in browser.computer.slept:
                if min(end, segment.end) - max(start, segment.start) > most:
                    raise Violation(f"{segment} holds the sleep from {start} to {end}")

    def _check_truth(self, history: list[Segment]) -> None:
        """No page proves other time than it lived, where the settings stayed as they were."""
        if "settings changed" in self.world.weather.counts:
            return
        settings = TrackingSettings().as_dict()
        wrong = truth.differences(
            self._pages, history, settings=settings, known_cases=self.known_cases, pauses=self.world.pauses
        )
        if wrong:
            raise Violation(f"other time than was lived: {wrong[:3]}")

    def _check_loss_rows(self) -> None:
        rows = self.world.query("SELECT stream, first_seq, last_seq FROM stream_losses")
        if sorted(tuple(row) for row in rows) != sorted(self.durable.holes):
            raise Violation("the rows of losses are not the losses")

    def _check_history(self, representative: int) -> None:
        if self.world.plan.is_exact:
            self._check_sleep(self.durable.history[representative])
            self._check_truth(self.durable.history[representative])
        cuts = {case: union([*self.resolved[case], *self.world.pauses]) for case in self.known_cases}
        proven = union(
            [
                part
                for segment in self.durable.history[representative]
                for part in subtract([(segment.start, segment.end)], cuts[segment.case])
            ]
        )
        credited = union([(start, end) for start, end, _ in self.durable.credited[representative]])
        margin, unsure = 0, []
        if not self.world.plan.is_exact:  # beside the edge of a pause an event may count, with all up to the next one
            margin = self.world.margin_ms
            edges = [(edge, edge) for pause in self.world.pauses for edge in pause]
            last_inputs = [(each, each) for each in self._idle_since]
            unsure = union([*widened(edges, GAP_MS), *widened(last_inputs, margin)])
        invented = subtract(credited, union([*widened(proven, margin), *unsure]))
        lost = subtract(proven, union([*widened(credited, margin), *unsure]))
        if invented or lost:
            raise Violation(f"of {representative}: invented {invented[:3]}, lost {lost[:3]}")
        self.difference_ms = max(self.difference_ms, abs(length(credited) - length(proven)))


def _segments(last: Fact, until: int, stream: str) -> tuple[Segment, ...]:
    """What a stream proves by the next event, which may also tell what the time before was."""
    if last.case is None or last.settled >= until:
        return ()
    return (Segment(last.settled, until, last.case, last.began, stream),)


def _received(answers: list[dict[str, Any]]) -> int | None:
    return next((answer["seq"] for answer in answers if answer["type"] == "received"), None)


def _refs(event: Any) -> set[str]:
    return {tab.case for tab in (event.session, event.app_tab) if tab is not None and tab.case is not None}


def _told(struct: Any) -> dict[str, Any] | None:
    return None if struct is None else {name: getattr(struct, name) for name in struct.__struct_fields__}
