"""Reads what `experiments.report.packing` has written, number by number, as the page's player does."""

import base64
import json
import zlib
from itertools import accumulate

import numpy as np

USES = ("road", "rail", "cycleway", "footway", "crossing")


class Numbers:
    def __init__(self, data):
        self.bytes = iter(data)

    def __call__(self):
        value = shift = 0
        more = 128
        while more:
            byte = next(self.bytes)
            more = byte & 128
            value |= (byte & 127) << shift
            shift += 7
        return value >> 1 if value % 2 == 0 else -(value >> 1) - 1

    def column(self, n):
        return [self() for _ in range(n)]

    def summed(self, n, unit=0.1):
        return [unit * place for place in accumulate(self.column(n))]


def shapes(numbers, n):
    counts = numbers.column(n)
    points = iter(zip(numbers.summed(sum(counts)), numbers.summed(sum(counts)), strict=True))
    return [[next(points) for _ in range(count)] for count in counts]


def bent(numbers, count, unit):
    """A track's places: the first, the first step, then how each step differs from the one before."""
    place, step, places = numbers(), 0, []
    places.append(place)
    for _ in range(count - 1):
        step += numbers()
        place += step
        places.append(place)
    return [unit * place for place in places]


def unpacked(text):
    """Return seconds, lanes, junctions, heads, and of each plan its letters and tracks."""
    data = zlib.decompress(base64.b64decode(text), wbits=-zlib.MAX_WBITS)
    head, _, rest = data.partition(b"\0")
    head, numbers = json.loads(head), Numbers(rest)
    n = numbers()
    uses, widths = numbers.column(n), numbers.column(n)
    lines = shapes(numbers, n)
    found = {"seconds": head["seconds"], "unit_m": head["unit_m"]}
    found["lanes"] = [(USES[use], width / 10, line) for use, width, line in zip(uses, widths, lines, strict=True)]
    found["junctions"] = shapes(numbers, numbers())
    n = numbers()
    columns = [numbers.column(n) for _ in range(4)] + [numbers.summed(n), numbers.summed(n)]
    found["heads"] = list(zip(*columns, strict=True))
    found["plans"] = []
    for letters in head["letters"]:
        n = numbers()
        start = list(accumulate(numbers.column(n)))
        count, kind, length = (numbers.column(n) for _ in range(3))
        x, y = ([bent(numbers, of, head["unit_m"]) for of in count] for _ in range(2))
        angle = [list(accumulate(numbers.column(of))) for of in count]
        tracks = [
            {"start": s, "kind": k, "length": m / 10, "x": np.array(a), "y": np.array(b), "angle": np.array(c)}
            for s, k, m, a, b, c in zip(start, kind, length, x, y, angle, strict=True)
        ]
        found["plans"].append({"letters": letters, "tracks": tracks})
    assert next(numbers.bytes, None) is None, "bytes are left over"
    return found
