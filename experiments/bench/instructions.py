"""What scoring costs in instructions, over SUMO alone and beside other ways to score."""

from __future__ import annotations

from collections.abc import Callable

from experiments.bench import callgrind
from experiments.bench.rows import Limit, Row, at_most, missing
from experiments.bench.spans import HOW, Spans

__all__ = ["NETWORKS", "rows"]

NETWORKS = ("ingolstadt7", "cologne8", "ingolstadt21")
PEERS = {
    "tripinfo": "SUMO's own tripinfo",
    "lane getters": "libsumo's lane getters in Python",
    "vehicle getters": "libsumo's vehicle getters in Python",
    "sumo-rl": "sumo-rl's loop, each 5 s",
}
"""What measures=traffic is held against beside bare SUMO."""
PEERS_ON = NETWORKS[0]
OVER_BARE = at_most(1.08)
OVER_DEVICES = at_most(1.0)


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return the cost of scoring on each network over bare SUMO, and beside each peer on one of them."""
    if not callgrind.available():
        return [missing("scoring, instructions", callgrind.INSTALL)]
    wanted = [(kind, name) for name in NETWORKS for kind in ("traffic", "bare")]
    wanted += [(kind, PEERS_ON) for kind in ("all", "devices", *PEERS)]
    found = Spans(wanted, done)
    return [
        *(_row(found, name, "traffic", "bare", "bare SUMO", OVER_BARE) for name in NETWORKS),
        _row(found, PEERS_ON, "all", "devices", "SUMO's emission and SSM devices", OVER_DEVICES),
        *(_row(found, PEERS_ON, "traffic", kind, what) for kind, what in PEERS.items()),
    ]


def _row(found: Spans, name: str, ours: str, peer: str, what: str, target: Limit | None = None) -> Row:
    title = f"measures={ours}, {name}, over {what}"
    try:
        ours_n, peer_n, bare_n = (found.get(kind, name).instructions for kind in (ours, peer, "bare"))
        command = found.get(peer, name).command
    except RuntimeError as error:
        return missing(title, str(error))
    how = HOW
    if peer != "bare":
        how += f"; over bare SUMO ours takes {ours_n / bare_n:.3f} times, the peer {peer_n / bare_n:.3f} times as many"
    return Row(title, "M instructions", ours_n / 1e6, peer_n / 1e6, ours_n / peer_n, target, command, how)
