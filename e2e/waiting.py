"""Waiting for an outcome. Asking a browser or committing costs more than asking memory, so it asks less often."""

from functools import partial

from tests import waiting

until = partial(waiting.until, timeout_s=15.0, poll_s=0.05)
