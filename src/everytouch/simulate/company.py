"""The simulated company's truth: what can go wrong, how often, and what it does.

Effects are points of feeling (0 to 100) on the purchase in which it happens. Feeling is
remembered, and what is remembered moves spending, coming back and leaving.
"""

from dataclasses import dataclass

START = 1_704_067_200_000_000  # 2024-01-01 00:00 UTC in microseconds
DAY = 86_400_000_000
SECOND = 1_000_000

EFFECTS: dict[str, float] = {
    "late:parcel_delivered": -18.0,
    "failed:parcel_unpacked": -22.0,
    "failed:web_checkout": -12.0,
    "slow:store_checkout": -8.0,
    "failed:staff_encounter": -14.0,
    "failed:overhead_music": -5.0,
    "slow:help_call": -7.0,
    "failed:help_call": -9.0,
    "repeated:help_call": -10.0,
    "slow:website_search": -3.0,
}


@dataclass(frozen=True)
class Company:
    """Rates and strengths, all of them known to the tests."""

    base_feeling: float = 78.0
    between_parties: float = 6.0
    within_party: float = 9.0
    memory: float = 0.6
    member_share: float = 0.3
    rural_share: float = 0.3
    rural_feeling: float = -2.0
    store_share: float = 0.35
    late_urban: float = 0.10
    late_rural: float = 0.22
    damaged: float = 0.05
    checkout_error: float = 0.07
    loud: float = 0.15
    unfriendly: float = 0.08
    call_base: float = 0.05
    call_after_problem: float = 0.45
    unresolved: float = 0.35
    calls_again: float = 0.5
    mean_gap_days: float = 45.0
    median_basket: float = 45.0
    spend_per_point: float = 0.010  # relative, for one point of remembered feeling
    gap_per_point: float = -0.010
    leave_base: float = -3.4  # log-odds at the base feeling, for each purchase
    leave_per_point: float = -0.06
    ask: float = 0.6
    answer_base: float = -1.3  # log-odds of answering at the base feeling
    answer_extreme: float = 0.035  # for each point away from it: the moved answer
    call_cost: float = 7.5
    parcel_cost: float = 4.2
    return_cost: float = 6.8
    store_cost: float = 1.9


COMPANY = Company()
