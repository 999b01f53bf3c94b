"""The sum that the store keeps of what waits for a commit is that of its streams, whatever was put and dropped."""

from hypothesis import given
from hypothesis import strategies as st

from server.tracking.claims import Claim, Refusal, StreamState
from server.tracking.live_store import LiveStream, MemoryLiveStore

CLAIM = Claim("CAS-1001", "a stream", 0, 0, 1_000, "focus", "blur")
NAMES = ["aaaa", "bbbb", "cccc", "dddd"]

steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.none() | st.tuples(*[st.integers(min_value=0, max_value=3)] * 3)), max_size=30
)


@given(steps)
def test_what_waits_is_the_sum_over_the_streams(steps: list[tuple[str, tuple[int, int, int] | None]]) -> None:
    store = MemoryLiveStore()
    for name, counts in steps:
        if counts is None:
            store.drop(name)
            continue
        claims, refusals, losses = counts
        entry = LiveStream(
            representative_id=NAMES.index(name) % 2,
            app="workspace",
            state=StreamState(name),
            pending=(CLAIM,) * claims,
            refusals=(Refusal(1, "too_old", ""),) * refusals,
            losses=((1, 2),) * losses,
        )
        store.put(entry)
    for representative in (0, 1):
        entries = store.of_representative(representative)
        assert store.waiting(representative) == sum(each.waiting for each in entries)
        assert (representative in store.representatives()) == bool(entries)
