"""The rules that are broken on purpose, one replacement of text each. `mutants` runs them."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A rule, and how it is broken: `old`, which stands in the file exactly once, becomes `new`."""

    name: str
    rule: str
    file: str
    old: str
    new: str


_TRACKING = "server/tracking/"
_MODEL = "tests/simulation/"

_WIRE = [
    Mutation(
        "acknowledged on receipt", "committed is said of what the database has, not of what arrived",
        _TRACKING + "intake.py",
        """    if entry.committed_seq and report.first <= entry.committed_seq:
        answers.append({"type": "committed", "stream": stream, "seq": entry.committed_seq})""",
        """    answers.append({"type": "committed", "stream": stream, "seq": entry.state.applied})""",
    ),
    Mutation(
        "newest event covered", "the newest event of a living page is never acknowledged for good",
        _TRACKING + "claims.py",
        """            committable = event.seq - 1
        elif""",
        """            committable = event.seq
        elif""",
    ),
    Mutation(
        "last event never covered", "the last event of a page that is gone is acknowledged too",
        _TRACKING + "claims.py",
        """            committable = event.seq
        elif""",
        """            committable = event.seq - 1
        elif""",
    ),
    Mutation(
        "input settles its own event", "an event is acknowledged once the time up to the next one is settled",
        _TRACKING + "claims.py",
        "committable = max(committable, event.seq - 2)",
        "committable = event.seq - 1",
    ),
    Mutation(
        "acknowledged before it is settled", "what may still turn out to be idle is not acknowledged for good",
        _TRACKING + "claims.py",
        "elif held.ended >= instant:",
        "else:",
    ),
    Mutation(
        "hole accepted", "a hole that the browser can fill is answered with gap",
        _TRACKING + "claims.py",
        "            return Placed((), None, expected, event.seq)",
        "            expected = event.seq",
    ),
    Mutation(
        "applied again", "an event that was applied is skipped",
        _TRACKING + "claims.py",
        "fresh = events if events and events[0].seq > applied else [event for event in events if event.seq > applied]",
        "fresh, applied = events, min(applied, events[0].seq - 1 if events else applied)",
    ),
    Mutation(
        "applied out of order", "events apply in the order of their numbers",
        _TRACKING + "claims.py",
        "return Placed(fresh, lost)",
        "return Placed(fresh[::-1], lost)",
    ),
    Mutation(
        "owner of a report ignored", "events are taken from their owner only, whoever is signed in when they come",
        _TRACKING + "intake.py",
        "if report.owner not in (None, username):",
        "if report is None:",
    ),
    Mutation(
        "app of an orphan ignored", "a stream that another page delivers keeps the app it was recorded in",
        _TRACKING + "wire.py",
        "report.sent_at, events, report.app, report.owner)",
        "report.sent_at, events, None, report.owner)",
    ),
]  # fmt: skip

