"""The numbers that the manual leaves to its user, with its defaults."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Method"]


@dataclass(frozen=True)
class Method:
    """Choices of an analysis; HCM is the Highway Capacity Manual, 7th edition.

    Attributes:
        period_h: T, the analysis period (HCM ch. 19: 15 minutes).
        base_veh_h: s_o, pc/h in one lane: 1900 in metropolitan areas of 250,000 and more, else 1750 (exhibit 19-11).
        area_factor: f_a: 0.90 in a central business district, else 1.
        startup_s, extension_s: start-up lost time l1, and extension e of effective green into yellow (eq. 19-1).
        left, right: through cars that a protected turn across the road, and one to the kerb, stands for (eq. 19-13 f.).
        critical_s, follow_s: critical and follow-up headway of turns through gaps (eq. 31-100).
        sneakers: vehicles that complete such a turn in a cycle's yellow (ch. 31, section 3).
        walking_m_s: speed at which a crossing is cleared: 3.5 ft/s (MUTCD 2009, 4E.06).
    """

    period_h: float = 0.25
    base_veh_h: float = 1900.0
    area_factor: float = 1.0
    startup_s: float = 2.0
    extension_s: float = 2.0
    left: float = 1.05
    right: float = 1.18
    critical_s: float = 4.5
    follow_s: float = 2.5
    sneakers: float = 2.0
    walking_m_s: float = 1.067
