"""Channel rules of the law, and the decision with the rule that decided."""

from vikno.domain.policy.decide import Applied, Decision, Policy
from vikno.domain.policy.rules import EFFECTS, STATUSES, ChannelRule, Effect, Status

__all__ = ["EFFECTS", "STATUSES", "Applied", "ChannelRule", "Decision", "Effect", "Policy", "Status"]
