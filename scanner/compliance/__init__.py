"""What a scan says about the controls of laws, standards and guidelines."""
