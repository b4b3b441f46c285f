"""What somebody does with Vikno, one module for each; and the ports they need."""
