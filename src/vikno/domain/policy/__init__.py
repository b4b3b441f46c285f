"""Channel rules of the law, and the decision with the rule that decided."""
