"""The pages of the documentation site that are made of what riskscan knows."""