_FOLD = [
    Mutation(
        "counted across a loss", "nothing counts across a hole that nobody can fill",
        _TRACKING + "claims.py",
        "return after, claims",
        "return replace(after, open_claim=state.open_claim, proves=state.proves), []",
    ),
    Mutation(
        "no gap rule", "time between two events counts only if they are near each other",
        _TRACKING + "wire.py",
        "MAX_GAP_S = 60",
        "MAX_GAP_S = 60_000",
    ),
    Mutation(
        "clocks may disagree", "time counts only if both clocks agree on it",
        _TRACKING + "claims.py",
        "proven = proves and not jump and is_near",
        "proven = proves and is_near",
    ),
    Mutation(
        "a beat begins a claim", "a beat prolongs a claim and does not begin a new one",
        _TRACKING + "claims.py",
        "if held is not None and held.case == case:",
        'if held is not None and held.case == case and event.cause != "beat":',
    ),
    Mutation(
        "unknown case counted", "time on a case that does not exist does not count",
        _TRACKING + "claims.py",
        "if case in bounds.unknown_cases:",
        "if case is None:",
    ),
    Mutation(
        "travel taken for offset", "travel of up to two seconds moves no instant",
        _TRACKING + "clock_offset.py",
        "seen = 0 if 0 <= lag <= TOLERANCE_MS else lag",
        "seen = lag",
    ),
    Mutation(
        "hidden counted", "a hidden page gives no time",
        _TRACKING + "attention.py",
        "if not snapshot.visible or not snapshot.focused or snapshot.locked:",
        "if not snapshot.focused or snapshot.locked:",
    ),
    Mutation(
        "unfocused counted", "a page without focus gives no time",
        _TRACKING + "attention.py",
        "if not snapshot.visible or not snapshot.focused or snapshot.locked:",
        "if not snapshot.visible or snapshot.locked:",
    ),
    Mutation(
        "locked counted", "a locked screen gives no time",
        _TRACKING + "attention.py",
        "if not snapshot.visible or not snapshot.focused or snapshot.locked:",
        "if not snapshot.visible or not snapshot.focused:",
    ),
    Mutation(
        "idle ignored", "idle time counts or not, as the settings say",
        _TRACKING + "attention.py",
        "if snapshot.idle and not policy.count_idle:",
        "if snapshot.idle and policy.count_idle:",
    ),
    Mutation(
        "idle from when it is noticed", "who is idle is so from the last input on",
        _TRACKING + "claims.py",
        "_end(held, claims, ended=max(held.ended, last_input), ended_by=IDLE)",
        "_end(held, claims, ended=now, ended_by=IDLE)",
    ),
    Mutation(
        "provisional time committed", "time behind the last input is not committed before it is settled",
        _TRACKING + "claims.py",
        "held = replace(held, ended=max(held.ended, last_input))",
        "held = replace(held, ended=now)",
    ),
    Mutation(
        "settled by the newest input alone", "an event that tells of an older input unsettles nothing",
        _TRACKING + "claims.py",
        "held = replace(held, ended=max(held.ended, last_input))",
        "held = replace(held, ended=max(held.started, last_input))",
    ),
    Mutation(
        "provisional time lost with the focus", "whatever ends attention but idleness settles all that was before",
        _TRACKING + "claims.py",
        "_end(held, claims, ended=now, ended_by=event.cause)",
        "_end(held, claims, ended=max(held.ended, last_input) if held else now, ended_by=event.cause)",
    ),
    Mutation(
        "provisional time lost with events", "at a hole what was provisional counts up to the last proof",
        _TRACKING + "claims.py",
        "_end(state.open_claim, claims, ended=state.instant, ended_by=GAP)",
        "_end(state.open_claim, claims, ended=state.settled, ended_by=GAP)",
    ),
    Mutation(
        "provisional time lost with the page", "an end that was told with a number already known settles all too",
        _TRACKING + "live_store.py",
        "        state = settle(self.state)\n",
        "        state = self.state\n",
    ),
    Mutation(
        "input asked for where idle counts", "where idle time counts it does not matter when the last input was",
        _TRACKING + "claims.py",
        "if event.quiet is None or policy.count_idle else",
        "if event.quiet is None else",
    ),
    Mutation(
        "inbox counted", "an inbox session counts only where the settings say so",
        _TRACKING + "attention.py",
        'if session is None or (session.kind == "inbox" and not policy.track_inbox):',
        "if session is None:",
    ),
    Mutation(
        "untracked form counted", "a form that is not tracked gives no time",
        _TRACKING + "attention.py",
        "if form is not None and not form.tracked:",
        "if form is not None and not form.tracked and form.widget:",
    ),
    Mutation(
        "hub without widget counted", "in the hub only a form with a widget gives time",
        _TRACKING + "attention.py",
        "(form is None or not form.widget)",
        "form is None",
    ),
    Mutation(
        "case of an app tab ignored", "an app tab that shows another case takes the clock",
        _TRACKING + "attention.py",
        "return snapshot.app_tab.case",
        "return session.case",
    ),
]  # fmt: skip

