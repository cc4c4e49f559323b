"""A second, plain audit of times: it looks at what every link is shown second by second, twice round the cycle."""

import math

GREEN = "Gg"


def spells(letters, wanted):
    """Return (start, length) of each time in which letters of `wanted` are shown, as a circle; one that is whole is left out."""
    n = len(letters)
    inside = [letter in wanted for letter in letters]
    if all(inside) or not any(inside):
        return []
    found = []
    for i in range(n):
        if inside[i] and not inside[i - 1]:
            length = next(k for k in range(1, n + 1) if not inside[(i + k) % n])
            found.append((i, length))
    return found


def by_second(program, index):
    return [phase.state[index] for phase in program.phases for _ in range(int(phase.duration_s))]


def takes_right_of_way(letter, yields):
    return letter == "G" or (letter == "g" and not yields)


def broken_times(signal, program, rules, yellow_s, red_s):
    """Return {(rule, where)} of what a program with whole seconds breaks.

    Args:
        yellow_s: the least yellow by link index.
        red_s: the least red clearance by (link, foe).
    """
    value = {name: limit.value for name, limit in rules.limits()}
    links = {link.index: link for link in signal.links}
    shown = {index: by_second(program, index) for index in links}
    found = set()
    for index, link in links.items():
        letters = shown[index]
        greens = spells(letters, GREEN)
        if link.kind == "pedestrian":
            across_s = math.ceil(link.length_m / value["walking_m_s"])
            for start, length in greens:
                if length < value["walk_s"]:
                    found.add(("walk", link.movement))
                for other in link.foes:
                    clear_s = wait(letters, shown[other], start + length, index in links[other].yields)
                    if clear_s is not None and clear_s < across_s:
                        found.add(("pedestrian clearance", link.movement))
                    if clear_s is not None and length + clear_s < value["walk_s"] + across_s:
                        found.add(("walk and clearance", link.movement))
            continue
        for _, length in greens:
            if length < value["min_green_s"]:
                found.add(("minimum green", link.movement))
        for start, length in spells(letters, "y"):
            if length < yellow_s[index] and letters[start - 1] in GREEN:
                found.add(("yellow", link.movement))
        for _, length in spells(letters, "r"):
            if length > value["max_red_s"]:
                found.add(("maximum red", link.movement))
        for start, length in greens:
            ends = (start + length) % len(letters)
            amber = 0
            while letters[(ends + amber) % len(letters)] == "y":
                amber += 1
            for other in link.foes:
                if not takes_right_of_way(letters[ends - 1], other in link.yields):
                    continue
                until_s = wait(letters, shown[other], ends, index in links[other].yields)
                if until_s is not None and until_s - amber < red_s[index, other]:
                    found.add(("red clearance", f"{link.movement} before {links[other].movement}"))
    cycle_s = len(next(iter(shown.values())))
    if cycle_s > value["cycle_max_s"]:
        found.add(("longest cycle", "cycle"))
    if cycle_s < value["cycle_min_s"]:
        found.add(("shortest cycle", "cycle"))
    return found


def wait(letters, foe, at, yields):
    """Return the seconds from `at` until the foe takes the right of way; None where it had it before, or never does."""
    n = len(letters)
    if takes_right_of_way(foe[(at - 1) % n], yields):
        return None
    for k in range(n):
        if (at + k) % n == (at - 1) % n:
            return None
        if takes_right_of_way(foe[(at + k) % n], yields):
            return k
    return None
