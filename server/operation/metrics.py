"""`/metrics` for Prometheus: what this process did, and what it holds right now. No label names a person.

Numbers of the hot path are plain integers (`tracking.tally`) and are read when somebody asks; only what happens
rarely (a commit, a write, a request over HTTP) is observed where it happens.

Open to callers on this computer, and to whoever sends `CASECLOCK_METRICS_TOKEN` as a bearer token. A proxy on this
computer is no such caller: what it forwards says so in a header.
"""

import hmac
import ipaddress
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from server import logs
from server.accounts.access import checks_callers_itself
from server.i18n import _
from server.operation.runs import Runs
from server.problems import Forbidden, Unauthorized
from server.tracking.live_store import all_streams
from server.tracking.service import Commit, Tracking

_COMMIT_BUCKETS_S = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_WRITE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


class Metrics:
    """The registry of one application, and the figures that are observed as they happen."""

    def __init__(self, tracking: Tracking, runs: Runs) -> None:
        self.registry = CollectorRegistry()
        self._commit_s = Histogram(
            "caseclock_commit_duration_seconds",
            "A commit of all who were due.",
            buckets=_COMMIT_BUCKETS_S,
            registry=self.registry,
        )
        self._write_s = Histogram(
            "caseclock_database_write_duration_seconds",
            "A transaction that writes, the wait for its turn included.",
            buckets=_WRITE_BUCKETS_S,
            registry=self.registry,
        )
        self._commit_failures = Counter(
            "caseclock_commit_failures", "Commits that the database did not take.", registry=self.registry
        )
        self._records = Counter("caseclock_records_written", "Tracker records.", registry=self.registry)
        self._credited_s = Counter("caseclock_credited_seconds", "Time that was committed.", registry=self.registry)
        self._responses = Counter(
            "caseclock_http_responses", "Answers over HTTP by class of status.", ["status"], registry=self.registry
        )
        self.registry.register(_Present(tracking, runs))
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        tracking.tally.timing = self._commit_timing
        tracking.database.timing = self._write_s.time
        tracking.committed.connect(self._committed)

    def answered(self, answer: Response) -> Response:
        """Count an answer over HTTP."""
        self._responses.labels(f"{answer.status_code // 100}xx").inc()
        return answer

    def _commit_timing(self) -> AbstractContextManager[object]:
        stack = ExitStack()
        stack.enter_context(self._commit_s.time())
        stack.enter_context(self._commit_failures.count_exceptions(BaseException))
        return stack

    def _committed(self, _service: Tracking, *, commit: Commit) -> None:
        self._records.inc(commit.records)
        self._credited_s.inc(commit.credited_ms / 1000)


class _Present(Collector):
    """What is read at the moment somebody asks."""

    def __init__(self, tracking: Tracking, runs: Runs) -> None:
        self._tracking = tracking
        self._runs = runs

    def describe(self) -> Iterator[Metric]:
        """Nothing, so that registering asks for no figures."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Every figure, now."""
        yield from self._of_connections()
        yield from self._of_live_time()
        yield from self._of_losses()
        yield from self._of_jobs()
        yield _counter(
            "caseclock_log_lines_dropped", "Lines of the log that could not be written.", logs.dropped_lines()
        )

    def _of_connections(self) -> Iterator[Metric]:
        tracking, tally = self._tracking, self._tracking.tally
        yield _gauge("caseclock_agents", "Connected agents.", len(tracking.connections))
        yield _counter("caseclock_events_taken", "Events that were new.", tally.events)
        yield _labelled("caseclock_reports", "Reports by the road they came over.", "road", tally.reports)
        yield _labelled("caseclock_refusals", "Refused reports and events by error code.", "code", tally.refusals)
        yield _labelled("caseclock_sockets_closed", "Sockets that ended, by close code.", "code", tally.closed)

    def _of_live_time(self) -> Iterator[Metric]:
        tracking, now = self._tracking, self._tracking.clock()
        streams = all_streams(tracking.store)
        claims = [claim for stream in streams for claim in stream.claims()]
        yield _gauge(
            "caseclock_live_representatives",
            "Representatives with live streams.",
            len(tracking.store.representatives()),
        )
        yield _gauge("caseclock_live_streams", "Streams in memory.", len(streams))
        yield _gauge(
            "caseclock_pending_claims", "Ended claims that wait for a commit.", sum(len(one.pending) for one in streams)
        )
        yield _gauge(
            "caseclock_uncommitted_seconds",
            "Proven time that is not in the database, before overlaps are resolved.",
            sum(claim.ended - claim.started for claim in claims) / 1000,
        )
        yield _gauge(
            "caseclock_oldest_uncommitted_proof_age_seconds",
            "How long ago the oldest time that is not in the database was worked; 0 where there is none.",
            max(0, now - min((claim.started for claim in claims), default=now)) / 1000,
        )
        yield _gauge("caseclock_update_interval_seconds", "The update interval.", tracking.interval_ms / 1000)
        yield _gauge(
            "caseclock_last_commit_run_timestamp_seconds",
            "When the last good commit run ended.",
            tracking.last_good_commit_at / 1000,
        )

    def _of_losses(self) -> Iterator[Metric]:
        tally = self._tracking.tally
        yield _counter("caseclock_stream_losses", "Holes in streams that no browser can fill.", tally.losses)
        yield _counter("caseclock_lost_events", "Events in those holes.", tally.lost_events)
        yield _counter(
            "caseclock_late_seconds",
            "Time that was proven when the representative had it committed already; it is not counted twice.",
            tally.late_ms / 1000,
        )
        yield _counter(
            "caseclock_refused_commits",
            "Commits of one representative that the database refused twice; they wait for their next interval.",
            tally.refused_commits,
        )

    def _of_jobs(self) -> Iterator[Metric]:
        runs = CounterMetricFamily("caseclock_job_runs", "Runs of a job that have begun.", labels=["job"])
        failures = CounterMetricFamily("caseclock_job_failures", "Runs of a job that failed.", labels=["job"])
        last = GaugeMetricFamily("caseclock_job_last_end_timestamp_seconds", "When a job last ended.", labels=["job"])
        for name, job in self._runs.jobs.items():
            runs.add_metric([name], job.runs)
            failures.add_metric([name], job.failures)
            if job.ended_at is not None:
                last.add_metric([name], job.ended_at / 1000)
        yield from (runs, failures, last)


def install(app: Flask, tracking: Tracking, runs: Runs, *, token: str | None) -> None:
    """Put `/metrics` on the application, and measure what it does."""
    metrics = Metrics(tracking, runs)
    app.after_request(metrics.answered)

    @app.get("/metrics", endpoint="metrics")
    @checks_callers_itself
    def show() -> Response:
        """The figures in the text format of Prometheus."""
        _check_caller(token)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(metrics.registry), content_type=content_type)


def _check_caller(token: str | None) -> None:
    given = request.headers.get("Authorization")
    if token is not None or given is not None:
        wanted = f"Bearer {token or ''}"
        if token is None or not hmac.compare_digest((given or "").encode(), wanted.encode()):
            raise Unauthorized(_("Send CASECLOCK_METRICS_TOKEN as a bearer token."))
    elif any(name in request.headers for name in _FORWARDED) or not _is_loopback(request.remote_addr):
        raise Forbidden(_("Without CASECLOCK_METRICS_TOKEN, metrics are for callers on the server's own computer."))


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(name, words, value=value)


def _labelled(name: str, words: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family
