"""Communities to try Tallystick on: Bitcoin-OTC, git, a street market, a tour.

    otc      the ratings of a real marketplace with real fraud, as a log
    git      the commits of a large repository, as a log
    market   a hand-written story in which every step shows too
    tour     several replicas, synced over sockets, judged under different policies

Law: everything here uses only the front door and the public formats; no shortcut.

Reads: replica and what it offers. Read by: cli.
"""
