"""World 2: a simulated market, clients, dealers and operators around the real desk, with checks that always watch."""