_ATTRIBUTION = [
    Mutation(
        "oldest claim wins", "of claims that overlap the one that began last has the time",
        _TRACKING + "attribution.py",
        "heapq.heappush(holding, (-claim.began,",
        "heapq.heappush(holding, (claim.began,",
    ),
    Mutation(
        "smaller stream wins", "of claims that began at one instant the greater stream has the time",
        _TRACKING + "attribution.py",
        "return str.__gt__(self, other)",
        "return str.__lt__(self, other)",
    ),
    Mutation(
        "resolved counted", "a case gives no time while it is resolved",
        _TRACKING + "commit.py",
        "attribute(own, resolved=resolved,",
        "attribute(own, resolved={},",
    ),
    Mutation(
        "untracked counted", "nothing counts while tracking is switched off",
        _TRACKING + "commit.py",
        "untracked=untracked, taken=",
        "untracked=(), taken=",
    ),
    Mutation(
        "committed time claimed again", "what is committed is cut out of every claim",
        _TRACKING + "commit.py",
        "for table in (TrackerRecord, PurgedSpan):",
        "for table in (PurgedSpan,):",
    ),
    Mutation(
        "purged time claimed again", "what was purged is cut out of every claim",
        _TRACKING + "commit.py",
        "for table in (TrackerRecord, PurgedSpan):",
        "for table in (TrackerRecord,):",
    ),
    Mutation(
        "purge without a mark", "a purge leaves a mark of the time it took",
        "server/admin/records.py",
        "    if tombs:\n",
        "    if not tombs:\n",
    ),
]  # fmt: skip

_COMMIT = [
    Mutation(
        "two transactions", "records and cursors are written in one transaction",
        _TRACKING + "commit.py",
        "    cursors = [ledger.cursor(entry, now) for entry in entries]",
        """    session.connection().exec_driver_sql("COMMIT")
    session.connection().exec_driver_sql("BEGIN IMMEDIATE")
    cursors = [ledger.cursor(entry, now) for entry in entries]""",
    ),
    Mutation(
        "no compare-and-set", "a commit starts from the cursor that it knows, or not at all",
        _TRACKING + "commit.py",
        "if there.get(entry.state.stream) != ours:",
        "if ours is not None and entry.state.stream not in there:",
    ),
    Mutation(
        "time after the newest event", "time after the newest event is not yet counted",
        _TRACKING + "live_store.py",
        "claims.append(held)",
        "claims.append(replace(held, ended=max(held.ended, self.touched_at)))",
    ),
    Mutation(
        "open claim left out", "a claim that still holds is committed up to its newest event",
        _TRACKING + "live_store.py",
        "if held is not None and held.started < held.ended:",
        "if held is not None and held.started > held.ended:",
    ),
    Mutation(
        "what came meanwhile forgotten", "what arrives during a commit waits for the next one",
        _TRACKING + "live_store.py",
        "pending=self.pending[len(taken.pending) :]",
        "pending=()",
    ),
    Mutation(
        "cursor stays without time", "the cursor moves for a stream without new time too",
        _TRACKING + "live_store.py",
        """            self.state.applied > self.applied_seq
            or self.state.committable > self.committed_seq
            or self.pending""",
        "            self.claims()",
    ),
    Mutation(
        "credited to the newest event", "the cursor says up to where time is settled, not up to where it was told",
        _TRACKING + "ledger.py",
        '"credited_to": state.settled,',
        '"credited_to": state.instant,',
    ),
    Mutation(
        "began lost at a restart", "a restart does not change which claim began last",
        _TRACKING + "intake.py",
        "began=cursor.open_began,",
        "began=cursor.credited_to,",
    ),
    Mutation(
        "open claim lost at a restart", "a restart goes on with the claim that was open",
        _TRACKING + "intake.py",
        "        open_claim=open_claim,",
        "        open_claim=None,",
    ),
    Mutation(
        "losses not written", "what is lost for good leaves a row",
        _TRACKING + "ledger.py",
        "session.add_all(losses)",
        "losses.clear()",
    ),
    Mutation(
        "totals replaced", "a commit adds to the totals",
        _TRACKING + "commit.py",
        'ledger.case_totals(credited, now), add=["automatic_ms"], replace=["updated_at"]',
        'ledger.case_totals(credited, now), replace=["automatic_ms", "updated_at"]',
    ),
    Mutation(
        "totals added twice", "a commit adds to the totals once",
        _TRACKING + "commit.py",
        "ledger.case_totals(credited, now), add",
        "ledger.case_totals([*credited, *credited], now), add",
    ),
    Mutation(
        "daily totals added twice", "the totals by day add up to the totals by case",
        _TRACKING + "commit.py",
        "ledger.daily_totals(credited), add",
        "ledger.daily_totals([*credited, *credited]), add",
    ),
    Mutation(
        "all of it on the first day", "time is split at the midnights of the representative's zone",
        _TRACKING + "ledger.py",
        "until = min(ended, over)",
        "until = ended",
    ),
    Mutation(
        "day of another zone", "a day is a day in the representative's own zone",
        _TRACKING + "commit.py",
        "Credit(representative, case_ids[span.case], zones[representative], span)",
        'Credit(representative, case_ids[span.case], ZoneInfo("Asia/Tokyo"), span)',
    ),
    Mutation(
        "stopped without a commit", "a graceful stop commits everything first",
        _MODEL + "server.py",
        "if self.is_current and self.commit(self.tracking.store.representatives()):",
        "if self.is_current:",
    ),
]  # fmt: skip

