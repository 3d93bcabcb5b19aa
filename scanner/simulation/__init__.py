"""What fails when something fails: fault structures in plain integers, outages, and minimal cut sets."""
