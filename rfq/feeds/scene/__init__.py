"""The market that the desk sees, put together from what venues say: snapshots, and word when prices have moved."""
