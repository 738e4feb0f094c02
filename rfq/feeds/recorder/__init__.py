"""What venues' adapters were told, kept in Parquet files and told again: the truth behind every book and table."""
