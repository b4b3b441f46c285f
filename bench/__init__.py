"""What is measured, and how to repeat it; never part of the tests."""
