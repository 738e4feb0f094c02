"""What venues charge and how they cut prices and sizes: data with source and date, and pure functions over it."""
