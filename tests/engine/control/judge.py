"""Judges a record of lights by the rules alone: written from the rules' text, and apart from what shows the lights."""

import numpy as np

GREEN = (ord("G"), ord("g"))


def colours(record):
    """Return the letters as numbers, shape (n_times, n_letters)."""
    return np.array([np.frombuffer(letters.encode(), np.uint8) for letters in record])


def spans(shown):
    """Return (begin, end) of each whole span of True in a column; what is cut off by the record's ends is left out."""
    changes = np.flatnonzero(np.diff(shown.astype(np.int8)))
    begins = [int(i) + 1 for i in changes if not shown[i]]
    ends = [int(i) + 1 for i in changes if shown[i]]
    if ends and begins and ends[0] < begins[0]:
        ends = ends[1:]
    return list(zip(begins, ends, strict=False))


def street_shows(signal, index, foe):
    """Return whether the program in the net shows two conflicting greens at once: the audit reports that."""
    return any(phase.state[index] in "Gg" and phase.state[foe] in "Gg" for phase in signal.program.phases)


def violations(signal, record, min_green_s, yellow_s, all_red_s, walk_s, walking_m_s, step_s=1.0):
    """Return what a record of a signal breaks, one line each.

    Args:
        signal: its links.
        record: its letters, `step_s` apart.
        min_green_s, yellow_s, all_red_s, walk_s: seconds.
        walking_m_s: speed at which a crossing is cleared.
    """
    letters = colours(record)
    green = np.isin(letters, GREEN)
    yellow = letters == ord("y")
    found = []
    by_index = {}
    for link in signal.links:
        by_index.setdefault(link.index, []).append(link)
    ahead = {}  # right of way taken from whom: (index, foe)
    for index, links in by_index.items():
        yields = {foe for link in links for foe in link.yields}
        for foe in {foe for link in links for foe in link.foes}:
            # Lanes side by side that merge behind the line may have green together.
            if foe in by_index and by_index[foe][0].lane.rsplit("_", 1)[0] != links[0].lane.rsplit("_", 1)[0]:
                ahead[index, foe] = green[:, index] & ((letters[:, index] == ord("G")) | (foe not in yields))
    for (index, foe), own in ahead.items():
        other = ahead.get((foe, index))
        if other is None:
            continue
        if index < foe and (own & other).any() and not street_shows(signal, index, foe):
            found.append(f"conflicting green {index} {foe} at {int(np.argmax(own & other))}")
        walking = all(link.kind == "pedestrian" for link in by_index[index])
        needed_s = max(link.length_m for link in by_index[index]) / walking_m_s if walking else yellow_s + all_red_s
        starts = np.flatnonzero(other[1:] & ~other[:-1]) + 1
        lost = np.flatnonzero(own[:-1] & ~own[1:]) + 1
        for start in starts.tolist():
            k = np.searchsorted(lost, start, side="right") - 1
            if k >= 0 and (start - lost[k]) * step_s < needed_s - 1e-6:
                found.append(f"clearance {index} before {foe} at {start}: {(start - lost[k]) * step_s} < {needed_s}")
    for index, links in by_index.items():
        walking = all(link.kind == "pedestrian" for link in links)
        least_s = walk_s if walking else min_green_s
        for begin, end in spans(green[:, index]):
            if (end - begin) * step_s < least_s - 1e-6:
                found.append(f"green of {index} at {begin}: {(end - begin) * step_s} < {least_s}")
            if not walking and not yellow[end, index]:
                found.append(f"no yellow after green of {index} at {end}")
        for begin, end in spans(yellow[:, index]):
            if (end - begin) * step_s < yellow_s - 1e-6:
                found.append(f"yellow of {index} at {begin}: {(end - begin) * step_s} < {yellow_s}")
            if not green[begin - 1, index]:
                found.append(f"yellow without green of {index} at {begin}")
            if green[end, index]:
                found.append(f"green after yellow of {index} at {end}")
    return found
