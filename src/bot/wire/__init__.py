"""What clients and Parley say to each other: frames in, frames out."""
