"""What cloud providers list of an account: no credentials are needed to read it."""
