"""What functions log and measure."""
