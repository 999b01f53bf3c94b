"""Real faults of a real server: its process, its database, its sockets and its disk are made to fail.

Every test follows one plan. Agents that know only the contract work on cases and keep what they prove in a ledger;
something is broken at a chosen place; what can heal heals; the agents bring what they still hold. Then the database
holds exactly what was proven: once, to the millisecond.

    nursery.py      starts servers in a tenth of a second
    failpoints.py   inside a server: dies, stops or fails at the chosen statement of a commit
    system_calls.py inside a server: fsync or write fail as the kernel says it
    world.py        a server with people, cases, agents and their ledger
    kill_rounds.py, day.py, stop_soak.py    long runs, each a command of its own
"""
