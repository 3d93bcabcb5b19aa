"""The one place that states riskscan's version."""

VERSION = "0.1.0"