_AGENT = [
    Mutation(
        "dropped on receipt", "the agent keeps its events until they are committed",
        _MODEL + "outbox.py",
        "self.received = max(self.received, min(seq, self.seq))",
        """self.received = max(self.received, min(seq, self.seq))
        self.events = [e for e in self.events if e["seq"] > self.received or e is self.last]""",
    ),
    Mutation(
        "sent before stored", "an event is in the storage before it is sent",
        _MODEL + "outbox.py",
        """self.events.append({**event, "seq": self.seq + 1})
        self.save()""",
        """self.events.append({**event, "seq": self.seq + 1})""",
    ),
    Mutation(
        "newest forgotten", "the agent keeps its newest event, which numbers the next one",
        _MODEL + "outbox.py",
        'if e["seq"] > seq or (e is last and e["cause"] != "close")]',
        'if e["seq"] > seq + 1]',
    ),
    Mutation(
        "first told too high", "first is the lowest event that the browser holds",
        _MODEL + "outbox.py",
        '"first":{events[start]["seq"]},',
        '"first":{chosen[0]["seq"]},',
    ),
    Mutation(
        "sent past a hole", "what is behind a hole waits until what is before it was received",
        _MODEL + "outbox.py",
        'if following and start == following and events[following - 1]["seq"] > self.received:',
        "if not events:",
    ),
    Mutation(
        "stream kept by a restored page", "a page that comes back starts a new stream",
        _MODEL + "agent.py",
        "self.stream = self.browser.new_stream(self)",
        "self.stream = self.stream or self.browser.new_stream(self)",
    ),
    Mutation(
        "stream kept across a load", "each load of a page is a stream of its own",
        _MODEL + "agent.py",
        "self.stream = self.browser.new_stream(self)",
        'self.stream = f"{self.world.browsers.index(self.browser)}-kept"',
    ),
    Mutation(
        "suspend not told", "a page that did not run says when it stopped",
        _MODEL + "agent.py",
        'if self.browser.tells_suspend and stood_still(self.lived, instant, is_visible=self.shown["visible"]):',
        "if self.log is None:",
    ),
    Mutation(
        "orphans not sealed", "a stream whose page is gone ends at its last proof",
        _MODEL + "agent.py",
        "if own and log.stream not in self.browser.held and abs(now - last[\"at\"]) > SILENT_MS:",
        "if self.log is None:",
    ),
    Mutation(
        "owner not told", "a report says whose events it brings",
        _MODEL + "outbox.py",
        'owner = "" if self.owner is None else',
        'owner = "" if self.events else',
    ),
]  # fmt: skip

MUTATIONS: tuple[Mutation, ...] = (*_WIRE, *_FOLD, *_ATTRIBUTION, *_COMMIT, *_AGENT)
