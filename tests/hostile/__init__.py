"""Hostile input: what the server is held to when its peers are broken, malicious, slow, silent or too many.

`grammar` breaks valid messages at every level, from a seed; `proof` says independently how much time they can have
proven; `fuzz` throws them at a real `Tracking` and looks for damage; `wire_fuzz` throws raw frames at a real server
process. `python -m tests.hostile --frames N --seed S` runs as many as one likes, `python -m tests.hostile.flood` and
`python -m tests.hostile.silent` are the long versions of the floods and of the silent clients.
"""
