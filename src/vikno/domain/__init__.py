"""Pure facts and decisions: no clock, no random, no input or output."""
