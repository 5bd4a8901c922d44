"""What Lambda hands to functions: events, and the batches of pushes."""
