"""The second story of the demo: a flight is late, a law begins at midnight, and a marketplace answers on four days.

The passengers are people on the same simulated platforms as the phones; what is decided, sent and told about them comes
from the server alone. Only the clock is another's: the demo can bring midnight.
"""
