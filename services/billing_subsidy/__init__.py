"""billing_subsidy: who pays whom, and how much."""
